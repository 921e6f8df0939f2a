"""What the commands of an operator share: who acts, and how lists and pauses are printed."""

from __future__ import annotations

import getpass
import os
from typing import TYPE_CHECKING

from core.document import Document, Table
from core.errors import NotStored, SettingError
from core.reports.plain import to_plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from core.ports import Pauses


def operator() -> str:
    """For the record of what was done: the name that the operating system has for the person."""
    try:
        name = getpass.getuser()
    except (OSError, KeyError):  # in a container that knows no names; before Python 3.13 a KeyError
        name = str(os.getuid()) if hasattr(os, "getuid") else "?"
    return f"command line ({name})"


def print_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    print(to_plain_text(Document("", (Table(header, tuple(rows)),))))


def to_minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


async def describe_pauses(pauses: Pauses) -> Sequence[str]:
    """A line for each pause in force; none where the database is too old to have any."""
    try:
        found = await pauses.pauses()
    except (NotStored, SettingError):
        return ()
    return [
        f"paused: {':'.join(part for part in (one.platform, one.workspace, one.channel) if part)} "
        f"since {to_minute(one.since)}{f' ({one.reason})' if one.reason else ''}"
        for one in found
    ]
