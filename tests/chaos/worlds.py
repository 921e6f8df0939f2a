"""Where the bots live: one on a file, or three behind a balancer on one PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING

import asyncpg

from deploy.balancer import Balancer
from tests.chaos.replica import Replica
from tests.e2e.conftest import find_port
from tests.tooling.postgres import FOLLOWED, PostgresServer
from tests.tooling.relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.chaos.plan import Kind

LEASE_S = 4
HANG_S = LEASE_S + 1.0
JUMP_S = 3600.0
JUMPED_FOR_S = 1.0
LOCKED_FOR_S = 1.5
MUTE_FOR_S = 2.0
SYNCHRONOUS = {"synchronous_standby_names": "*"}
"""Nothing is committed before the standby has it."""
QUICK = {"wal_retrieve_retry_interval": "100ms"}
"""The standby is back soon after its server has been started again."""


class World:
    """Its faults are async context managers: it breaks, what is inside goes on meanwhile, and it is
    mended in the end, though not yet well."""

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self.folder = folder
        self.settings = {**settings, "LEASE_S": str(LEASE_S)}
        self.replicas: list[Replica] = []

    @property
    def url(self) -> str:
        """Where Slack delivers."""
        raise NotImplementedError

    @asynccontextmanager
    async def broken(self, kind: Kind, who: int) -> AsyncIterator[None]:
        async with getattr(self, f"_{kind}")(self.replicas[who]):
            yield

    async def settle(self) -> list[int]:
        """Every bot drains and ends; their exit codes."""
        return list(await asyncio.gather(*(one.stop() for one in self.replicas)))

    async def close(self) -> None:
        for one in self.replicas:
            await one.close()

    @asynccontextmanager
    async def _kill(self, replica: Replica) -> AsyncIterator[None]:
        await replica.kill()
        yield
        await replica.start()

    @asynccontextmanager
    async def _stop(self, replica: Replica) -> AsyncIterator[None]:
        stopping = asyncio.create_task(replica.stop())
        yield
        await stopping
        await replica.start()

    @asynccontextmanager
    async def _hang(self, replica: Replica) -> AsyncIterator[None]:
        replica.freeze()
        yield
        await asyncio.sleep(HANG_S)
        replica.thaw()

    @asynccontextmanager
    async def _clock(self, replica: Replica) -> AsyncIterator[None]:
        """Slack's signatures are too old for it meanwhile, so it refuses them."""
        replica.shift_clock(JUMP_S)
        yield
        await asyncio.sleep(JUMPED_FOR_S)
        replica.shift_clock(-JUMP_S)
        await asyncio.sleep(JUMPED_FOR_S)
        replica.shift_clock(0.0)


class OnSqlite(World):
    @property
    def url(self) -> str:
        return self.replicas[0].url

    async def start(self) -> None:
        self.replicas = [Replica(self.folder / "bot", find_port(), self.settings)]
        await self.replicas[0].start()

    @asynccontextmanager
    async def _lock(self, _: Replica) -> AsyncIterator[None]:
        with closing(_connect(self.folder / "bot" / "chatbot.db")) as other:
            await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
            yield
            await asyncio.sleep(LOCKED_FOR_S)
            other.rollback()


def _connect(path: Path) -> sqlite3.Connection:
    """For one operation in a thread and the next in another."""
    return sqlite3.connect(path, timeout=5, check_same_thread=False)


class OnPostgres(World):
    """Each bot reaches the database over a network of its own."""

    def __init__(self, folder: Path, settings: Mapping[str, str], *, standby: bool) -> None:
        super().__init__(folder, settings)
        self._has_standby = standby
        self._stack = AsyncExitStack()
        self._relays: list[Relay] = []
        self._balancer: Balancer
        self._server: PostgresServer
        self._standby: PostgresServer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._balancer.port}"

    async def start(self) -> None:
        await asyncio.to_thread(self._start_database)
        for n in range(3):
            relay = await self._stack.enter_async_context(Relay(self._server.port))
            url = self._server.url(port=relay.port)
            settings = {**self.settings, "DATABASE_URL": url}
            self._relays.append(relay)
            self.replicas.append(Replica(self.folder / f"bot{n}", find_port(), settings))
        for one in self.replicas:
            await one.start()
        urls = [one.url for one in self.replicas]
        self._balancer = await self._stack.enter_async_context(Balancer(urls))

    async def close(self) -> None:
        await super().close()
        await self._stack.aclose()
        self._server.stop()
        if self._has_standby:
            self._standby.stop()

    def _start_database(self) -> None:
        for name in ("first", "second"):
            (self.folder / name).mkdir()
        settings = FOLLOWED | SYNCHRONOUS if self._has_standby else None
        self._server = PostgresServer(self.folder / "first", settings)
        if self._has_standby:
            second = self.folder / "second"
            self._standby = PostgresServer(second, FOLLOWED | QUICK, follows=self._server)

    def _relay_of(self, replica: Replica) -> Relay:
        return self._relays[self.replicas.index(replica)]

    @asynccontextmanager
    async def _cut(self, replica: Replica) -> AsyncIterator[None]:
        self._relay_of(replica).cut()
        yield

    @asynccontextmanager
    async def _mute(self, replica: Replica) -> AsyncIterator[None]:
        relay = self._relay_of(replica)
        relay.mute("all")
        yield
        await asyncio.sleep(MUTE_FOR_S)
        relay.cut()
        relay.mute("none")

    @asynccontextmanager
    async def _restart(self, _: Replica) -> AsyncIterator[None]:
        await asyncio.to_thread(self._server.stop)
        yield
        await asyncio.to_thread(self._server.start)

    @asynccontextmanager
    async def _failover(self, _: Replica) -> AsyncIterator[None]:
        await asyncio.to_thread(self._server.stop)
        standby = await asyncpg.connect(self._standby.url().replace("+asyncpg", ""))
        await standby.execute("SELECT pg_promote()")
        await standby.close()
        self._has_standby = False
        self._server = self._standby
        yield
        for relay in self._relays:
            relay.lead_to(self._server.port)
