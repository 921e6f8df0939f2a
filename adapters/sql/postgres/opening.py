"""Opening a database that other processes may be using: nobody in it is taken for dead."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import asyncpg
from sqlalchemy import delete, or_, text

from adapters.sql.postgres.address import read_address
from adapters.sql.postgres.connecting import Limits, build_engine
from adapters.sql.postgres.database import PostgresDatabase
from adapters.sql.postgres.failures import FAILURES, describe, state_of
from adapters.sql.schema.columns import NowUs
from adapters.sql.schema.tables import replicas
from adapters.sql.schema.upgrading import prepare
from core.errors import NotStored, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

MIGRATING = Limits(connections=1, within_s=900, statement_s=600, lock_s=1, idle_s=60)
MIGRATION_TRIES = 5
BETWEEN_TRIES_S = 2.0
"""Who waits for a table keeps all others from it: better several short waits than a long one."""
_pause = asyncio.sleep
_LOCKED = "55P03"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html: lock_not_available."""
MIGRATION_LOCK = 7_236_554_106_018_321
"""Any number that no other program is likely to take in the same database."""
_LONG_GONE_US = 3_600 * 1_000_000
FORGET_LONG_GONE = delete(replicas).where(
    or_(
        replicas.c.expires_at_us < NowUs() - _LONG_GONE_US,
        replicas.c.expires_at_us > NowUs() + _LONG_GONE_US,  # from a clock that ran ahead
    )
)


async def open_postgres(database_url: str) -> PostgresDatabase:
    """Connects and migrates; raises SettingError."""
    address = read_address(database_url)
    await _prepare(address)
    database = PostgresDatabase(address)
    try:
        await database.write(_forget_long_gone)
    except NotStored as error:
        await database.close()
        raise SettingError(f"DATABASE_URL names a database that cannot be used: {error}") from None
    except BaseException:
        await database.close()
        raise
    return database


async def _prepare(address: str) -> None:
    engine = build_engine(address, MIGRATING)
    try:
        for tries_left in reversed(range(MIGRATION_TRIES)):
            if await _try_to_prepare(engine, is_last=not tries_left):
                return
            await _pause(BETWEEN_TRIES_S)
    except (*FAILURES, asyncpg.InternalClientError, ValueError) as error:
        raise to_setting_error(error) from None  # the cause would show the address
    finally:
        await engine.dispose()


async def _try_to_prepare(engine: AsyncEngine, *, is_last: bool) -> bool:
    """False: a table could not be had, and nothing was changed."""
    try:
        async with engine.connect() as connection:
            await connection.run_sync(partial(prepare, alone=_alone))
    except FAILURES as error:
        if state_of(error) != _LOCKED:
            raise
        if is_last:
            raise SettingError(
                "DATABASE_URL names a database that cannot be migrated now, as somebody keeps a "
                "table: start again when pg_dump, or whatever it is, has ended"
            ) from None
        return False
    return True


def to_setting_error(error: BaseException) -> SettingError:
    # A port that is no number, and the like; a certificate that is refused is a ValueError too.
    if isinstance(error, ValueError) and not isinstance(error, OSError):
        return SettingError(
            "DATABASE_URL cannot be read: write it like "
            "postgresql+asyncpg://user:password@host/name"
        )
    return SettingError(f"DATABASE_URL names a database that cannot be used: {describe(error)}")


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """One process migrates, the others wait for it and then find nothing to do."""
    connection.rollback()  # having looked was a transaction too
    with connection.begin():
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = {int(MIGRATING.lock_s * 1000)}"))
        yield


def _forget_long_gone(connection: Connection) -> None:
    connection.execute(FORGET_LONG_GONE)
