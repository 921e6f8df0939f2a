from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.web import feed as feed_module
from adapters.web.feed import Feed
from adapters.web.rooms import KEPT_MESSAGES, Rooms
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from pathlib import Path


def open_rooms(folder: Path) -> Rooms:
    rooms = Rooms(folder / "rooms.jsonl", FakeClock())
    rooms.load()
    return rooms


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    rooms = open_rooms(tmp_path)
    root = rooms.add("general", "", "mira", text="hello", nonce="n1")
    rooms.add("general", root.id, "jonas", text="reply")
    gone = rooms.add("general", "", "jonas", text="gone")
    rooms.react(root, "priya", "tada", on=True)
    rooms.remove(gone.id)
    before = rooms.to_state()["messages"]
    rooms.close()
    again = open_rooms(tmp_path)
    assert again.to_state()["messages"] == before
    assert again.by_nonce("mira", "n1") == again.find(root.id)
    again.close()


@pytest.mark.parametrize(
    "line",
    [b'{"id": "cut', b"\xff\xfe\n", b"[]\n", b"{}\n", b'{"id": "x", "room": "nowhere"}\n', b"\n"],
)
def test_a_damaged_line_costs_that_line_alone(tmp_path: Path, line: bytes) -> None:
    rooms = open_rooms(tmp_path)
    rooms.add("general", "", "mira", text="kept")
    rooms.close()
    with (tmp_path / "rooms.jsonl").open("ab") as file:
        file.write(line)
    again = open_rooms(tmp_path)
    again.add("general", "", "mira", text="later")
    again.close()
    last = open_rooms(tmp_path)
    assert [m["text"] for m in last.to_state()["messages"]] == ["kept", "later"]
    last.close()


def test_the_journal_does_not_grow_for_ever(tmp_path: Path) -> None:
    rooms = open_rooms(tmp_path)
    message = rooms.add("general", "", "mira", text="first")
    for _ in range(KEPT_MESSAGES):
        rooms.add("general", "", "mira", text="more")
    rooms.close()
    again = open_rooms(tmp_path)
    again.close()
    assert again.find(message.id) is None
    assert len((tmp_path / "rooms.jsonl").read_bytes().splitlines()) == KEPT_MESSAGES


def test_a_deleted_message_with_replies_keeps_its_place_and_loses_its_words(tmp_path: Path) -> None:
    rooms = open_rooms(tmp_path)
    root = rooms.add("general", "", "mira", text="secret plan")
    rooms.add("general", root.id, "jonas", text="reply")
    rooms.take_back(root)
    kept = rooms.find(root.id)
    assert kept is not None
    assert (kept.deleted, kept.text) == (True, "")
    rooms.close()


async def test_a_reader_goes_on_where_it_was(tmp_path: Path) -> None:
    rooms = open_rooms(tmp_path)
    rooms.add("general", "", "mira", text="first words")
    cursor = rooms.feed.cursor
    rooms.add("general", "", "mira", text="two")
    reader = rooms.feed.open(cursor)
    assert reader is not None
    frames = await reader.take()
    assert b"two" in frames
    assert b"first words" not in frames
    rooms.close()
    assert await reader.take() == b""


@pytest.mark.parametrize(
    "after", ["", "x", "life-", "life-9", "life-²", "other-0", "life-" + "9" * 99]
)
async def test_a_reader_from_elsewhere_is_told_to_read_everything(after: str) -> None:
    feed = Feed("life")
    feed.publish({"t": "x"})
    reader = feed.open(after)
    assert reader is not None
    assert b"stale" in await reader.take()


async def test_a_reader_that_misses_too_much_is_told_to_read_everything() -> None:
    feed = Feed("life")
    for _ in range(feed_module.REMEMBERED_EVENTS + 1):
        feed.publish({"t": "x"})
    first, second = feed.open("life-0"), feed.open("life-1")
    assert first is not None
    assert second is not None
    assert b"stale" in await first.take()
    assert b"stale" not in await second.take()


async def test_a_reader_that_does_not_read_is_let_go_and_costs_no_more_memory() -> None:
    feed = Feed("life")
    reader = feed.open("life-0")
    assert reader is not None
    for _ in range(feed_module.BEHIND_MAX_EVENTS * 2):
        feed.publish({"t": "x"})
    frames = await reader.take()
    assert frames.count(b"data:") == feed_module.BEHIND_MAX_EVENTS
    assert await reader.take() == b""


async def test_waiting_readers_wake_and_readers_are_counted() -> None:
    feed = Feed("life")
    readers = [feed.open("life-0") for _ in range(feed_module.READERS_MAX)]
    assert feed.open("life-0") is None
    taking = [asyncio.create_task(reader.take()) for reader in readers if reader is not None]
    await asyncio.sleep(0)
    feed.publish({"t": "x"})
    assert all(b"life-1" in frames for frames in await asyncio.gather(*taking))
    assert readers[0] is not None
    feed.close(readers[0])
    assert feed.open("life-0") is not None
