"""Which schema a database has, and the way to the present one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select

from adapters.sql.schema.tables import schema_version
from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION = 4
"""Of the schema that this program writes; every migration adds one, and stores the oldest version
that can still work with the result as `readable_by`."""


def prepare(
    connection: Connection, alone: Callable[[Connection], AbstractContextManager[None]]
) -> None:
    """Migrate, if need be, inside the transaction that `alone` makes: while it lasts no other
    process can do the same. Raises SettingError for a database that this program cannot read."""
    if not is_current(connection):
        with alone(connection):
            if not is_current(connection):
                _upgrade(connection)


def is_current(connection: Connection) -> bool:
    """Raises SettingError for a database that this program cannot read."""
    version, readable_by = _read_version(connection)
    if readable_by > VERSION:
        raise SettingError(
            f"DATABASE_URL names a database of a newer version (schema {version}, readable from "
            f"{readable_by} on; this program has {VERSION}): update the bot"
        )
    return version >= VERSION


def _read_version(connection: Connection) -> tuple[int, int]:
    if not inspect(connection).has_table(schema_version.name):
        return 0, 0
    row = connection.execute(select(schema_version)).one()
    return row.version, row.readable_by


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - few starts need it, and it takes long to import
    from alembic.config import Config  # noqa: PLC0415 - the same

    config = Config()
    config.set_main_option(
        "script_location", str(Path(__file__).parent / "migrations").replace("%", "%%")
    )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
