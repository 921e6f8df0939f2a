"""A look into the database from beside running bots."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from adapters.sql.database import ReadOnly
from adapters.sql.postgres.address import read_address
from adapters.sql.postgres.connecting import Limits, build_engine, reading
from adapters.sql.postgres.failures import FAILURES
from adapters.sql.postgres.opening import to_setting_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from adapters.sql.database import Lane

LOOKING = Limits(connections=1, within_s=120, statement_s=60)
T = TypeVar("T")
Given = TypeVarTuple("Given")


class PostgresView(ReadOnly):
    """adapters.sql.database.Database without `write`. A connection for each read: for commands
    that look once and end. Raises SettingError, as they have nobody who would try again."""

    def __init__(self, database_url: str) -> None:
        self._address = read_address(database_url)

    async def read(
        self,
        operation: Callable[[Connection, *Given], T],
        *given: *Given,
        lane: Lane = "usual",  # noqa: ARG002 - the port has it
    ) -> T:
        engine = build_engine(self._address, LOOKING)
        try:
            async with reading(engine).connect() as connection:
                return await connection.run_sync(lambda plain: operation(plain, *given))
        except (*FAILURES, ValueError) as error:
            raise to_setting_error(error) from None  # the cause would show the address
        finally:
            await engine.dispose()
