"""What happens by the clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from bot.schedule import Schedule
from core.errors import NotStored
from tests.fakes.clock import FakeClock, settle


class Pruned:
    """Upkeep that notes what it was asked to forget."""

    def __init__(self, error: NotStored | None = None) -> None:
        self.before: list[datetime] = []
        self.asked = asyncio.Event()
        self.error = error

    async def prune(self, before: datetime) -> int:
        self.before.append(before)
        self.asked.set()
        if self.error:
            raise self.error
        return 0


async def test_old_turns_are_removed_when_the_bot_starts():
    store, clock = Pruned(), FakeClock()
    schedule = Schedule(store, clock, 90)
    schedule.start()
    await store.asked.wait()
    schedule.stop()
    assert store.before == [clock.now() - timedelta(days=90)]


async def test_nothing_is_removed_with_a_retention_of_zero():
    store = Pruned()
    schedule = Schedule(store, FakeClock(), 0)
    schedule.start()
    await settle(50)
    schedule.stop()
    assert store.before == []


async def test_a_store_that_fails_is_asked_again_next_time():
    store = Pruned(NotStored("the disk is full"))
    schedule = Schedule(store, FakeClock(datetime(2026, 1, 1, tzinfo=UTC)), 1)
    await schedule.prune()
    await schedule.prune()
    assert len(store.before) == 2
