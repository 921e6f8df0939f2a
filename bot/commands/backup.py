"""`python -m bot backup FILE`: a checked copy of the database while the bot runs."""

from __future__ import annotations

import asyncio
import shlex
import sys
from typing import TYPE_CHECKING

from adapters.sql.postgres.address import is_postgres, without_password
from adapters.sql.sqlite.backing_up import BackupFailedError, back_up, refuse
from adapters.sql.sqlite.beside import OldDatabaseError
from adapters.sql.sqlite.file import read_path
from adapters.sql.store import open_beside
from bot.clock import SystemClock
from bot.commands.acting import operator
from bot.settings import read_settings
from core.ports import Deed

if TYPE_CHECKING:
    from pathlib import Path


async def backup(target: Path, *, force: bool) -> int:
    """Returns the exit code; raises SettingError, NotStored."""
    url = read_settings().database_url
    if is_postgres(url):
        print(
            "The database is PostgreSQL, which is backed up with its own tool (it asks for the "
            f"password, or reads PGPASSWORD):\n{to_pg_dump(url, target)}",
            file=sys.stderr,
        )
        return 1
    source = read_path(url)
    refuse(source, target, force=force)
    await _note(url, str(target))
    try:
        size = await asyncio.to_thread(back_up, source, target)
    except BackupFailedError as error:
        print(f"{target} was not written: {error}", file=sys.stderr)
        return 1
    print(f"Written to {target}: {size / 1e6:.1f} MB, checked and complete.")
    return 0


def to_pg_dump(url: str, target: Path) -> str:
    """The exact line, but for the password."""
    words = ("pg_dump", "--format=custom", f"--file={target}", without_password(url))
    return shlex.join(words)


async def _note(url: str, target: str) -> None:
    """First, so that the copy has it too. A database is not migrated for it: the backup may be
    meant to come before just that."""
    try:
        store = await open_beside(url, SystemClock(), migrate=False)
    except OldDatabaseError:
        return
    await store.note(Deed(operator(), "backup", target))
    await store.close()
