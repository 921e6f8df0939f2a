from __future__ import annotations

import asyncio

import pytest

from adapters.slack.web.pacer import Pacer, Urgency
from adapters.wire.retry_after import read_retry_after
from tests.fakes.clock import LoopClock

POST, UPDATE, START = "chat.postMessage", "chat.update", "chat.startStream"


@pytest.fixture
def pacer() -> Pacer:
    return Pacer(LoopClock())


@pytest.mark.looptime
async def test_no_minute_has_more_calls_than_the_tier(pacer: Pacer) -> None:
    loop = asyncio.get_running_loop()
    times = []
    for _ in range(130):
        await pacer.take(UPDATE, "C1", Urgency.FINAL)
        times.append(loop.time())
    for at in range(len(times) - 50):
        assert times[at + 50] - times[at] > 60


@pytest.mark.looptime
async def test_progress_leaves_room_for_firsts_and_firsts_for_endings(pacer: Pacer) -> None:
    def so_many(urgency: Urgency) -> int:
        count = 0
        while pacer.try_take(UPDATE, "C1", urgency):
            count += 1
        return count

    assert so_many(Urgency.PROGRESS) == 35
    assert so_many(Urgency.FIRST) == 7
    assert so_many(Urgency.FINAL) == 8


@pytest.mark.looptime
async def test_posts_to_one_channel_come_in_short_bursts_only(pacer: Pacer) -> None:
    loop = asyncio.get_running_loop()
    for _ in range(5):
        await pacer.take(POST, "C1", Urgency.FINAL)
    assert loop.time() == 0
    await pacer.take(POST, "C2", Urgency.FINAL)
    assert loop.time() == 0
    await pacer.take(POST, "C1", Urgency.FINAL)
    assert loop.time() > 5


@pytest.mark.looptime
async def test_replicas_share_a_tier(pacer: Pacer) -> None:
    pacer.share(2)
    taken = [pacer.try_take(START, "C1", Urgency.FINAL) for _ in range(20)]
    assert taken.count(True) == 10


@pytest.mark.looptime
async def test_the_interval_grows_with_the_writers(pacer: Pacer) -> None:
    assert pacer.interval_s("chat.appendStream") == 0.5
    for _ in range(20):
        pacer.enter("chat.appendStream")
    assert pacer.interval_s("chat.appendStream") == pytest.approx(20 * 60 / 70)
    for _ in range(20):
        pacer.leave("chat.appendStream")
    assert pacer.interval_s("chat.appendStream") == 0.5


@pytest.mark.looptime
async def test_a_refusal_stops_everybody_and_then_lets_them_through_one_by_one() -> None:
    pacer = Pacer(LoopClock(), paced=False)
    loop = asyncio.get_running_loop()
    pacer.pause(POST, "C1", 10)
    times: list[float] = []

    async def post() -> None:
        await pacer.take(POST, "C1", Urgency.FINAL)
        times.append(loop.time())

    await asyncio.gather(*(post() for _ in range(4)))
    assert times == pytest.approx([10, 11, 12, 13], abs=0.1)
    assert pacer.wait_s(POST, "C2", Urgency.FINAL) == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1),
        ("0.5", 0.5),
        ("30", 30),
        ("99999", 60),
        ("soon", 5),
        (None, 5),
        ("-3", 5),
        ("nan", 5),
    ],
)
def test_what_a_429_says_is_never_believed_too_far(value: str | None, seconds: float) -> None:
    assert read_retry_after(value) == seconds
