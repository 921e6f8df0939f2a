"""Connections to the file, in the modes that durability and speed ask for."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from sqlalchemy import NullPool, create_engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

BUSY_TIMEOUT_S = 1.0
"""How long a foreign tool may hold the file before a write is refused."""
BESIDE_TIMEOUT_S = 5.0
"""How long a command waits for a bot that writes all the time."""
_WRITER = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit survives a power cut
    "PRAGMA temp_store = MEMORY",
)
_BESIDE = (
    f"PRAGMA busy_timeout = {int(BESIDE_TIMEOUT_S * 1000)}",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",  # what is erased shall not stay in the file's free pages
)
_READER = (
    "PRAGMA query_only = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA schema_version",  # opens all files now, as a deleted one could not be opened later
)


def connect_writer(path: Path) -> Connection:
    """Creates the file if need be."""
    return _connect(path, "rwc", _WRITER)


def connect_reader(path: Path) -> Connection:
    return _connect(path, "rw", _READER)


def connect_beside(path: Path) -> Connection:
    """For short writes to a file that another process owns."""
    return _connect(path, "rw", _BESIDE)


def _connect(path: Path, mode: str, pragmas: tuple[str, ...]) -> Connection:
    def open_file() -> sqlite3.Connection:
        return sqlite3.connect(
            f"{path.as_uri()}?mode={mode}",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
        )

    engine = create_engine(
        "sqlite://",
        creator=open_file,
        poolclass=NullPool,
        # Transactions are begun and ended in SQL, by the writer: the driver would begin them late.
        isolation_level="AUTOCOMMIT",
    )
    connection = engine.connect()
    try:
        for pragma in pragmas:
            connection.exec_driver_sql(pragma).close()
    except BaseException:
        connection.close()
        raise
    return connection


def driver(connection: Connection) -> sqlite3.Connection:
    """The connection below: for BEGIN, COMMIT and savepoints, which need no toolkit."""
    return cast("sqlite3.Connection", connection.connection.dbapi_connection)


@contextmanager
def immediately(connection: Connection) -> Iterator[None]:
    """A transaction that nobody else can write in."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def copy(connection: Connection, path: Path) -> None:
    """Write all that the connection sees into a new file."""
    target = sqlite3.connect(path)
    try:
        driver(connection).backup(target)
    finally:
        target.close()
