"""Opening the file, which only one process can: whatever another one owned in it is free."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import delete, update

from adapters.sql.schema.tables import conversations, replicas
from adapters.sql.schema.upgrading import prepare
from adapters.sql.sqlite.connecting import immediately
from adapters.sql.sqlite.database import SqliteDatabase
from adapters.sql.sqlite.file import read_path

if TYPE_CHECKING:
    from sqlalchemy import Connection

DISOWN = update(conversations).where(conversations.c.owner.is_not(None)).values(owner=None)
FORGET_REPLICAS = delete(replicas)


async def open_sqlite(database_url: str) -> SqliteDatabase:
    """Locks and migrates; raises SettingError. The lock says that every owner is dead, so what the
    process before has left can be adopted at once."""
    path = await asyncio.to_thread(read_path, database_url)
    database = await asyncio.to_thread(SqliteDatabase, path, partial(prepare, alone=immediately))
    await database.write(_disown)
    return database


def _disown(connection: Connection) -> None:
    connection.execute(DISOWN)
    connection.execute(FORGET_REPLICAS)
