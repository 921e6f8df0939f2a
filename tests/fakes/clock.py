"""Clocks for tests: one that is moved by hand, and one that follows the event loop's own time."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


class FakeClock:
    """Stands still until it is moved; a sleeper wakes when `advance` has passed its time.

    `set_wall` moves the wall clock alone, as an administrator or NTP would.
    """

    def __init__(self, start: datetime = START) -> None:
        self._wall = start
        self._monotonic = 1_000.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._slept = asyncio.Condition()
        self.sleeps: list[float] = []
        """Every duration that somebody asked to sleep, in order."""

    def now(self) -> datetime:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def set_wall(self, moment: datetime) -> None:
        self._wall = moment

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        woken = asyncio.Event()
        if seconds > 0:
            entry = (self._monotonic + seconds, next(self._order), woken)
            heapq.heappush(self._sleepers, entry)
        else:
            woken.set()
        async with self._slept:
            self._slept.notify_all()
        if seconds <= 0:
            await asyncio.sleep(0)
        await woken.wait()

    async def advance(self, seconds: float) -> None:
        """Let time pass, sleeper by sleeper in order, each seeing its own moment."""
        end = self._monotonic + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            moment, _, woken = heapq.heappop(self._sleepers)
            self._move_to(moment)
            woken.set()
            await settle()
        self._move_to(end)
        await settle()

    async def until_asleep(self, count: int = 1) -> None:
        """Wait until somebody has gone to sleep `count` times in all."""
        async with self._slept:
            await self._slept.wait_for(lambda: len(self.sleeps) >= count)

    def _move_to(self, moment: float) -> None:
        self._wall += timedelta(seconds=moment - self._monotonic)
        self._monotonic = moment


class LoopClock:
    """Follows the running loop's time: virtual, and jumping ahead, under `looptime`."""

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self.sleeps: list[float] = []

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await asyncio.sleep(seconds)


async def settle(rounds: int = 10) -> None:
    """Let everything run that can run now, without any time passing."""
    for _ in range(rounds):
        await asyncio.sleep(0)
