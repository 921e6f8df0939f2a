"""The databases on which schedules are played: processes that share one, and a look at its rows."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar, TypeVarTuple

import pytest

from adapters.sql.postgres.address import read_address
from adapters.sql.postgres.connecting import Limits
from adapters.sql.postgres.database import PostgresDatabase
from adapters.sql.schema.tables import metadata
from adapters.sql.sqlite.opening import open_sqlite
from adapters.sql.store import SqlStore
from tests.adapters.sql.isolation.stepping import acting, step_through
from tests.contracts.stores import migrated
from tests.fakes.clock import FakeClock
from tests.tooling.databases import connect, lent_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import asyncpg
    from sqlalchemy import Connection

    from adapters.sql.database import Database, Lane
    from adapters.sql.sqlite.database import SqliteDatabase
    from tests.adapters.sql.isolation.stepping import Fault, Waits

Kind: TypeAlias = Literal["postgres", "sqlite"]
PROCESSES = ("A", "B", "C")
LEASE_S = 3_600.0
"""No schedule takes that long: leases end when a scenario says so."""
KEPT = {"schema_version", "audit"}
"""The audit refuses to be emptied."""
PATIENT = Limits(connections=4, within_s=60, answer_s=60, statement_s=60, lock_s=60, idle_s=60)
"""Steps wait for each other, not for time: what the limits do is shown elsewhere."""
WAITING = """
    SELECT pid, cardinality(pg_blocking_pids(pid)) > 0 AS waits
    FROM pg_stat_activity WHERE pid = ANY($1)
"""
T = TypeVar("T")
Given = TypeVarTuple("Given")


Look: TypeAlias = Callable[..., Awaitable[Sequence[SimpleNamespace]]]
"""Runs SQL with values for $1 and so on, seeing what is committed; returns rows."""


class Stage:
    """Processes stay from one schedule to the next, as connecting takes longer than a schedule."""

    def __init__(
        self,
        databases: Mapping[str, Database],
        look: Look,
        waits: Waits | None,
        faults: Sequence[Fault],
    ) -> None:
        """`waits` None: nobody waits for anybody within a step."""
        self._databases = databases
        self.look = look
        self.waits = waits
        self.faults = faults
        self._living: dict[str, SqlStore] = {}
        self._ids = itertools.count(1)

    async def process(self, name: str, clock: FakeClock | None = None) -> SqlStore:
        if name not in self._living:
            self._living[name] = SqlStore(
                self._databases[name], clock or FakeClock(), f"{name}-{next(self._ids)}", LEASE_S
            )
            await self._living[name].beat()
        return self._living[name]

    async def clear(self) -> None:
        """Nothing of a schedule that went wrong may be found by the next."""
        self._living.clear()
        for table in metadata.tables.keys() - KEPT:
            await self.look(f"DELETE FROM {table}")

    def forget(self, name: str) -> None:
        """The next one of that name is another process."""
        self._living.pop(name, None)


class ServerWaits:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def find(self, pids: Sequence[int]) -> tuple[set[int], set[int]]:
        rows = await self._connection.fetch(WAITING, pids)
        return {row["pid"] for row in rows if row["waits"]}, {row["pid"] for row in rows}


@asynccontextmanager
async def postgres_stage() -> AsyncIterator[Stage]:
    """Steps are statements."""
    patient = dict.fromkeys(("usual", "beat", "long"), PATIENT)
    async with lent_database() as url, AsyncExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setattr("adapters.sql.postgres.database.LANES", patient)
        databases = {}
        for process in (*PROCESSES, "heir"):
            database = PostgresDatabase(read_address(url))
            stack.push_async_callback(database.close)
            for engine in database._engines.values():
                step_through(engine)
            databases[process] = database
        outside = await connect(url.rpartition("/")[2])
        stack.push_async_callback(outside.close)

        async def look(sql: str, *values: Any) -> list[SimpleNamespace]:
            return [SimpleNamespace(**row) for row in await outside.fetch(sql, *values)]

        yield Stage(databases, look, ServerWaits(outside), ("kill", "cut", "lose"))


class StepByOperation:
    """One writer runs operations one after the other: there are no smaller steps to mix."""

    def __init__(self, inner: SqliteDatabase) -> None:
        self._inner = inner

    async def write(
        self, operation: Callable[[Connection, *Given], T], *given: *Given, lane: Lane = "usual"
    ) -> T:
        actor = acting.get()
        if actor is None:
            return await self._inner.write(operation, *given)
        await actor.pause(f"write {operation.__name__}")
        result = await self._inner.write(operation, *given)
        actor.commits += 1
        return result

    async def read(
        self, operation: Callable[[Connection, *Given], T], *given: *Given, lane: Lane = "usual"
    ) -> T:
        actor = acting.get()
        if actor is not None:
            await actor.pause(f"read {operation.__name__}")
        return await self._inner.read(operation, *given)

    async def close(self) -> None:
        await self._inner.close()


@asynccontextmanager
async def sqlite_stage(folder: Path) -> AsyncIterator[Stage]:
    """Steps are operations. One process owns a file; here it has several names."""
    (folder / "store.db").write_bytes(migrated())
    inner = await open_sqlite(f"sqlite+aiosqlite:///{folder / 'store.db'}")
    database = StepByOperation(inner)

    async def look(sql: str, *values: Any) -> list[SimpleNamespace]:
        given = {str(place): value for place, value in enumerate(values, 1)}

        def run(connection: Connection) -> list[SimpleNamespace]:
            found = connection.exec_driver_sql(sql, given)
            return (
                [SimpleNamespace(**row) for row in found.mappings()] if found.returns_rows else []
            )

        return await inner.write(run)

    try:
        yield Stage(dict.fromkeys((*PROCESSES, "heir"), database), look, None, ("kill",))
    finally:
        await inner.close()
