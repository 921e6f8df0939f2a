from __future__ import annotations

from contextlib import aclosing

import pytest

from core.completion import Delta, Finished, Switched
from core.errors import (
    AuthenticationFailed,
    BreakerOpen,
    ConnectionFailed,
    ContentRefused,
    ServiceUnavailable,
)
from core.model.falling_back import FallingBackModel
from tests.fakes.model import USAGE, ScriptedModel, collect, make_request


async def test_the_next_model_takes_over_and_says_so() -> None:
    inner = ScriptedModel(ServiceUnavailable(), BreakerOpen(), "ok")
    events = await collect(FallingBackModel(inner, ["b", "c"]).stream(make_request(model="a")))
    assert events == [Switched("b"), Switched("c"), Delta("ok"), Finished(USAGE, "c", "stop")]
    assert [request.model for request in inner.requests] == ["a", "b", "c"]


async def test_when_nobody_answers_the_requested_models_error_is_told() -> None:
    inner = ScriptedModel(BreakerOpen(retry_after_s=7), AuthenticationFailed())
    with pytest.raises(BreakerOpen):
        await collect(FallingBackModel(inner, ["b"]).stream(make_request()))


async def test_a_model_is_never_tried_twice() -> None:
    inner = ScriptedModel(ServiceUnavailable())
    with pytest.raises(ServiceUnavailable):
        await collect(FallingBackModel(inner, ["b", "a", "b"]).stream(make_request(model="a")))
    assert [request.model for request in inner.requests] == ["a", "b"]


async def test_begun_text_is_not_continued_by_another_model() -> None:
    inner = ScriptedModel(["begun", ConnectionFailed()], "other words")
    with pytest.raises(ConnectionFailed):
        await collect(FallingBackModel(inner, ["b"]).stream(make_request()))
    assert len(inner.requests) == 1


async def test_a_refusal_by_a_content_filter_stands() -> None:
    inner = ScriptedModel(ContentRefused(), "unfiltered")
    with pytest.raises(ContentRefused):
        await collect(FallingBackModel(inner, ["b"]).stream(make_request()))
    assert len(inner.requests) == 1


async def test_leaving_early_closes_the_model_that_speaks() -> None:
    inner = ScriptedModel(ServiceUnavailable(), ["one", "two"])
    async with aclosing(FallingBackModel(inner, ["b"]).stream(make_request())) as events:
        assert await anext(events) == Switched("b")
        assert await anext(events) == Delta("one")
    assert inner.closed_early == 1
