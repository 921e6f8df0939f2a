from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from adapters.sql.database import Part
from adapters.sql.sqlite.calls import Calls
from adapters.sql.sqlite.connecting import driver
from adapters.sql.sqlite.writer import Writer
from core.errors import NotStored
from tests.contracts.stores import accept, message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

    from adapters.sql.database import Database
    from adapters.sql.store import SqlStore
    from tests.contracts.stores import SqlPlace

ADD = text("INSERT INTO probes (id, filling) VALUES (:id, '')")


@pytest.fixture
def database(store: SqlStore) -> Database:
    return database_of(store)


def database_of(store: Part) -> Database:
    return store._database


class Gate:
    """Keeps the writer busy, so that what is asked meanwhile waits together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open = threading.Event()
        self._reached = threading.Event()

    async def __aenter__(self) -> Gate:
        def wait(_: Connection) -> None:
            self._reached.set()
            self._open.wait(10)

        self._waiting = asyncio.create_task(self._database.write(wait))
        await asyncio.to_thread(self._reached.wait, 10)
        return self

    def open(self) -> None:
        self._open.set()

    async def __aexit__(self, *_: object) -> None:
        self.open()
        await asyncio.wait({self._waiting})


@pytest.fixture
async def statements(database: Database) -> AsyncIterator[list[str]]:
    """What the writer tells SQLite."""
    seen: list[str] = []
    await database.write(lambda connection: driver(connection).set_trace_callback(seen.append))
    seen.clear()
    yield seen
    await database.write(lambda connection: driver(connection).set_trace_callback(None))


def add(number: int) -> object:
    return lambda connection: connection.execute(ADD, {"id": number})


def count(path: str) -> int:
    with sqlite3.connect(path) as other:
        number: int = other.execute("SELECT count(*) FROM inbox").fetchone()[0]
    return number


async def test_all_that_waits_is_committed_at_once(
    store: SqlStore, database: Database, statements: list[str]
) -> None:
    async with Gate(database):
        tasks = [asyncio.create_task(accept(store)) for _ in range(50)]
        await asyncio.sleep(0)
    receipts = await asyncio.gather(*tasks)
    assert [receipt.status for receipt in receipts] == ["accepted"] * 50
    assert statements.count("COMMIT") == 1
    assert statements.count("SAVEPOINT operation") == 51


async def test_order_is_the_order_of_asking(store: SqlStore, database: Database) -> None:
    async with Gate(database):
        messages = [message() for _ in range(20)]
        tasks = [asyncio.create_task(accept(store, one)) for one in messages]
        await asyncio.sleep(0)
    holds = [receipt.hold for receipt in await asyncio.gather(*tasks)]
    hold = holds[0]
    assert hold is not None
    assert holds[1:] == [None] * 19
    found = []
    for _ in messages:
        queued = await hold.begin()
        assert queued is not None
        found.append(queued.message)
        await hold.bury(queued.turn_id, "seen")
    assert found == messages


async def test_a_failing_operation_takes_back_only_itself(database: Database) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(ADD, {"id": 2})
        raise ValueError("of its own")

    async with Gate(database):
        tasks = [
            asyncio.create_task(database.write(operation))
            for operation in (
                lambda connection: connection.execute(ADD, {"id": 1}).rowcount,
                fail,
                lambda connection: connection.execute(ADD, {"id": 1}).rowcount,
                lambda connection: connection.execute(ADD, {"id": 3}).rowcount,
            )
        ]
        await asyncio.sleep(0)
    first, failed, conflicting, last = await asyncio.gather(*tasks, return_exceptions=True)
    assert (first, last) == (1, 1)
    assert isinstance(failed, ValueError)
    assert isinstance(conflicting, NotStored)
    found = await database.read(
        lambda connection: connection.execute(text("SELECT id FROM probes ORDER BY id")).all()
    )
    assert [row.id for row in found] == [1, 3]


async def test_nobody_is_told_before_the_commit(place: SqlPlace, database: Database) -> None:
    path = place.url.removeprefix("sqlite+aiosqlite:///")
    reached, finish = threading.Event(), threading.Event()

    def keep_batch_open(_: Connection) -> None:
        reached.set()
        finish.wait(10)

    async with Gate(database) as gate:
        early = asyncio.create_task(accept(place.store))
        late = asyncio.create_task(database.write(keep_batch_open))
        await asyncio.sleep(0)
        gate.open()
        assert await asyncio.to_thread(reached.wait, 10), "the batch is one"
        await asyncio.sleep(0)
        assert not early.done()
        assert count(path) == 0
        finish.set()
    await asyncio.gather(early, late)
    assert count(path) == 1


async def test_a_failed_commit_fails_all_of_the_batch_and_nothing_stays(
    store: SqlStore, database: Database
) -> None:
    def prepare(connection: Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql(
            "CREATE TABLE children (id REFERENCES parents DEFERRABLE INITIALLY DEFERRED)"
        )

    def violate(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO children VALUES (7)")  # noticed by COMMIT only

    await database.write(prepare)
    # A pragma that does nothing within a transaction: set it between two of them.
    driver(database_connection(database)).execute("PRAGMA foreign_keys = ON")
    async with Gate(database):
        tasks = [asyncio.create_task(accept(store)), asyncio.create_task(database.write(violate))]
        await asyncio.sleep(0)
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NotStored, NotStored]
    assert await store.depth() == (0, 0.0)
    assert (await accept(store)).hold is not None


def database_connection(database: Database) -> Connection:
    connection: Connection = database._connection  # type: ignore[attr-defined]  # SQLite's
    return connection


async def test_a_cancelled_caller_leaves_nothing_stuck(store: SqlStore, database: Database) -> None:
    kept: list[BaseException] = []

    async def call() -> None:
        try:
            await accept(store)
        except asyncio.CancelledError as error:
            kept.append(error)  # as a log handler does: its traceback reaches into the store
            raise

    async with Gate(database):
        task = asyncio.create_task(call())
        await asyncio.sleep(0)
        task.cancel()
    assert (await store.depth())[0] == 1, "it was stored all the same"
    assert kept
    (hold,) = await store.adopt(1)
    queued = await hold.begin()
    assert queued is not None
    assert queued.recovered


async def test_after_closing_nothing_is_stored(place: SqlPlace) -> None:
    store = place.store
    await place.restart()
    with pytest.raises(NotStored):
        await accept(store)


async def test_the_writer_outlives_what_nobody_thought_of(store: SqlStore) -> None:
    """Otherwise all that is asked afterwards would wait for ever."""
    surprises = [RuntimeError("nobody thought of this")]

    def connected() -> Connection:
        if surprises:
            raise surprises.pop()
        return database_connection(database_of(store))

    calls = Calls()
    thread = threading.Thread(target=Writer(calls, connected).run, daemon=True)
    thread.start()
    async with asyncio.timeout(5):
        with pytest.raises(NotStored):
            await calls.ask(lambda connection: 1)
        assert await calls.ask(lambda connection: 2) == 2
    calls.end()
    await asyncio.to_thread(thread.join)
