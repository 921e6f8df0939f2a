from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from core.completion import Delta
from core.errors import ServiceUnavailable
from core.model.limited import LimitedModel
from tests.fakes.clock import settle
from tests.fakes.model import ScriptedModel, collect, make_request


async def test_no_more_calls_run_at_once_than_allowed() -> None:
    go = asyncio.Event()
    inner = ScriptedModel([go, "ok"])
    model = LimitedModel(inner, 2)
    calls = [asyncio.create_task(collect(model.stream(make_request()))) for _ in range(5)]
    await settle()
    assert inner.running == 2
    go.set()
    await asyncio.gather(*calls)
    assert inner.most_running == 2
    assert len(inner.requests) == 5


async def test_who_waits_is_served_in_the_order_of_arrival() -> None:
    inner = ScriptedModel("ok")
    model = LimitedModel(inner, 1)
    names = [f"turn-{n}" for n in range(6)]
    calls = [collect(model.stream(make_request(turn_id=name))) for name in names]
    await asyncio.gather(*calls)
    assert [request.turn_id for request in inner.requests] == names


async def test_a_cancelled_waiter_takes_no_place() -> None:
    go = asyncio.Event()
    inner = ScriptedModel([go, "ok"])
    model = LimitedModel(inner, 1)
    first, second, third = (
        asyncio.create_task(collect(model.stream(make_request(turn_id=name)))) for name in "abc"
    )
    await settle()
    second.cancel()
    await settle()
    go.set()
    await asyncio.gather(first, third)
    assert [request.turn_id for request in inner.requests] == ["a", "c"]


async def test_a_failed_or_abandoned_stream_gives_its_place_back() -> None:
    model = LimitedModel(ScriptedModel(ServiceUnavailable(), ["one", "two"], "three"), 1)
    with pytest.raises(ServiceUnavailable):
        await collect(model.stream(make_request()))
    async with aclosing(model.stream(make_request())) as events:
        assert await anext(events) == Delta("one")
    assert (await collect(model.stream(make_request())))[0] == Delta("three")
