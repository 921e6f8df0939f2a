from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

import pytest

from core.completion import Finished, Usage
from core.errors import BadRequest, ModelError, NotStored, ServiceUnavailable
from core.model.falling_back import FallingBackModel
from core.model.metered import Meter, MeteredModel
from core.model.retrying import RetryingModel
from core.model.traced import TracedModel
from tests.core.model.test_metered import Prices, Rows, Words
from tests.core.turns.office import CallsHeard
from tests.fakes.clock import START, LoopClock, settle
from tests.fakes.model import USAGE, Pause, ScriptedModel, Step, collect, make_request

if TYPE_CHECKING:
    from core.completion import Call
    from core.ports import ChatModel

pytestmark = pytest.mark.looptime


class Failing:
    def called(self, call: Call) -> None:
        raise ZeroDivisionError


class Bench:
    def __init__(self, *scripts: str | BaseException | list[Step]) -> None:
        self.inner, self.rows, self.meter = ScriptedModel(*scripts), Rows(), Meter()
        self.heard, self.clock = CallsHeard(), LoopClock()
        metered = MeteredModel(self.inner, self.rows, Prices(), Words(), self.meter)
        observers = [Failing(), self.heard]
        self.model: ChatModel = TracedModel(metered, self.meter, self.clock, observers)

    async def ask(self) -> Call:
        with suppress(ModelError):
            await collect(self.model.stream(make_request()))
        (call,) = self.heard.calls
        return call


async def test_a_call_is_told_with_its_words_its_times_and_what_it_cost() -> None:
    bench = Bench([Pause(2), "I am", Pause(3), " well."])
    call = await bench.ask()
    assert (call.request, call.said) == (make_request(), "I am well.")
    assert (call.began_at, call.first_token_s, call.took_s) == (START, 2.0, 5.0)
    assert (call.finish_reason, call.error) == ("stop", "")
    assert bench.meter.take("turn-1") == (call.completion,)
    assert (call.completion.usage, call.completion.outcome) == (USAGE, "answered")
    assert call.completion.cost_usd == USAGE.input_tokens + 10 * USAGE.output_tokens


async def test_a_failed_call_says_how_it_failed() -> None:
    call = await Bench(["half", BadRequest("no such model")]).ask()
    assert (call.said, call.completion.outcome) == ("half", "bad_request")
    assert (call.error, call.finish_reason) == ("no such model", None)


async def test_a_call_without_a_word_has_no_first_token() -> None:
    call = await Bench([Pause(2), ServiceUnavailable()]).ask()
    assert (call.first_token_s, call.took_s, call.said) == (None, 2.0, "")


async def test_a_closed_and_a_cancelled_call_are_told_once() -> None:
    bench = Bench(["one two", asyncio.Event()])
    async with aclosing(bench.model.stream(make_request())) as events:
        await anext(events)
    call = asyncio.create_task(collect(bench.model.stream(make_request())))
    await settle()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    assert [(one.said, one.completion.outcome) for one in bench.heard.calls] == [
        ("one two", "stopped"),
        ("one two", "stopped"),
    ]
    assert bench.inner.running == 0


async def test_a_call_closed_at_its_end_keeps_its_end() -> None:
    """As the wrapper outside of it does that finds the answer empty."""
    bench = Bench([Finished(Usage(1, 0), "m", "content_filter")])
    async with aclosing(bench.model.stream(make_request())) as events:
        await anext(events)
    (call,) = bench.heard.calls
    assert (call.finish_reason, call.completion.outcome) == ("content_filter", "answered")


async def test_a_call_that_was_never_made_is_not_told() -> None:
    bench = Bench("ok", "ok")
    await bench.ask()
    bench.rows.down = True
    with pytest.raises(NotStored):
        await collect(bench.model.stream(make_request()))
    assert len(bench.heard.calls) == 1, "the row before it is an older call's"


async def test_each_repetition_and_each_other_model_is_a_call_of_its_own() -> None:
    bench = Bench(ServiceUnavailable(), ServiceUnavailable(), "ok")
    model = FallingBackModel(RetryingModel(bench.model, bench.clock, 1), ["fake/other"])
    await collect(model.stream(make_request()))
    told = [(call.request.model, call.completion.outcome) for call in bench.heard.calls]
    assert told == [
        ("fake/model", "service_unavailable"),
        ("fake/model", "service_unavailable"),
        ("fake/other", "answered"),
    ]
    assert [call.completion.n for call in bench.heard.calls] == [1, 2, 3]
    assert bench.heard.calls[1].began_at > bench.heard.calls[0].began_at
