"""Short transactions beside the process that owns the file, for commands of an operator.

The lock beside the file says who takes messages and migrates; that rows are written whole and one
after the other is SQLite's own doing. The owner keeps no copy of rows: what it finds at its next
look, a second later, is what was written here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from sqlalchemy.exc import DBAPIError

from adapters.sql.schema.upgrading import is_current
from adapters.sql.sqlite.connecting import connect_beside, immediately
from adapters.sql.sqlite.file import DatabaseInUseError, read_path
from adapters.sql.sqlite.looking import SqliteView
from adapters.sql.sqlite.opening import open_sqlite
from adapters.sql.sqlite.writer import to_not_stored
from core.errors import NotStored, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from adapters.sql.database import Lane
    from core.ports import Clock

T = TypeVar("T")
Given = TypeVarTuple("Given")


class OldDatabaseError(SettingError):
    """Of a version before this program's."""


class SqliteBeside(SqliteView):
    """adapters.sql.database.Database that takes no lock of ours."""

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path)
        self._clock = clock

    async def write(
        self,
        operation: Callable[[Connection, *Given], T],
        *given: *Given,
        lane: Lane = "usual",  # noqa: ARG002 - there is one
    ) -> T:
        began_at = self._clock.monotonic()
        result = await asyncio.to_thread(
            self._write, lambda connection: operation(connection, *given)
        )
        # Many in a row leave the file to its owner for as long as they have had it.
        await self._clock.sleep(self._clock.monotonic() - began_at)
        return result

    def _write(self, run: Callable[[Connection], T]) -> T:
        try:
            connection = connect_beside(self._path)
        except DBAPIError as error:
            raise to_not_stored(error) from error
        try:
            with immediately(connection):
                return run(connection)
        except DBAPIError as error:
            raise to_not_stored(error) from error
        finally:
            connection.close()


async def open_sqlite_beside(database_url: str, clock: Clock, *, migrate: bool) -> SqliteBeside:
    """Raises SettingError: there is none, it is too new, or in use by an older bot; without
    `migrate` OldDatabaseError where it is older than this program."""
    path = await asyncio.to_thread(read_path, database_url)
    if not path.exists():
        raise SettingError("DATABASE_URL: there is no database yet; it is made by `run`")
    database = SqliteBeside(path, clock)
    try:
        if await database.read(is_current):
            return database
    except NotStored as error:
        raise SettingError(
            f"DATABASE_URL names a file that cannot be used: {error}"
        ) from None  # the cause would show the path
    if not migrate:
        raise OldDatabaseError("DATABASE_URL: the database is of an older version")
    try:
        await (await open_sqlite(database_url)).close()
    except DatabaseInUseError:
        raise SettingError(
            "DATABASE_URL: a bot of an older version is using the database; update it first"
        ) from None
    return database
