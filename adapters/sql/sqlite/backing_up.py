"""A whole copy of the file beside the process that owns it, which is not kept waiting."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from adapters.sql.sqlite.connecting import connect_reader, copy
from core.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path

OWN_SUFFIXES = ("", "-wal", "-shm", ".lock")
"""Of the database's own files."""


class BackupFailedError(Exception):
    """There is no new file; what was there before is untouched."""


def refuse(source: Path, target: Path, *, force: bool) -> None:
    """Raises SettingError for a place that must not be written to."""
    if target.resolve() in {
        source.with_name(source.name + suffix).resolve() for suffix in OWN_SUFFIXES
    }:
        raise SettingError("FILE is the database itself: name another one")
    if target.is_dir():
        raise SettingError("FILE is a folder: name a file in it")
    if target.exists() and not force:
        raise SettingError("FILE exists: name another one, or let it be replaced with --force")


def back_up(source: Path, target: Path) -> int:
    """Copy what is committed at this moment, check the copy, and put it in place in one step;
    returns its bytes. Blocks; raises BackupFailedError."""
    partial = target.with_name(target.name + ".partial")
    try:
        partial.touch(mode=0o600)  # it holds what everybody has written
        partial.chmod(0o600)
        _copy(source, partial)
        trouble = _check(partial)
        if trouble:
            raise BackupFailedError(f"the copy is damaged: {trouble}")
        _flush(partial)
        partial.replace(target)
    except (DBAPIError, sqlite3.Error, OSError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        words = reason.strerror if isinstance(reason, OSError) else str(reason)
        raise BackupFailedError(words or type(reason).__name__) from error
    finally:
        for suffix in ("", "-journal"):
            partial.with_name(partial.name + suffix).unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, target: Path) -> None:
    target.write_bytes(b"")
    with closing(connect_reader(source)) as connection:
        copy(connection, target)  # in one step, so from one state of the database


def _check(path: Path) -> str:
    """What is wrong with the copy; empty: nothing."""
    with closing(sqlite3.connect(path)) as copied:
        copied.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        (found,) = copied.execute("PRAGMA integrity_check(1)").fetchone()
        return "" if found == "ok" else str(found)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
