"""What core relies on of time and of ids."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.clock import SortableIds, SystemClock
from tests.core.turns.office import Counted
from tests.fakes.clock import FakeClock, LoopClock, settle

if TYPE_CHECKING:
    from core.ports import Clock, Ids

NAP_S = 0.02


@pytest.fixture(params=[SystemClock, LoopClock, FakeClock])
def clock(request: pytest.FixtureRequest) -> Clock:
    made: Clock = request.param()
    return made


async def pass_time(clock: Clock, seconds: float) -> None:
    if isinstance(clock, FakeClock):
        await clock.advance(seconds)
    else:
        await asyncio.sleep(seconds)


async def test_now_is_utc_and_both_hands_go_on_together(clock: Clock) -> None:
    now, monotonic = clock.now(), clock.monotonic()
    assert now.utcoffset() == timedelta(0)
    await pass_time(clock, NAP_S)
    assert clock.monotonic() - monotonic >= NAP_S * 0.9
    assert (clock.now() - now).total_seconds() >= NAP_S * 0.9


async def test_a_sleeper_wakes_when_the_time_has_come_and_not_before(clock: Clock) -> None:
    began = clock.monotonic()
    sleeping = asyncio.create_task(clock.sleep(NAP_S))
    await settle()
    assert not sleeping.done()
    await pass_time(clock, NAP_S * 2)
    async with asyncio.timeout(5):
        await sleeping
    assert clock.monotonic() - began >= NAP_S * 0.9


@pytest.mark.parametrize("seconds", [0, -1.0])
async def test_no_time_is_no_wait_but_lets_others_run(clock: Clock, seconds: float) -> None:
    ran: list[int] = []
    asyncio.get_running_loop().call_soon(ran.append, 1)
    async with asyncio.timeout(5):
        await clock.sleep(seconds)
    assert ran == [1]


async def test_a_sleeper_can_be_cancelled_and_disturbs_no_other(clock: Clock) -> None:
    cancelled = asyncio.create_task(clock.sleep(NAP_S))
    other = asyncio.create_task(clock.sleep(NAP_S))
    await settle()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await pass_time(clock, NAP_S * 2)
    async with asyncio.timeout(5):
        await other


@pytest.mark.parametrize("ids", [SortableIds(), Counted()], ids=lambda one: type(one).__name__)
def test_ids_are_unique_and_safe_in_a_url(ids: Ids) -> None:
    made = [ids.new() for _ in range(5_000)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,32}", one) for one in made)


async def test_ids_sort_by_the_time_of_their_making() -> None:
    ids = SortableIds()
    made = []
    for _ in range(5):
        made.append(ids.new())
        await asyncio.sleep(0.002)
    assert made == sorted(made)
    assert {len(one) for one in made} == {26}
