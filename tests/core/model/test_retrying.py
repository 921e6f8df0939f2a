from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from core.completion import Delta, Finished, Retrying
from core.errors import (
    AuthenticationFailed,
    BadRequest,
    BreakerOpen,
    ConnectionFailed,
    ContentRefused,
    ContextTooLong,
    EmptyAnswer,
    ModelError,
    ModelTimeout,
    QuotaExceeded,
    RateLimited,
    ServiceUnavailable,
)
from core.model.retrying import RetryingModel
from tests.fakes.clock import LoopClock, settle
from tests.fakes.model import ScriptedModel, collect, collect_until_error, make_request

pytestmark = pytest.mark.looptime


async def test_three_retries_come_after_two_four_and_eight_seconds() -> None:
    clock, inner = LoopClock(), ScriptedModel(*[ServiceUnavailable()] * 3, "ok")
    events = await collect(RetryingModel(inner, clock).stream(make_request()))
    assert events[:3] == [Retrying(n, 2.0**n, "service_unavailable") for n in (1, 2, 3)]
    assert events[3] == Delta("ok")
    assert isinstance(events[4], Finished)
    assert clock.sleeps == [2, 4, 8]


async def test_the_last_error_is_raised_as_it_is() -> None:
    inner = ScriptedModel(RateLimited("1"), RateLimited("2"), ModelTimeout("3"), ModelTimeout("4"))
    with pytest.raises(ModelTimeout, match="4"):
        await collect(RetryingModel(inner, LoopClock()).stream(make_request()))
    assert len(inner.requests) == 4


@pytest.mark.parametrize("error", [RateLimited, ServiceUnavailable, ModelTimeout, ConnectionFailed])
async def test_what_may_pass_by_itself_is_repeated(error: type[ModelError]) -> None:
    inner = ScriptedModel(error(), "ok")
    await collect(RetryingModel(inner, LoopClock()).stream(make_request()))
    assert len(inner.requests) == 2


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationFailed,
        BadRequest,
        BreakerOpen,
        ContentRefused,
        ContextTooLong,
        EmptyAnswer,
        QuotaExceeded,
    ],
)
async def test_what_will_not_pass_by_itself_is_not_repeated(error: type[ModelError]) -> None:
    inner = ScriptedModel(error(), "ok")
    with pytest.raises(error):
        await collect(RetryingModel(inner, LoopClock()).stream(make_request()))
    assert len(inner.requests) == 1


@pytest.mark.parametrize(
    ("asked_s", "waited_s"), [(None, 2), (0.5, 2), (7, 7), (30, 30), (3_600, 30)]
)
async def test_the_wait_is_the_providers_within_bounds(
    asked_s: float | None, waited_s: float
) -> None:
    clock, inner = LoopClock(), ScriptedModel(RateLimited(retry_after_s=asked_s), "ok")
    events = await collect(RetryingModel(inner, clock).stream(make_request()))
    assert clock.sleeps == [waited_s]
    assert events[0] == Retrying(1, waited_s, "rate_limit")


async def test_nothing_is_repeated_once_text_has_come() -> None:
    inner = ScriptedModel(["begun", ConnectionFailed()], "again")
    model = RetryingModel(inner, LoopClock())
    events, error = await collect_until_error(model.stream(make_request()))
    assert events == [Delta("begun")]
    assert isinstance(error, ConnectionFailed)
    assert len(inner.requests) == 1


async def test_cancelling_a_call_repeats_nothing() -> None:
    inner = ScriptedModel([asyncio.Event()])
    call = asyncio.create_task(collect(RetryingModel(inner, LoopClock()).stream(make_request())))
    await settle()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert call.cancelled()
    assert (len(inner.requests), inner.running) == (1, 0)


async def test_cancelling_a_wait_repeats_nothing() -> None:
    clock, inner = LoopClock(), ScriptedModel(ServiceUnavailable())
    call = asyncio.create_task(collect(RetryingModel(inner, clock).stream(make_request())))
    await settle(50)
    assert clock.sleeps == [2]
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert len(inner.requests) == 1


async def test_a_reader_may_leave_at_any_event() -> None:
    for wanted in range(1, 4):
        inner = ScriptedModel(ServiceUnavailable(), ["one", "two"])
        async with aclosing(RetryingModel(inner, LoopClock()).stream(make_request())) as events:
            for _ in range(wanted):
                await anext(events)
        assert inner.running == 0


async def test_with_no_retries_the_first_error_stands() -> None:
    inner = ScriptedModel(ServiceUnavailable(), "ok")
    with pytest.raises(ServiceUnavailable):
        await collect(RetryingModel(inner, LoopClock(), retries=0).stream(make_request()))
