"""The server dies, and a standby that has every commit takes over."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from core.errors import NotStored
from tests.contracts.stores import KEY, SqlPlace, accept, begun, closing, message, turn
from tests.tooling.databases import postgres_server
from tests.tooling.postgres import FOLLOWED, STANDBY, PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_SYNC = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where another user may read too, as the server refuses to run as root."""
    made = Path(tempfile.mkdtemp(prefix="postgres-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def servers(folder: Path) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    postgres_server()  # fails or skips where there is none
    for name in ("first", STANDBY):
        (folder / name).mkdir()
    first = PostgresServer(folder / "first", FOLLOWED)
    standby = PostgresServer(folder / STANDBY, FOLLOWED, follows=first)
    yield first, standby
    standby.stop()


async def ask(server: PostgresServer, *statements: str) -> int:
    """Returns what the last one says."""
    connection = await asyncpg.connect(server.url().replace("+asyncpg", ""))
    for statement in statements[:-1]:
        await connection.execute(statement)
    answer: int = await connection.fetchval(statements[-1])
    await connection.close()
    return answer


async def test_a_standby_takes_over_with_all_that_was_acknowledged(
    servers: tuple[PostgresServer, PostgresServer],
) -> None:
    first, standby = servers
    await ask(
        first,
        f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'",
        "SELECT pg_reload_conf()",
    )
    while not await ask(first, "SELECT pg_sleep(0.02)", IN_SYNC):
        pass
    hosts = f"127.0.0.1:{first.port},127.0.0.1:{standby.port}"
    url = f"postgresql+asyncpg://postgres@{hosts}/postgres?target_session_attrs=read-write"
    async with closing(SqlPlace(url)) as place:
        await place.restart()
        store = place.store
        hold, queued = await begun(store)
        acknowledged: set[str] = set()
        told, over = asyncio.Semaphore(0), asyncio.Event()

        async def deliver(lane: int) -> None:
            key = replace(KEY, thread=f"lane-{lane}")
            n = 0
            while not over.is_set():
                sent = message(f"{lane}-{n}", conversation=key)
                try:
                    acknowledged.add((await accept(store, sent, slot=False)).turn_id)
                except NotStored:
                    continue  # the platform delivers it again
                told.release()
                n += 1

        async def some_are_told() -> None:
            for _ in range(40):
                await told.acquire()

        lanes = [asyncio.create_task(deliver(lane)) for lane in range(4)]
        await some_are_told()
        await asyncio.to_thread(first.stop)
        assert await ask(standby, "SELECT pg_promote()::int")
        await some_are_told()
        over.set()
        await asyncio.gather(*lanes)
        assert await hold.record(turn(queued)), "the turn that ran meanwhile"
        found: list[str] = []
        for adopted in await store.adopt(10):
            while (one := await adopted.begin()) is not None:
                found.append(one.turn_id)
                await adopted.record(turn(one), release=False)
        assert acknowledged <= set(found)
        assert len(set(found)) == len(found)
