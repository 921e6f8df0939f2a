"""The wall clock of a process, which stands as far ahead as a file says: it can jump meanwhile."""

from __future__ import annotations

import datetime
import mmap
import struct
import time
from pathlib import Path
from typing import Any

CLOCK = "SHIFTED_CLOCK"
"""The name of the environment variable that names the file."""


def write_shift(path: Path, seconds: float) -> None:
    """In place: whoever reads it has it mapped."""
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(struct.pack("d", seconds))


def install(path: Path) -> None:
    """Before anybody has imported the names. What is monotonic stays as it is."""
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
    real_time, real_time_ns, real = time.time, time.time_ns, datetime.datetime

    def ahead_s() -> float:
        seconds: float = struct.unpack_from("d", mapped)[0]
        return seconds

    class Kind(type):
        def __instancecheck__(cls, one: object) -> bool:
            return isinstance(one, real)

        def __subclasscheck__(cls, one: type) -> bool:
            return issubclass(one, real)

    class Shifted(real, metaclass=Kind):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return real.now(tz) + datetime.timedelta(seconds=ahead_s())

        @classmethod
        def utcnow(cls) -> Any:
            return real.utcnow() + datetime.timedelta(seconds=ahead_s())

    time.time = lambda: real_time() + ahead_s()
    time.time_ns = lambda: real_time_ns() + int(ahead_s() * 1e9)
    datetime.datetime = Shifted  # type: ignore[misc]  # that is what this is for
