from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from core.completion import ChatRequest, Delta, Finished
from core.errors import BadRequest, BreakerOpen, ConnectionFailed, ModelError, ServiceUnavailable
from core.model.breaking import BreakingModel
from tests.fakes.clock import FakeClock, LoopClock, settle
from tests.fakes.model import ScriptedModel, Step, collect, make_request

FAILURES, RESET_S = 3, 30.0
DOWN = ServiceUnavailable("down")


class Bench:
    """A breaker over a model that the test can take down."""

    def __init__(self, *scripts: str | BaseException | list[Step]) -> None:
        self.clock = FakeClock()
        self.inner = ScriptedModel(*scripts)
        self.model = BreakingModel(self.inner, self.clock, FAILURES, RESET_S)

    async def ask(self, request: ChatRequest | None = None) -> str:
        """`ok`, or the category of the error."""
        try:
            await collect(self.model.stream(request or make_request()))
        except ModelError as error:
            return error.category
        return "ok"

    @property
    def state(self) -> str:
        return self.model.states()["fake/model"]


async def test_it_opens_after_so_many_failures_in_a_row_and_then_asks_nobody() -> None:
    bench = Bench(DOWN)
    assert [await bench.ask() for _ in range(5)] == [
        *["service_unavailable"] * 3,
        *["breaker_open"] * 2,
    ]
    assert len(bench.inner.requests) == 3
    assert bench.state == "open"


async def test_an_answer_in_between_starts_the_count_anew() -> None:
    bench = Bench(DOWN, DOWN, "ok", DOWN, DOWN, "ok")
    assert "breaker_open" not in [await bench.ask() for _ in range(6)]
    assert bench.state == "closed"


async def test_failures_in_mid_stream_count_though_text_had_come() -> None:
    bench = Bench(["begun", ConnectionFailed()])
    for _ in range(3):
        await bench.ask()
    assert bench.state == "open"


async def test_the_error_says_when_to_come_back() -> None:
    bench = Bench(DOWN)
    for _ in range(3):
        await bench.ask()
    await bench.clock.advance(10)
    with pytest.raises(BreakerOpen) as caught:
        await collect(bench.model.stream(make_request()))
    assert caught.value.retry_after_s == pytest.approx(20)


async def test_one_of_a_hundred_waiting_calls_is_the_probe() -> None:
    go = asyncio.Event()
    bench = Bench(DOWN, DOWN, DOWN, [go, "ok"])
    for _ in range(3):
        await bench.ask()
    await bench.clock.advance(RESET_S)
    assert bench.state == "half_open"
    calls = [asyncio.create_task(bench.ask()) for _ in range(100)]
    await settle()
    assert len(bench.inner.requests) == 4
    go.set()
    results = await asyncio.gather(*calls)
    assert sorted(results) == ["breaker_open"] * 99 + ["ok"]
    assert bench.state == "closed"


async def test_the_first_word_of_a_probe_lets_everybody_in_again() -> None:
    go = asyncio.Event()
    bench = Bench(DOWN, DOWN, DOWN, ["first", go, "rest"], "ok")
    for _ in range(3):
        await bench.ask()
    await bench.clock.advance(RESET_S)
    async with aclosing(bench.model.stream(make_request())) as probe:
        assert await anext(probe) == Delta("first")
        assert bench.state == "closed"
        assert await bench.ask() == "ok"


async def test_a_failed_probe_closes_the_door_for_another_period() -> None:
    bench = Bench(DOWN)
    for _ in range(3):
        await bench.ask()
    await bench.clock.advance(RESET_S)
    assert await bench.ask() == "service_unavailable"
    await bench.clock.advance(RESET_S - 1)
    assert await bench.ask() == "breaker_open"
    await bench.clock.advance(1)
    assert await bench.ask() == "service_unavailable"


async def test_a_cancelled_probe_neither_opens_nor_sticks() -> None:
    bench = Bench(DOWN, DOWN, DOWN, [asyncio.Event()], "ok")
    for _ in range(3):
        await bench.ask()
    await bench.clock.advance(RESET_S)
    probe = asyncio.create_task(bench.ask())
    await settle()
    assert await bench.ask() == "breaker_open"
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    assert bench.state == "half_open"
    assert await bench.ask() == "ok"
    assert bench.state == "closed"


async def test_cancelled_calls_do_not_count_as_failures() -> None:
    bench = Bench([asyncio.Event()])
    for _ in range(5):
        call = asyncio.create_task(bench.ask())
        await settle()
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    assert bench.state == "closed"


async def test_errors_of_the_caller_do_not_count() -> None:
    bench = Bench(BadRequest())
    assert {await bench.ask() for _ in range(10)} == {"bad_request"}


async def test_an_error_of_the_caller_ends_a_probe_without_a_verdict() -> None:
    bench = Bench(DOWN, DOWN, DOWN, BadRequest(), "ok")
    for _ in range(3):
        await bench.ask()
    await bench.clock.advance(RESET_S)
    assert await bench.ask() == "bad_request"
    assert bench.state == "half_open"
    assert await bench.ask() == "ok"


async def test_a_straggler_from_before_does_not_disturb_the_probe() -> None:
    go = asyncio.Event()
    bench = Bench([go, DOWN], DOWN, DOWN, DOWN, "ok")
    straggler = asyncio.create_task(bench.ask())
    await settle()
    for _ in range(3):
        await bench.ask()
    await bench.clock.advance(RESET_S - 1)
    go.set()
    assert await straggler == "service_unavailable"
    await bench.clock.advance(1)
    assert await bench.ask() == "ok"


async def test_models_break_apart_from_each_other() -> None:
    bench = Bench(DOWN, DOWN, DOWN, "ok")
    for _ in range(3):
        await bench.ask(make_request(model="a"))
    assert await bench.ask(make_request(model="b")) == "ok"
    assert bench.model.states() == {"a": "open", "b": "closed"}


@pytest.mark.looptime
async def test_two_minutes_down_at_twenty_questions_a_minute_cost_the_provider_little() -> None:
    clock = LoopClock()
    inner = ScriptedModel(*[DOWN] * 6, "ok")
    model = BreakingModel(inner, clock, FAILURES, RESET_S)
    answered_at = None
    for _ in range(60):
        try:
            await collect(model.stream(make_request()))
            answered_at = answered_at or clock.monotonic()
        except ModelError:
            pass
        await clock.sleep(3)
    # Three failures, a probe each 30 s after that, and the fourth probe finds it well again.
    assert answered_at == pytest.approx(6 + 4 * 30, abs=6)
    assert len(inner.requests) >= 7


async def test_a_cut_answer_is_no_sign_of_health() -> None:
    cut: list[Step] = ["begun", Finished(None, "fake/model", "cut")]
    bench = Bench(DOWN, DOWN, cut, DOWN)
    for _ in range(4):
        await bench.ask()
    assert bench.state == "open"
