"""The stand-in's time: limits, retries and lifetimes, which a test can speed up or push forward."""

from __future__ import annotations

import asyncio
import contextlib
import time


class StandInClock:
    """Runs `scale` times as fast as the machine's own clock, and can be pushed.

    Only durations of the platform follow it (rate windows, waits between retries, the life of a
    stream or a URL). Message timestamps and signatures carry the machine's wall clock, because
    the bot in the other process compares them with its own.
    """

    def __init__(self, scale: float = 1.0) -> None:
        self.scale = scale
        self._origin = time.monotonic()
        self._pushed_s = 0.0
        self._push = asyncio.Event()

    def monotonic(self) -> float:
        return (time.monotonic() - self._origin) * self.scale + self._pushed_s

    def advance(self, seconds: float) -> None:
        """Push the clock forward and wake whoever sleeps on it."""
        self._pushed_s += seconds
        self._push.set()
        self._push = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        deadline = self.monotonic() + seconds
        while (left_s := deadline - self.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._push.wait(), left_s / self.scale)
