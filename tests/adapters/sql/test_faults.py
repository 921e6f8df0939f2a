from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adapters.sql.sqlite.connecting import driver
from core.errors import NotStored
from tests.adapters.sql.test_group_commit import database_connection, database_of
from tests.contracts.stores import KEY, accept, begun, message, turn

if TYPE_CHECKING:
    from adapters.sql.store import SqlStore
    from tests.contracts.stores import SqlPlace


def path_of(place: SqlPlace) -> Path:
    return Path(place.url.removeprefix("sqlite+aiosqlite:///"))


async def pragma(store: SqlStore, words: str) -> int:
    """Run a pragma on the writer's connection; returns what it answers."""
    rows = await database_of(store).write(
        lambda connection: connection.exec_driver_sql(f"PRAGMA {words}").all()
    )
    return int(rows[0][0]) if rows else 0


async def waiting(store: SqlStore) -> int:
    return (await store.depth())[0]


async def test_a_locked_file_is_not_stored_and_recovers_alone(
    place: SqlPlace, store: SqlStore
) -> None:
    hold, first = await begun(store)
    other = sqlite3.connect(path_of(place), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(
        *(accept(store) for _ in range(20)),
        hold.record(turn(first)),
        store.beat(),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {NotStored}
    assert "locked" in await store.ready()
    assert await waiting(store) == 1, "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    assert await store.ready() == ""
    assert await hold.record(turn(first))
    assert (await accept(store)).status == "accepted"


async def test_a_full_disk_is_not_stored_and_recovers_alone(store: SqlStore) -> None:
    await pragma(store, f"max_page_count = {await pragma(store, 'page_count') + 8}")
    stored = 0
    with suppress(NotStored):
        while stored < 1_000:
            await accept(store, message(text="x" * 2_000))
            stored += 1
    assert stored < 1_000
    outcomes = await asyncio.gather(
        *(accept(store, message(text="x" * 20_000)) for _ in range(10)), return_exceptions=True
    )
    assert {type(outcome) for outcome in outcomes} == {NotStored}
    assert "full" in await store.ready()
    assert 0 < await waiting(store) == stored
    await pragma(store, "max_page_count = 1000000")
    assert await store.ready() == ""
    assert (await accept(store)).status == "accepted"


async def test_a_read_only_file_is_not_stored_and_recovers_alone(store: SqlStore) -> None:
    writer = driver(database_connection(database_of(store)))
    writer.execute("PRAGMA query_only = ON")
    with pytest.raises(NotStored, match="readonly"):
        await accept(store)
    assert "readonly" in await store.ready()
    assert await waiting(store) == 0
    writer.execute("PRAGMA query_only = OFF")
    assert await store.ready() == ""
    assert (await accept(store)).status == "accepted"


@pytest.mark.parametrize("deleted", ["file", "all files", "folder"])
async def test_a_deleted_file_is_written_anew_with_all_that_was_acknowledged(
    place: SqlPlace, store: SqlStore, deleted: str
) -> None:
    hold, first = await begun(store)
    await accept(store)
    delete(path_of(place), deleted)
    assert (await accept(store)).status == "accepted"
    assert not await hold.record(turn(first))
    assert await waiting(store) == 2
    assert await store.ready() == ""
    next_store = await place.restart()
    assert len(await next_store.history(KEY, 9)) == 1
    assert (await next_store.depth())[0] == 2


def delete(path: Path, what: str) -> None:
    if what == "folder":
        shutil.rmtree(path.parent)
    elif what == "file":
        path.unlink()
    else:
        for file in path.parent.iterdir():
            file.unlink()


async def test_a_deleted_file_is_written_anew_while_others_read(
    place: SqlPlace, store: SqlStore
) -> None:
    for _ in range(5):
        delete(path_of(place), "all files")
        accepting = asyncio.create_task(accept(store))
        await asyncio.gather(*(store.depth() for _ in range(50)))
        assert (await accepting).status == "accepted"
    assert await waiting(store) == 5


async def test_a_file_put_in_place_of_ours_is_left_alone(place: SqlPlace, store: SqlStore) -> None:
    path = path_of(place)
    path.rename(path.with_name("aside.db"))
    path.write_bytes(b"of somebody else")
    with pytest.raises(NotStored, match="replaced"):
        await accept(store)
    assert "replaced" in await store.ready()
    assert path.read_bytes() == b"of somebody else"
    path.unlink()
    path.with_name("aside.db").rename(path)
    assert (await accept(store)).status == "accepted"
    assert await store.ready() == ""


async def test_a_reader_recovers_from_an_error(store: SqlStore) -> None:
    database = database_of(store)
    for _ in range(5):
        with pytest.raises(NotStored):
            await database.read(lambda connection: connection.exec_driver_sql("SELECT * FROM no"))
    assert await waiting(store) == 0


async def test_readers_cannot_write(store: SqlStore) -> None:
    with pytest.raises(NotStored, match="readonly"):
        await database_of(store).read(
            lambda connection: connection.exec_driver_sql("DELETE FROM inbox")
        )
