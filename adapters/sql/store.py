"""The whole store of one process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from sqlalchemy import bindparam, delete, update

from adapters.sql.completions import SqlCompletions
from adapters.sql.inbox import SqlInbox
from adapters.sql.people import SqlPlaces, SqlPreferences, SqlRatings
from adapters.sql.schema.tables import conversations, replicas
from adapters.sql.schema.upgrading import prepare
from adapters.sql.sqlite.database import SqliteDatabase
from adapters.sql.sqlite.file import read_path
from adapters.sql.sqlite.looking import SqliteView
from adapters.sql.stops import SqlStops
from adapters.sql.turns import SqlTurns
from adapters.sql.upkeep import SqlUpkeep
from core.errors import SettingError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.ports import Clock, Turns

DISOWN = update(conversations).where(conversations.c.owner.is_not(None)).values(owner=None)
FORGET_REPLICAS = delete(replicas).where(replicas.c.id != bindparam("me"))


class SqlStore(
    SqlInbox,
    SqlStops,
    SqlTurns,
    SqlCompletions,
    SqlRatings,
    SqlPreferences,
    SqlPlaces,
    SqlUpkeep,
):
    """Every port of the store. Methods raise NotStored when the database fails, and then nothing
    was changed; they may be called again."""

    @classmethod
    async def open(cls, url: str, *, replica_id: str, lease_s: float, clock: Clock) -> Self:
        """Opens, locks and migrates the database; raises SettingError.

        `replica_id` must be new at every start. The lock says that every other owner is dead, so
        what the process before has left can be adopted at once.
        """
        path = await asyncio.to_thread(read_path, url)
        database = await asyncio.to_thread(SqliteDatabase, path, prepare)
        store = cls(database, clock, replica_id, lease_s)
        await database.write(_disown, replica_id)
        await store.beat()
        return store

    async def close(self) -> None:
        """Returns when all that was asked is stored."""
        await self._database.close()


def _disown(connection: Connection, me: str) -> None:
    connection.execute(DISOWN)
    connection.execute(FORGET_REPLICAS, {"me": me})


def read_ledger(url: str, clock: Clock) -> Turns:
    """The ledger of a database that a bot may be using; it cannot be written to. Raises
    SettingError when there is none."""
    path = read_path(url)
    if not path.exists():
        raise SettingError("DATABASE_URL: there is no database yet; it is made by `run`")
    return SqlTurns(SqliteView(path), clock, replica_id="", lease_s=0)
