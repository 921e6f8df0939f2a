"""Empty, migrated databases on the PostgreSQL of this test run, which is started when one asks."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest

from adapters.sql.postgres.opening import open_postgres
from adapters.sql.schema.tables import metadata
from tests.tooling import parts
from tests.tooling.postgres import NoPostgres, PostgresServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EMPTY = "; ".join(
    (
        "SET session_replication_role = replica",  # the audit refuses to be emptied
        *(f"DELETE FROM {table}" for table in metadata.tables if table != "schema_version"),
    )
)
_free: list[str] = []
"""Migrated and empty: to make one takes ten times as long as to empty one."""
_made: list[str] = []


def postgres_server() -> PostgresServer:
    """One for the whole run; who stops it starts it again."""
    server = _start()
    if isinstance(server, PostgresServer):
        return server
    if parts.may_be_missing("postgresql"):
        pytest.skip("ALLOW_MISSING names postgresql")
    pytest.fail(f"no PostgreSQL starts here: {server}")


@cache
def _start() -> PostgresServer | NoPostgres:
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        server = PostgresServer(folder)
    except NoPostgres as error:
        return error
    atexit.register(server.stop)
    parts.record("PostgreSQL", server.version)
    return server


@asynccontextmanager
async def lent_database() -> AsyncIterator[str]:
    """The URL of an empty database of today's schema; no other test has it meanwhile."""
    name = _free.pop() if _free else await _make_migrated()
    yield postgres_server().url(name)
    connection = await connect(name)
    await connection.execute(EMPTY)
    await connection.close()
    _free.append(name)


@asynccontextmanager
async def new_database() -> AsyncIterator[str]:
    """The URL of a database without any table."""
    name = await _make()
    yield postgres_server().url(name)


async def connect(name: str = "postgres") -> asyncpg.Connection:
    """Beside the bot's own connections."""
    url = postgres_server().url(name).replace("+asyncpg", "")
    return await asyncpg.connect(url)


async def _make_migrated() -> str:
    name = await _make()
    database = await open_postgres(postgres_server().url(name))
    await database.close()
    return name


async def _make() -> str:
    connection = await connect()
    name = f"test{len(_made)}"
    _made.append(name)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return name
