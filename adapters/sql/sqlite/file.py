"""The database file: where DATABASE_URL says it is, and the lock that keeps it to one process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from core.errors import SettingError

_SCHEMES = {"sqlite", "sqlite+aiosqlite", "sqlite+pysqlite"}
"""All are served by the driver in the standard library, in a thread: it is several times faster."""


def read_path(database_url: str) -> Path:
    """The file that the setting names. Raises SettingError, which never repeats the setting."""
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise SettingError(
            "DATABASE_URL is not a URL: write it like sqlite+aiosqlite:///data/chatbot.db"
        ) from None  # the cause would show the value
    if url.drivername not in _SCHEMES:
        raise SettingError(
            "DATABASE_URL names a database that is not supported: it must begin with "
            "sqlite+aiosqlite:/// or postgresql+asyncpg://"
        )
    if not url.database or url.database == ":memory:" or url.host:
        raise SettingError(
            "DATABASE_URL must name a file after three slashes, "
            "like sqlite+aiosqlite:///data/chatbot.db"
        )
    return Path(url.database).absolute()


class DatabaseInUseError(SettingError):
    """Another process of the bot has the file."""


class FileLock:
    """An exclusive lock, held by an open file and so gone with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def acquire(self) -> None:
        """Raises SettingError when another process has it, OSError when it cannot be made."""
        if self._file is not None and self._is_in_place(self._file):
            return
        file = self._path.open("ab")
        try:
            _lock(file)
        except OSError:
            file.close()
            raise DatabaseInUseError(
                "DATABASE_URL names a file that another process of the bot is using: stop that "
                "process, or give this one a file of its own"
            ) from None  # the cause would show the path
        self.release()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _is_in_place(self, file: IO[bytes]) -> bool:
        """Whether it is still what another process would find, and not a deleted file."""
        try:
            found = self._path.stat()
        except OSError:
            return False
        return os.path.samestat(found, os.fstat(file.fileno()))


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
