"""Real time and real randomness, behind core's ports."""

from __future__ import annotations

import asyncio
import secrets
import time
from datetime import UTC, datetime

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: sorts like the number it writes."""


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class SortableIds:
    """48 bits of milliseconds and 80 random bits in 26 characters (the layout of a ULID)."""

    def new(self) -> str:
        number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
        return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
