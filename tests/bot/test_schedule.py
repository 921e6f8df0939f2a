"""What happens by the clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

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


async def test_a_job_that_the_end_finds_running_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Slow(Pruned):
        async def prune(self, before: datetime) -> int:
            await super().prune(before)
            return await asyncio.Future()

    store = Slow()
    schedule = Schedule(store, FakeClock(), 90)
    schedule.start()
    await store.asked.wait()
    schedule.stop()
    await settle(50)
    assert [one.getMessage() for one in caplog.records if one.levelname == "ERROR"] == []


class Ticked:
    """Digests that count how often they are looked for."""

    def __init__(self) -> None:
        self.count = 0
        self.again = asyncio.Event()

    async def tick(self) -> None:
        self.count += 1
        self.again.set()


async def test_digests_are_looked_for_when_the_bot_starts():
    digests = Ticked()
    schedule = Schedule(Pruned(), FakeClock(), 0, digests)
    schedule.start()
    await digests.again.wait()
    schedule.stop()
    assert digests.count == 1


async def test_digests_are_looked_for_at_once_when_the_clock_was_set_back():
    """And not when it has come around to the next minute that it had been about to reach."""
    digests, clock = Ticked(), FakeClock(datetime.now(UTC))
    schedule = Schedule(Pruned(), clock, 0, digests)
    schedule.keep_up()
    schedule.start()
    await digests.again.wait()
    digests.again.clear()
    clock.set_wall(clock.now() - timedelta(hours=1))
    schedule.keep_up()
    async with asyncio.timeout(5):
        await digests.again.wait()
    schedule.stop()
