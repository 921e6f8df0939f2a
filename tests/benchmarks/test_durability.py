"""What the figures of durability stand on: filled ledgers, and the way of an event."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from benchmarks.durability import parts
from benchmarks.durability.filling import Filling, fill
from benchmarks.durability.growth import Ledger, Times, open_store
from benchmarks.events import send_all
from tests.tooling.databases import lent_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ACKNOWLEDGED = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def database(kind: str, folder: Path) -> AsyncIterator[str]:
    if kind == "postgres":
        async with lent_database() as url:
            yield url
        return
    url = f"sqlite+aiosqlite:///{folder}/filled.db"
    await (await open_store(url)).close()
    yield url


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_turns_go_on_in_a_filled_ledger(tmp_path, kind: str) -> None:
    filling, thread = Filling(100, 5), Filling(60, 60, first=1000)
    async with database(kind, tmp_path) as url:
        await fill(url, filling)
        await fill(url, thread)
        store = await open_store(url)
        assert await store.depth() == (0, 0.0)
        past = await store.history(filling.key(19), 40)
        assert [turn.turn_id for turn in past] == [f"turn{n}" for n in range(96, 101)]
        assert len(await store.history(thread.key(0), 40)) == 40
        times = Times()
        await Ledger(store, filling, thread).measure(times)
        await Ledger(store, filling, thread).measure(times, in_long_thread=True)
        assert len(await store.history(filling.key(0), 40)) == 5 + 2
        assert await store.depth() == (0, 0.0)
        await store.close()
    assert set(times.wall) == {
        *("accept", "limits", "budget", "history", "reserve", "record", "begin")
    }
    assert all(len(values) == 2 for values in times.wall.values())


async def test_who_waits_for_the_one_before_is_late() -> None:
    """Else a bot that stands still for a second has one slow event, where a thousand waited."""
    stood_still = asyncio.Event()

    async def acknowledge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            if not stood_still.is_set():
                await asyncio.sleep(0.2)
                stood_still.set()
            writer.write(ACKNOWLEDGED)
        writer.close()

    async with await asyncio.start_server(acknowledge, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        began = time.monotonic()
        took = await send_all(port, [b"event\n"] * 20, connections=1, per_s=100)
    assert time.monotonic() - began > 0.19
    assert sum(seconds > 0.05 for seconds in took) > 10


def test_every_part_has_one_name() -> None:
    assert len(set(parts.PARTS)) == len(parts.PARTS)
