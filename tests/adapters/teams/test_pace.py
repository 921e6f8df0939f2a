from __future__ import annotations

import asyncio

import pytest

from adapters.teams.outbound.pace import (
    APP_CALLS,
    CHAT_WINDOWS,
    INTERVAL_S,
    KEPT_CHATS,
    PROGRESS_CALLS,
    Pace,
)
from tests.fakes.clock import FakeClock, LoopClock, settle
from tests.standins.teams.connector.rates import PER_APP_AND_TENANT, PER_CONVERSATION


@pytest.fixture
def pace() -> Pace:
    return Pace(LoopClock())


def test_the_budget_stays_below_what_teams_takes() -> None:
    taken = dict(PER_CONVERSATION)
    assert all(calls < taken[seconds] for calls, seconds in CHAT_WINDOWS)
    assert dict(PER_APP_AND_TENANT)[1.0] > APP_CALLS


@pytest.mark.looptime
async def test_no_window_of_a_chat_has_more_calls_than_it_may(pace: Pace) -> None:
    times = []
    for _ in range(200):
        await pace.take("chat")
        times.append(asyncio.get_running_loop().time())
    for calls, seconds in CHAT_WINDOWS:
        for at in range(len(times) - calls):
            assert times[at + calls] - times[at] >= seconds


@pytest.mark.looptime
async def test_no_second_of_the_app_has_more_calls_than_it_may(pace: Pace) -> None:
    times: list[float] = []

    async def call(number: int) -> None:
        await pace.take(f"chat {number}")
        times.append(asyncio.get_running_loop().time())

    await asyncio.gather(*(call(number) for number in range(200)))
    times.sort()
    for at in range(len(times) - APP_CALLS):
        assert times[at + APP_CALLS] - times[at] >= 1.0
    assert times[-1] < 6


@pytest.mark.looptime
async def test_progress_leaves_room_for_newcomers_and_endings(pace: Pace) -> None:
    taken = [pace.try_take(f"chat {number}") for number in range(60)]
    assert taken.count(True) == PROGRESS_CALLS
    for number in range(APP_CALLS - PROGRESS_CALLS):
        await pace.take(f"other {number}")
    assert asyncio.get_running_loop().time() == 0
    await pace.take("one more")
    assert asyncio.get_running_loop().time() >= 1.0


@pytest.mark.looptime
async def test_a_pause_stops_all_who_write_to_the_chat_and_nobody_else(pace: Pace) -> None:
    pace.pause("chat", 10)
    pace.pause("chat", 2)
    assert not pace.try_take("chat")
    assert pace.try_take("other")
    await asyncio.gather(*(pace.take("chat") for _ in range(3)))
    assert asyncio.get_running_loop().time() >= 10
    pace.pause("chat", 1e9)
    await pace.take("chat")
    assert asyncio.get_running_loop().time() < 75


@pytest.mark.looptime
async def test_who_is_cancelled_while_waiting_takes_nothing(pace: Pace) -> None:
    pace.pause("chat", 10)
    waiting = [asyncio.create_task(pace.take("chat")) for _ in range(20)]
    await asyncio.sleep(1)
    for one in waiting:
        one.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.sleep(10)
    assert sum(pace.try_take("chat") for _ in range(20)) == CHAT_WINDOWS[0][0]


def test_the_interval_grows_with_the_writers() -> None:
    pace = Pace(FakeClock())
    assert pace.interval_s() == INTERVAL_S
    for _ in range(90):
        pace.enter()
    assert pace.interval_s() == pytest.approx(90 / PROGRESS_CALLS)
    for _ in range(90):
        pace.leave()
    assert pace.interval_s() == INTERVAL_S


async def test_chats_that_are_quiet_are_forgotten() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    for number in range(3 * KEPT_CHATS):
        pace._spend(f"chat {number}")
        clock._monotonic += 0.02
    assert len(pace._chats) <= KEPT_CHATS
    assert len(pace._app) < 100
    for number in range(100):
        pace.pause(f"chat {number}", 1)
    await clock.advance(60)
    for number in range(100):
        assert pace.try_take(f"chat {number}") or number >= PROGRESS_CALLS
    assert len(pace._pauses) <= 100


@pytest.mark.looptime
async def test_who_came_first_is_first_and_nobody_else_wakes_up() -> None:
    clock = LoopClock()
    pace = Pace(clock)
    for number in range(APP_CALLS):
        await pace.take(f"busy-{number}")
    served: list[int] = []

    async def ask(number: int) -> None:
        await pace.take(f"chat-{number}")
        served.append(number)

    waiting = [asyncio.create_task(ask(number)) for number in range(100)]
    await settle()
    assert not pace.try_take("chat-late")
    await asyncio.gather(*waiting)
    assert served == list(range(100))
    assert len(clock.sleeps) < 10
