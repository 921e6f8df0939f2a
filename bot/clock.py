"""Real time and real randomness, behind core's ports."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: sorts like the number it writes."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Where the system can, the time counts in which the machine slept: for others it passed,
        and a lease with it."""
        return _monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _read_monotonic() -> Callable[[], float]:
    """The clock that goes on while the machine sleeps has a name on Linux alone."""
    boottime: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic if boottime is None else partial(time.clock_gettime, boottime)


_monotonic = _read_monotonic()


class SortableIds:
    """48 bits of milliseconds and 80 random bits in 26 characters (the layout of a ULID)."""

    def new(self) -> str:
        number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
        return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
