"""A file, and a PostgreSQL that waits for the disk: both as they are when they have to last."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from tests.tooling.postgres import PostgresServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SQLITE, POSTGRES = "SQLite", "PostgreSQL"
BOTH = (SQLITE, POSTGRES)
SETTINGS = {
    "shared_buffers": "128MB",
    "fsync": "on",
    "full_page_writes": "on",
    "autovacuum": "on",
    "wal_level": "replica",
}
"""As PostgreSQL comes, not as tests have it: it waits for the disk at every commit, and vacuums."""


class Databases:
    """New ones on one server, and in one folder."""

    def __init__(self, server: PostgresServer, folder: Path) -> None:
        self.server = server
        self._folder = folder
        self._numbers = itertools.count()
        self._made: list[str] = []

    async def new(self, kind: str) -> str:
        """Its URL."""
        name = f"measured{next(self._numbers)}"
        if kind == SQLITE:
            return f"sqlite+aiosqlite:///{self._folder / name}.db"
        connection = await self.connect(self.server.url())
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()
        self._made.append(self.server.url(name))
        return self._made[-1]

    async def look_again(self) -> None:
        """As autovacuum does a minute after a table has changed: of a new one PostgreSQL believes
        that a workspace has one message, and reads all of them to find one."""
        for url in self._made:
            connection = await self.connect(url)
            await connection.execute("ANALYZE")
            await connection.close()

    async def connect(self, url: str) -> asyncpg.Connection:
        return await asyncpg.connect(url.replace("+asyncpg", ""))


@asynccontextmanager
async def databases(folder: Path) -> AsyncIterator[Databases]:
    # Not below `folder`: PostgreSQL runs as somebody who may not look into it.
    own = Path(tempfile.mkdtemp(prefix="benchmark-postgres-"))
    server = None
    try:
        server = await asyncio.to_thread(PostgresServer, own, SETTINGS)
        yield Databases(server, folder)
    finally:
        if server is not None:
            await asyncio.to_thread(server.stop)
        shutil.rmtree(own, ignore_errors=True)
