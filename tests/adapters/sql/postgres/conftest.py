"""Several processes on one database."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.contracts.stores import NOON, SqlPlace, closing
from tests.tooling.databases import connect, lent_database, postgres_server
from tests.tooling.relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import asyncpg

    from adapters.sql.store import SqlStore

EXPIRE = "UPDATE replicas SET expires_at_us = 1 WHERE id = $1"


class Replicas:
    """Several processes on one database, and a look at it from outside."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self._stack = stack
        self.url = url
        self.name = url.rpartition("/")[2]

    async def one(self, *, url: str = "", ahead: timedelta = timedelta(0)) -> SqlStore:
        """A process whose own clock is so far ahead of the others'."""
        place = await self._stack.enter_async_context(closing(SqlPlace(url or self.url)))
        place.clock.set_wall(NOON + ahead)
        await place.restart()
        assert place.sql is not None
        return place.sql

    async def relay(self) -> Relay:
        return await self._stack.enter_async_context(Relay(postgres_server().port))

    async def outside(self) -> asyncpg.Connection:
        connection = await connect(self.name)
        self._stack.push_async_callback(connection.close)
        return connection

    async def expire(self, store: SqlStore) -> None:
        """As if it had not beaten for its lease."""
        connection = await connect(self.name)
        await connection.execute(EXPIRE, store._replica_id)
        await connection.close()

    async def break_connections(self) -> None:
        """As an administrator may."""
        connection = await connect()
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1",
            self.name,
        )
        await connection.close()


@pytest.fixture
async def replicas() -> AsyncIterator[Replicas]:
    async with lent_database() as url, AsyncExitStack() as stack:
        yield Replicas(url, stack)


@pytest.fixture
async def store(replicas: Replicas) -> SqlStore:
    return await replicas.one()


@pytest.fixture
async def relay(replicas: Replicas) -> Relay:
    return await replicas.relay()


@pytest.fixture
async def far(replicas: Replicas, relay: Relay) -> SqlStore:
    """A process behind a network that can break."""
    return await replicas.one(url=postgres_server().url(replicas.name, port=relay.port))
