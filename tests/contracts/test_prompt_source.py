"""What core relies on at every question: a whole prompt and its version, whatever happens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters.files.prompt import PromptFile
from tests.core.turns.office import FixedPrompt
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.ports import PromptSource

    Case = tuple[PromptSource, Callable[[bytes | None], None]]
    """With a way to change what is behind it; None removes it."""


def on_file(folder: Path) -> Case:
    clock, path = FakeClock(), folder / "prompt.txt"

    def change(data: bytes | None) -> None:
        path.unlink(missing_ok=True)
        if data is not None:
            path.write_bytes(data)
            long_ago = clock.now().timestamp() - 60
            os.utime(path, (long_ago, long_ago))

    change(b"Be kind.")
    return PromptFile(path, clock), change


def on_fake(folder: Path) -> Case:
    return FixedPrompt(), lambda data: None


@pytest.fixture(params=[on_file, on_fake])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    made: Case = request.param(tmp_path)
    return made


def test_a_prompt_has_text_and_a_short_version(case: Case) -> None:
    source, _ = case
    prompt = source.current()
    assert prompt.text == "Be kind."
    assert 0 < len(prompt.version) <= 16
    assert source.current() == prompt


@pytest.mark.parametrize("data", [None, b"", b" \n", b"\xff\xfe\x00", b"a\0b", b"x" * 1_000_000])
def test_the_last_good_prompt_stays_in_force(case: Case, data: bytes | None) -> None:
    source, change = case
    before = source.current()
    change(data)
    assert source.current() == before


def test_another_text_is_another_version(tmp_path: Path) -> None:
    source, change = on_file(tmp_path)
    before = source.current()
    change(b"Be brief.")
    assert source.current().text == "Be brief."
    assert source.current().version != before.version
    change(b"Be kind.")
    assert source.current() == before
