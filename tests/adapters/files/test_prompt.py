from __future__ import annotations

import logging
import os
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.files.prompt import MAX_BYTES, SETTLED_S, PromptFile
from core.errors import SettingError
from tests.fakes.clock import START, FakeClock

SHIPPED = Path(__file__).parents[3] / "prompts" / "system_prompt.txt"


class File:
    """A prompt file whose changes bear the fake clock's time."""

    def __init__(self, path, clock):
        self.path = path
        self._clock = clock
        self.write("first")

    def write(self, text, *, settled=True):
        data = text if isinstance(text, bytes) else text.encode()
        self.path.write_bytes(data)
        age_s = SETTLED_S + 1 if settled else 0.0
        self.touch((self._clock.now() - timedelta(seconds=age_s)).timestamp())

    def touch(self, at):
        os.utime(self.path, (at, at))


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def file(tmp_path, clock):
    return File(tmp_path / "prompt.txt", clock)


@pytest.fixture
def prompt(file, clock):
    return PromptFile(file.path, clock)


def test_the_text_has_a_short_version_that_follows_it(file, prompt):
    before = prompt.current()
    file.write("second\n")
    after = prompt.current()
    file.write("first")

    assert (before.text, after.text) == ("first", "second")
    assert len(after.version) == 12
    assert after.version != before.version
    assert prompt.current() == before


async def test_a_change_is_in_force_at_once_and_not_half_way(file, prompt, clock):
    file.write("You are hel", settled=False)
    assert prompt.current().text == "first"

    file.write("You are helpful.", settled=False)
    await clock.advance(SETTLED_S)

    assert prompt.current().text == "You are helpful."


def test_a_file_from_the_future_is_taken_too(file, prompt):
    file.write("copied")
    file.touch((START + timedelta(days=1)).timestamp())

    assert prompt.current().text == "copied"


def test_a_file_replaced_within_one_tick_of_the_clock_is_seen(file, prompt, tmp_path):
    before = file.path.stat()
    other = tmp_path / "other.txt"
    other.write_bytes(b"other")
    os.utime(other, ns=(before.st_mtime_ns, before.st_mtime_ns))
    other.replace(file.path)

    assert prompt.current().text == "other"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b" \n\t ", "it is empty"),
        ("übergroß".encode()[:1], "it is not valid UTF-8"),
        (b"text\xff\xfe", "it is not valid UTF-8"),
        (b"text\0more", "it is no text"),
        (b"x" * (MAX_BYTES + 1), "it is larger than 64 kB"),
    ],
)
def test_what_is_no_prompt_leaves_the_last_good_one_with_one_warning(
    file, prompt, caplog, content, reason
):
    with caplog.at_level(logging.WARNING):
        file.write(content)
        for _ in range(5):
            assert prompt.current().text == "first"

    assert [reason in record.getMessage() for record in caplog.records] == [True]
    file.write("better")
    assert prompt.current().text == "better"


def test_a_deleted_file_leaves_the_last_good_one_and_may_come_back(file, prompt, caplog):
    with caplog.at_level(logging.WARNING):
        file.path.unlink()
        for _ in range(5):
            assert prompt.current().text == "first"
    assert len(caplog.records) == 1

    file.write("back again")
    assert prompt.current().text == "back again"


def test_a_second_misfortune_is_told_too(file, prompt, caplog):
    with caplog.at_level(logging.WARNING):
        file.write("")
        prompt.current()
        file.write("good")
        prompt.current()
        file.write(" ")
        prompt.current()

    assert len(caplog.records) == 2


def test_a_huge_file_is_not_read(file, prompt):
    with file.path.open("r+b") as sparse:
        sparse.truncate(1 << 40)
    file.touch((START - timedelta(days=1)).timestamp())

    assert prompt.current().text == "first"


def test_a_byte_order_mark_is_no_part_of_the_text(file, prompt):
    file.write(b"\xef\xbb\xbfmarked")

    assert prompt.current().text == "marked"


@pytest.mark.parametrize("content", [None, b"", b"\xff"])
def test_the_start_needs_a_usable_file_and_names_the_setting(tmp_path, clock, content):
    path = tmp_path / "prompt.txt"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(SettingError, match=r"^SYSTEM_PROMPT_FILE: .*prompt\.txt"):
        PromptFile(path, clock)


def test_the_shipped_prompt_is_usable(clock):
    text = PromptFile(SHIPPED, clock).current().text

    assert "Markdown" in text
    assert "data" in text
    assert len(text) < 4_000
