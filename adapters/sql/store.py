"""The whole store of one process."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Self

from adapters.sql.completions import SqlCompletions
from adapters.sql.inbox import SqlInbox
from adapters.sql.operating.audit import SqlAudit
from adapters.sql.operating.dead_letters import SqlDeadLetters
from adapters.sql.operating.erasing import SqlErasure
from adapters.sql.operating.pauses import SqlPauses
from adapters.sql.people import SqlPlaces, SqlPreferences, SqlRatings
from adapters.sql.postgres.address import is_postgres
from adapters.sql.sqlite.beside import open_sqlite_beside
from adapters.sql.sqlite.file import read_path
from adapters.sql.sqlite.looking import SqliteView
from adapters.sql.sqlite.opening import open_sqlite
from adapters.sql.stops import SqlStops
from adapters.sql.turns import SqlTurns
from adapters.sql.upkeep import SqlUpkeep
from core.errors import NotStored, SettingError

if TYPE_CHECKING:
    from adapters.sql.database import Database
    from core.ports import Clock


class SqlStore(
    SqlInbox,
    SqlStops,
    SqlTurns,
    SqlCompletions,
    SqlRatings,
    SqlPreferences,
    SqlPlaces,
    SqlUpkeep,
    SqlAudit,
    SqlPauses,
    SqlDeadLetters,
    SqlErasure,
):
    """Every port of the store. Methods raise NotStored when the database fails, and then nothing
    was changed; they may be called again."""

    @classmethod
    async def open(cls, url: str, *, replica_id: str, lease_s: float, clock: Clock) -> Self:
        """Opens and migrates the database; raises SettingError. `replica_id` must be new at every
        start."""
        store = cls(await _open(url), clock, replica_id, lease_s)
        try:
            await store.beat()
        except BaseException:
            await store.close()
            raise
        return store

    async def close(self) -> None:
        """Returns when all that was asked is stored."""
        with suppress(NotStored):
            await self.leave()
        await self._database.close()


async def _open(url: str) -> Database:
    if not is_postgres(url):
        return await open_sqlite(url)
    from adapters.sql.postgres.opening import open_postgres  # noqa: PLC0415 - few need its driver

    return await open_postgres(url)


def look_into(url: str, clock: Clock) -> SqlStore:
    """The store of a database that a bot may be using; it cannot be written to. Raises
    SettingError when there is none, on PostgreSQL only when it is read."""
    if is_postgres(url):
        from adapters.sql.postgres.looking import PostgresView  # noqa: PLC0415 - as in `_open`

        return SqlStore(PostgresView(url), clock, replica_id="", lease_s=0)
    path = read_path(url)
    if not path.exists():
        raise SettingError("DATABASE_URL: there is no database yet; it is made by `run`")
    return SqlStore(SqliteView(path), clock, replica_id="", lease_s=0)


async def open_uncounted(url: str, clock: Clock) -> SqlStore:
    """As `SqlStore.open`, for who takes no messages: no replica, with whom others share budgets."""
    return SqlStore(await _open(url), clock, replica_id="", lease_s=0)


async def open_beside(url: str, clock: Clock, *, migrate: bool = True) -> SqlStore:
    """For a command that changes rows beside running bots and takes no messages. Raises
    SettingError; without `migrate` OldDatabaseError, on SQLite."""
    if is_postgres(url):
        database = await _open(url)
    else:
        database = await open_sqlite_beside(url, clock, migrate=migrate)
    return SqlStore(database, clock, replica_id="", lease_s=0)
