"""A look into the database from beside a running bot: reads only, and takes no lock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from sqlalchemy.exc import DBAPIError

from adapters.sql.database import ReadOnly
from adapters.sql.sqlite.connecting import connect_reader
from adapters.sql.sqlite.writer import to_not_stored

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from adapters.sql.database import Lane

T = TypeVar("T")
Given = TypeVarTuple("Given")


class SqliteView(ReadOnly):
    """adapters.sql.database.Database without `write`. A connection for each read: for commands
    that look once and end."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(
        self,
        operation: Callable[[Connection, *Given], T],
        *given: *Given,
        lane: Lane = "usual",  # noqa: ARG002 - the port has it
    ) -> T:
        return await asyncio.to_thread(self._read, lambda connection: operation(connection, *given))

    def _read(self, run: Callable[[Connection], T]) -> T:
        try:
            connection = connect_reader(self._path)
        except DBAPIError as error:
            raise to_not_stored(error) from error
        try:
            return run(connection)
        except DBAPIError as error:
            raise to_not_stored(error) from error
        finally:
            connection.close()
