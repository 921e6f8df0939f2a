"""SQLite behind the Database port: one writer thread, a few readers, and care for the file."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple, cast

from sqlalchemy.exc import DBAPIError

from adapters.sql.sqlite.calls import Call, Calls, deliver
from adapters.sql.sqlite.connecting import connect_reader, connect_writer, copy, driver
from adapters.sql.sqlite.file import FileLock
from adapters.sql.sqlite.writer import Writer, to_not_stored
from core.errors import NotStored, SettingError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from adapters.sql.database import Lane

logger = logging.getLogger(__name__)

READERS = 2
"""So that a report over a month does not keep a turn from its history."""
T = TypeVar("T")
Given = TypeVarTuple("Given")


class SqliteDatabase:
    """adapters.sql.database.Database over one file, which is this process's alone."""

    def __init__(self, path: Path, prepare: Callable[[Connection], None]) -> None:
        """`prepare` brings the schema up to date. Blocks; raises SettingError."""
        self._path = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._closed = False
        self._writes = Calls()
        self._reads = Calls()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            self._connection = connect_writer(path)
            self._identity = _identify(path)
            prepare(self._connection)
        except (OSError, DBAPIError) as error:
            self._lock.release()
            raise SettingError(
                f"DATABASE_URL names a file that cannot be used: {to_not_stored(error)}"
            ) from None  # the cause would show the path
        except BaseException:
            self._lock.release()
            raise
        self._readers = [_Reader(self._reads, path) for _ in range(READERS)]
        writer = Writer(self._writes, self._connected)
        runs = [writer.run, *(reader.run for reader in self._readers)]
        self._threads = [
            threading.Thread(target=run, name=f"sqlite-{n}", daemon=True)
            for n, run in enumerate(runs)
        ]
        for thread in self._threads:
            thread.start()

    async def write(
        self,
        operation: Callable[[Connection, *Given], T],
        *given: *Given,
        lane: Lane = "usual",  # noqa: ARG002 - one writer and few readers serve all lanes
    ) -> T:
        return await self._ask(self._writes, lambda connection: operation(connection, *given))

    async def read(
        self,
        operation: Callable[[Connection, *Given], T],
        *given: *Given,
        lane: Lane = "usual",  # noqa: ARG002 - one writer and few readers serve all lanes
    ) -> T:
        return await self._ask(self._reads, lambda connection: operation(connection, *given))

    async def _ask(self, calls: Calls, run: Callable[[Connection], T]) -> T:
        if self._closed:
            raise NotStored("the database is closed")
        return cast("T", await calls.ask(run))

    async def close(self) -> None:
        """What has been asked is still done."""
        self._closed = True
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        self._writes.end()
        for _ in self._readers:
            self._reads.end()
        for thread in self._threads:
            thread.join()
        for reader in self._readers:
            reader.disconnect()
        self._connection.close()
        self._lock.release()

    def _connected(self) -> Connection:
        """The writer's connection, once it is certain that it writes to the file of that name."""
        try:
            if _identify(self._path) == self._identity:
                return self._connection
        except FileNotFoundError:
            self._restore()
            return self._connection
        raise NotStored("the database file was replaced while in use: restart the bot")

    def _restore(self) -> None:
        """Somebody deleted the file: put it back, as open connections still see all of it."""
        logger.error("the database file was deleted: writing it anew")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except SettingError as error:
            raise NotStored("the database file was replaced while in use") from error
        copied = self._path.with_name(self._path.name + ".restored")
        copied.unlink(missing_ok=True)
        copy(self._connection, copied)
        for reader in self._readers:
            reader.pause()
        try:
            # Whoever closes last removes the log by its name: the new file must not be there yet.
            self._connection.close()
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            copied.replace(self._path)
            self._connection = connect_writer(self._path)
            self._identity = _identify(self._path)
        finally:
            for reader in self._readers:
                reader.resume()


class _Reader:
    """A thread that reads, each operation from one consistent state of the database."""

    def __init__(self, calls: Calls, path: Path) -> None:
        self._calls = calls
        self._path = path
        self._connection: Connection | None = connect_reader(path)
        self._busy = threading.Lock()

    def run(self) -> None:
        while self._run_one():
            pass

    def _run_one(self) -> bool:
        call = self._calls.next()
        if call is None:
            return False
        with self._busy:
            try:
                self._read(call)
            except Exception as error:  # noqa: BLE001 - it belongs to whoever asked
                is_ours = isinstance(error, (DBAPIError, OSError))
                call.error = to_not_stored(error) if is_ours else error
                self.disconnect()
        deliver([call])
        return True

    def _read(self, call: Call) -> None:
        if self._connection is None:
            self._connection = connect_reader(self._path)
        raw = driver(self._connection)
        raw.execute("BEGIN")
        try:
            call.result = call.run(self._connection)
        finally:
            raw.execute("ROLLBACK")

    def pause(self) -> None:
        self._busy.acquire()
        self.disconnect()

    def resume(self) -> None:
        try:
            self._connection = connect_reader(self._path)
        finally:
            self._busy.release()

    def disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _identify(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
