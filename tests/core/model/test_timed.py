from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from core.completion import Delta
from core.errors import ModelTimeout
from core.model.timed import TimedModel
from tests.fakes.model import (
    Pause,
    ScriptedModel,
    Step,
    collect,
    collect_until_error,
    make_request,
    text_of,
)

pytestmark = pytest.mark.looptime

FIRST_S, IDLE_S = 30.0, 10.0


def timed(*steps: Step) -> tuple[TimedModel, ScriptedModel]:
    inner = ScriptedModel(list(steps))
    return TimedModel(inner, FIRST_S, IDLE_S), inner


async def test_a_steady_stream_may_take_longer_than_any_single_limit() -> None:
    model, _ = timed(Pause(29), "a", Pause(9), "b", Pause(9), "c", Pause(9))
    assert text_of(await collect(model.stream(make_request()))) == "abc"
    assert asyncio.get_running_loop().time() == pytest.approx(56)


async def test_a_missing_first_token_ends_the_call_at_its_limit() -> None:
    model, inner = timed(Pause(3_600), "too late")
    with pytest.raises(ModelTimeout, match="no first token within 30 s"):
        await collect(model.stream(make_request()))
    assert asyncio.get_running_loop().time() == pytest.approx(FIRST_S)
    assert inner.running == 0


async def test_a_stall_in_mid_stream_ends_the_call_after_the_idle_limit() -> None:
    model, inner = timed("begun", Pause(3_600))
    events, error = await collect_until_error(model.stream(make_request()))
    assert events == [Delta("begun")]
    assert isinstance(error, ModelTimeout)
    assert str(error) == "nothing more within 10 s"
    assert asyncio.get_running_loop().time() == pytest.approx(IDLE_S)
    assert inner.closed_early == 1


async def test_empty_deltas_are_no_progress() -> None:
    drip: list[Step] = [Delta(""), Pause(4)]
    model, _ = timed("begun", *(drip * 100))
    with pytest.raises(ModelTimeout):
        await collect(model.stream(make_request()))
    assert asyncio.get_running_loop().time() == pytest.approx(IDLE_S)


async def test_a_slow_reader_is_not_mistaken_for_a_slow_model() -> None:
    model, _ = timed("a", "b")
    async with aclosing(model.stream(make_request())) as events:
        async for _event in events:
            await asyncio.sleep(100)


async def test_another_time_limit_around_it_is_not_taken_for_its_own() -> None:
    model, _ = timed(Pause(20), "late")
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(5):
            await collect(model.stream(make_request()))
    assert not isinstance(caught.value, ModelTimeout)


async def test_a_time_limit_inside_is_not_taken_for_its_own() -> None:
    model, _ = timed(TimeoutError("the model's own"))
    with pytest.raises(TimeoutError, match="own") as caught:
        await collect(model.stream(make_request()))
    assert not isinstance(caught.value, ModelTimeout)
