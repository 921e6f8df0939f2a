"""Group commit: all operations that wait share one transaction, and so one wait for the disk."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from adapters.sql.sqlite.calls import Call, Calls, deliver
from adapters.sql.sqlite.connecting import driver
from core.errors import NotStored

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

MAX_BATCH = 256
"""So that the first of a batch does not wait for ever for its COMMIT."""


class Writer:
    """Runs in a thread of its own. Nobody is told of a success before COMMIT has returned."""

    def __init__(self, calls: Calls, connected: Callable[[], Connection]) -> None:
        """`connected` gives a connection that can be written to, or raises."""
        self._calls = calls
        self._connected = connected

    def run(self) -> None:
        while self._run_batch():
            pass

    def _run_batch(self) -> bool:
        """False: the end. Results must not be kept while the thread waits for the next batch: a
        hold that its owner drops has to vanish."""
        call = self._calls.next()
        if call is None:
            return False
        batch = [call]
        try:
            self._commit(batch)
        except Exception as error:  # noqa: BLE001 - it belongs to whoever asked; the thread must go on
            self._fail(batch, error)
        deliver(batch)
        return True

    def _commit(self, batch: list[Call]) -> None:
        """Run the first of the batch and whatever else waits; the batch grows."""
        connection = self._connected()
        raw = driver(connection)
        raw.execute("BEGIN IMMEDIATE")
        try:
            _attempt(batch[0], connection, raw)
            while len(batch) < MAX_BATCH and (call := self._calls.next_of_batch()) is not None:
                batch.append(call)
                _attempt(call, connection, raw)
            raw.execute("COMMIT")
        except BaseException:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
            raise

    def _fail(self, batch: list[Call], cause: BaseException) -> None:
        """All that waits fails at once: each would wait for the same lock in vain."""
        while len(batch) < MAX_BATCH and (call := self._calls.next_of_batch()) is not None:
            batch.append(call)
        for call in batch:
            call.error = to_not_stored(cause)


def _attempt(call: Call, connection: Connection, raw: sqlite3.Connection) -> None:
    """Run one operation; when it fails, it alone is undone. Raises when all is lost with it."""
    raw.execute("SAVEPOINT operation")
    try:
        call.result = call.run(connection)
    except Exception as error:
        if not raw.in_transaction:  # SQLite gives up the whole transaction, e.g. on a full disk
            raise to_not_stored(error) from error
        raw.execute("ROLLBACK TO operation")
        call.error = to_not_stored(error) if isinstance(error, DBAPIError) else error
    raw.execute("RELEASE operation")


def to_not_stored(error: BaseException) -> NotStored:
    """With the words of the database, which name no path and no data."""
    reason = error.orig if isinstance(error, DBAPIError) else error
    words = reason.strerror if isinstance(reason, OSError) else str(reason)
    stored = NotStored(words or type(reason).__name__)
    stored.__cause__ = error
    return stored
