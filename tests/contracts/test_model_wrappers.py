"""What every wrapper of a model passes on, alone and all of them around each other."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from adapters.litellm.discovery import Offer
from adapters.litellm.switch import SwitchableModel
from adapters.litellm.targets import Target
from adapters.litellm.tokens import EstimatedTokens
from core.completion import Delta, Finished
from core.errors import BadRequest, ModelError, ServiceUnavailable
from core.model.breaking import BreakingModel
from core.model.checking import CheckingModel
from core.model.falling_back import FallingBackModel
from core.model.limited import LimitedModel
from core.model.metered import Meter, MeteredModel
from core.model.retrying import RetryingModel
from core.model.timed import TimedModel
from core.model.traced import TracedModel
from core.text.clean import is_blank
from tests.core.turns.office import CallsHeard, NoPrices
from tests.fakes.clock import LoopClock, settle
from tests.fakes.model import (
    USAGE,
    ScriptedModel,
    Step,
    collect,
    collect_until_error,
    make_request,
    text_of,
)
from tests.fakes.store import FakeStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.ports import ChatModel

    Wrap = Callable[[ChatModel], ChatModel]

pytestmark = pytest.mark.looptime
REQUEST = make_request()


def switchable(inner: ChatModel) -> ChatModel:
    offer = Offer(Target(REQUEST.model, "key", "http://127.0.0.1:9/v1", "lean"), "demo", "Demo")
    return SwitchableModel(inner, None, offer)  # type: ignore[arg-type]  # no lane is added here


def traced(inner: ChatModel) -> ChatModel:
    meter = Meter()
    metered = MeteredModel(inner, FakeStore(), NoPrices(), EstimatedTokens(), meter)
    return TracedModel(metered, meter, LoopClock(), [CallsHeard()])


WRAPPERS: dict[str, Wrap] = {
    "timed": lambda inner: TimedModel(inner, 60, 60),
    "limited": lambda inner: LimitedModel(inner, 2),
    "metered": lambda inner: MeteredModel(
        inner, FakeStore(), NoPrices(), EstimatedTokens(), Meter()
    ),
    "traced": traced,
    "checking": lambda inner: CheckingModel(inner, is_blank),
    "breaking": lambda inner: BreakingModel(inner, LoopClock(), 5, 60),
    "retrying": lambda inner: RetryingModel(inner, LoopClock()),
    "falling back": lambda inner: FallingBackModel(inner, ()),
    "switchable": switchable,
}


def wrap_in_all(inner: ChatModel) -> ChatModel:
    for wrap in WRAPPERS.values():
        inner = wrap(inner)
    return inner


@pytest.fixture(params=["none", *WRAPPERS, "all"])
def wrap(request: pytest.FixtureRequest) -> Wrap:
    wrappers: dict[str, Wrap] = {**WRAPPERS, "all": wrap_in_all, "none": lambda inner: inner}
    return wrappers[request.param]


def wrapped(wrap: Wrap, *steps: Step) -> tuple[ChatModel, ScriptedModel]:
    inner = ScriptedModel(list(steps))
    return wrap(inner), inner


async def test_what_is_said_comes_in_order_and_one_end_comes_last(wrap: Wrap) -> None:
    model, inner = wrapped(wrap, *(f"w{number} " for number in range(50)))
    events = await collect(model.stream(REQUEST))
    words = [Delta(f"w{number} ") for number in range(50)]
    assert events == [*words, Finished(USAGE, REQUEST.model, "stop")]
    assert (inner.running, inner.closed_early) == (0, 0)


async def test_the_request_goes_down_as_it_is(wrap: Wrap) -> None:
    model, inner = wrapped(wrap, "ok")
    request = replace(REQUEST, temperature=1.3, max_tokens=7, user="u-9")
    await collect(model.stream(request))
    assert inner.requests == [request]


async def test_a_word_is_passed_on_before_the_next_one_is_known(wrap: Wrap) -> None:
    go_on = asyncio.Event()
    model, _ = wrapped(wrap, "first", go_on, "second")
    async with asyncio.timeout(5), aclosing(model.stream(REQUEST)) as events:
        assert await anext(events) == Delta("first")
        go_on.set()
        assert await anext(events) == Delta("second")


async def test_nobody_is_asked_before_somebody_listens(wrap: Wrap) -> None:
    model, inner = wrapped(wrap, "ok")
    async with aclosing(model.stream(REQUEST)):
        pass
    assert inner.requests == []


async def test_closing_it_ends_the_call_at_once(wrap: Wrap) -> None:
    model, inner = wrapped(wrap, "first", "second")
    events = model.stream(REQUEST)
    assert await anext(events) == Delta("first")
    assert inner.running == 1
    await events.aclose()
    assert (inner.running, inner.closed_early) == (0, 1)


@pytest.mark.parametrize("spoken", [[], ["first"]], ids=["before", "after"])
async def test_cancellation_goes_through_and_ends_the_call(wrap: Wrap, spoken: list[Step]) -> None:
    """Before and after the first word."""
    model, inner = wrapped(wrap, *spoken, asyncio.Event())
    call = asyncio.create_task(collect(model.stream(REQUEST)))
    await settle(40)
    assert inner.running == 1
    call.cancel("by a person")
    with pytest.raises(asyncio.CancelledError):
        await call
    assert call.cancelled()
    assert (inner.running, inner.closed_early, len(inner.requests)) == (0, 1, 1)


@pytest.mark.parametrize(
    ("spoken", "error"),
    [([], BadRequest("no")), (["begun"], BadRequest("no")), (["begun"], ServiceUnavailable("off"))],
    ids=["before", "after", "after, retryable"],
)
async def test_an_error_of_the_model_is_raised_as_it_is(
    wrap: Wrap, spoken: list[Step], error: ModelError
) -> None:
    model, inner = wrapped(wrap, *spoken, error)
    events, raised = await collect_until_error(model.stream(REQUEST))
    assert raised is error
    assert text_of(events) == "".join(map(str, spoken))
    assert not any(isinstance(event, Finished) for event in events)
    assert (inner.running, len(inner.requests)) == (0, 1)


async def test_a_bug_is_no_error_of_the_model(wrap: Wrap) -> None:
    model, inner = wrapped(wrap, "begun", ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        await collect(model.stream(REQUEST))
    assert (inner.running, len(inner.requests)) == (0, 1)


async def test_two_calls_at_once_do_not_mix(wrap: Wrap) -> None:
    inner = ScriptedModel(["a1", "a2"], ["b1", "b2"])
    model = wrap(inner)
    async with aclosing(model.stream(REQUEST)) as one, aclosing(model.stream(REQUEST)) as other:
        said = [await anext(one), await anext(other), await anext(one), await anext(other)]
    assert [event.text for event in said if isinstance(event, Delta)] == ["a1", "b1", "a2", "b2"]
    assert inner.running == 0


async def test_an_error_or_an_early_end_leaves_it_usable(wrap: Wrap) -> None:
    """No place, lock or probe is kept by a call that ended badly."""
    hanging: list[Step] = ["begun", asyncio.Event()]
    inner = ScriptedModel(*[[BadRequest("no")], hanging] * 4, "fine")
    model = wrap(inner)
    async with asyncio.timeout(5):
        for _ in range(4):
            await collect_until_error(model.stream(REQUEST))
            async with aclosing(model.stream(REQUEST)) as events:
                await anext(events)
        assert text_of(await collect(model.stream(REQUEST))) == "fine"
