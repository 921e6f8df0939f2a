"""What every lane to a model does with the same bytes."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from adapters.litellm.lanes import Lanes
from adapters.litellm.targets import Lane, Target
from adapters.wire.sessions import build_session
from core.completion import ChatMessage, ChatRequest, Delta, Finished, Image, Usage
from core.errors import ModelError
from tests.adapters.litellm.provider import (
    DONE,
    END,
    JSON,
    STREAM_HEAD,
    Provider,
    answer,
    delta,
    event,
    finish,
    part,
    stream,
    usage,
)
from tests.fakes.model import collect, collect_until_error, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL = "openai/m"
REQUEST = ChatRequest(
    turn_id="turn-1",
    messages=(ChatMessage("system", "Be brief."), ChatMessage("user", "Hello? ½ 🦊")),
    model=MODEL,
    temperature=0.3,
    max_tokens=50,
    user="u-1",
)


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=["lean", "litellm"])
async def lanes(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Lanes, Lane]]:
    lane: Lane = request.param
    async with build_session() as session:
        target = Target(MODEL, "key", "http://127.0.0.1:9/v1", lane)
        lanes = Lanes([target], session)
        lanes.start()
        await lanes.ready()
        yield lanes, lane
        await lanes.close()


@pytest_asyncio.fixture(loop_scope="module")
async def provider(lanes: tuple[Lanes, Lane]) -> AsyncIterator[Provider]:
    async with Provider() as provider:
        lanes[0].add(Target(MODEL, "key", provider.url, lanes[1]))
        yield provider


@pytest.fixture
def model(lanes: tuple[Lanes, Lane], provider: Provider) -> Lanes:
    return lanes[0]


async def error_of(model: Lanes) -> ModelError:
    events, error = await collect_until_error(model.stream(REQUEST))
    assert error is not None, f"no error, but {events}"
    return error


async def test_an_answer_is_its_text_then_how_it_ended(model: Lanes, provider: Provider) -> None:
    provider.says(
        stream(
            delta("", role="assistant"), delta("Hi "), delta("Ada ½ 🦊"), finish(), usage(), DONE
        )
    )
    events = await collect(model.stream(REQUEST))
    assert text_of(events) == "Hi Ada ½ 🦊"
    assert events[-1] == Finished(Usage(7, 2), MODEL, "stop")
    assert sum(isinstance(event, Finished) for event in events) == 1
    assert Delta("") not in events


async def test_the_question_goes_out_as_it_is(model: Lanes, provider: Provider) -> None:
    provider.says(stream(delta("ok"), finish(), DONE))
    await collect(model.stream(REQUEST))
    assert provider.lines == ["POST /v1/chat/completions HTTP/1.1"]
    assert provider.headers[0]["authorization"] == "Bearer key"
    sent = provider.requests[0]
    assert sent["model"] == "m"
    assert [(m["role"], m["content"]) for m in sent["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hello? ½ 🦊"),
    ]
    assert (sent["temperature"], sent["max_tokens"]) == (0.3, 50)
    assert sent["stream"] is True
    assert sent["stream_options"] == {"include_usage": True}


async def test_pictures_go_along(model: Lanes, provider: Provider) -> None:
    provider.says(stream(delta("a cat"), finish(), DONE))
    message = ChatMessage("user", "What is it?", (Image("image/png", b"\x89PNG"),))
    await collect(model.stream(ChatRequest("t", (message,), MODEL, 0.3, 50)))
    assert provider.requests[0]["messages"][0]["content"] == [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
    ]


async def test_text_arrives_while_the_rest_is_still_being_thought_of(
    model: Lanes, provider: Provider
) -> None:
    go = asyncio.Event()
    provider.says(STREAM_HEAD, part(delta("first")), go, part(delta("second")), part(finish()), END)
    async with asyncio.timeout(10), aclosing(model.stream(REQUEST)) as events:
        assert await anext(events) == Delta("first")
        go.set()
        assert await anext(events) == Delta("second")


async def test_events_cut_in_the_middle_are_put_together(model: Lanes, provider: Provider) -> None:
    whole = delta("½ 🦊 ok") + finish() + usage() + DONE
    whole = whole.replace(b"\\u00bd", "½".encode()).replace(b"\\ud83e\\udd8a", "🦊".encode())
    pieces = [part(whole[at : at + 3]) for at in range(0, len(whole), 3)]
    provider.says(STREAM_HEAD, *pieces, END)
    events = await collect(model.stream(REQUEST))
    assert text_of(events) == "½ 🦊 ok"
    assert events[-1] == Finished(Usage(7, 2), MODEL, "stop")


async def test_keep_alives_say_nothing(model: Lanes, provider: Provider) -> None:
    ping = b": ping\n\n"
    provider.says(stream(ping, delta("a"), ping, ping, delta("b"), finish(), ping, DONE))
    assert text_of(await collect(model.stream(REQUEST))) == "ab"


async def test_reasoning_is_no_part_of_the_answer(model: Lanes, provider: Provider) -> None:
    thought = event(choices=[{"index": 0, "delta": {"reasoning_content": "Hmm."}}])
    provider.says(stream(thought, thought, delta("Yes."), finish(), DONE))
    assert text_of(await collect(model.stream(REQUEST))) == "Yes."


async def test_cached_and_reasoning_tokens_are_told_apart(model: Lanes, provider: Provider) -> None:
    details = {
        "prompt_tokens_details": {"cached_tokens": 64},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }
    provider.says(stream(delta("ok"), finish(), usage(100, 40, **details), DONE))
    events = await collect(model.stream(REQUEST))
    assert events[-1] == Finished(Usage(100, 40, 64, 30), MODEL, "stop")


async def test_without_usage_none_is_made_up(model: Lanes, provider: Provider) -> None:
    provider.says(stream(delta("ok"), finish(), DONE))
    assert (await collect(model.stream(REQUEST)))[-1] == Finished(None, MODEL, "stop")


@pytest.mark.parametrize(
    ("said", "reason"),
    [("stop", "stop"), ("length", "length"), ("content_filter", "content_filter")],
)
async def test_the_reason_of_the_end_is_kept(
    model: Lanes, provider: Provider, said: str, reason: str
) -> None:
    provider.says(stream(delta("ok"), finish(said), DONE))
    last = (await collect(model.stream(REQUEST)))[-1]
    assert isinstance(last, Finished)
    assert last.finish_reason == reason


async def test_a_stream_that_just_ends_is_called_cut(model: Lanes, provider: Provider) -> None:
    provider.says(stream(delta("begun")))
    assert await collect(model.stream(REQUEST)) == [Delta("begun"), Finished(None, MODEL, "cut")]


async def test_a_reset_in_mid_stream_is_a_connection_error(
    model: Lanes, provider: Provider
) -> None:
    shown = asyncio.Event()
    provider.says(STREAM_HEAD, part(delta("begun")), shown, ConnectionResetError)
    async with aclosing(model.stream(REQUEST)) as events:
        assert await anext(events) == Delta("begun")
        shown.set()
        rest, error = await collect_until_error(events)
    assert rest == []
    assert error is not None
    assert error.category in ("connection", "service_unavailable")
    assert error.retryable


async def test_an_error_inside_the_stream_is_one(model: Lanes, provider: Provider) -> None:
    broken = {"error": {"message": "The server had an error", "type": "server_error"}}
    provider.says(stream(delta("begun"), b"data: " + json.dumps(broken).encode() + b"\n\n"))
    events, error = await collect_until_error(model.stream(REQUEST))
    assert text_of(events) == "begun"
    assert error is not None
    assert error.category in ("connection", "service_unavailable")


async def test_an_unreadable_event_is_never_shown_as_complete(
    model: Lanes, provider: Provider
) -> None:
    provider.says(stream(delta("begun"), b"data: {oops\n\n", delta("more"), finish(), DONE))
    events, error = await collect_until_error(model.stream(REQUEST))
    assert error is not None
    assert error.retryable
    assert not any(isinstance(event, Finished) for event in events)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [delta("")],
        [event(choices=[])],
        [delta(" \n")],
        [event(choices=[{"index": 0, "delta": {"content": None}}])],
    ],
)
async def test_an_empty_answer_is_no_crash(
    model: Lanes, provider: Provider, events: list[bytes]
) -> None:
    provider.says(stream(*events, finish(), DONE))
    said = await collect(model.stream(REQUEST))
    assert text_of(said).strip() == ""
    assert isinstance(said[-1], Finished)


def body(message: str = "No.", **fields: object) -> bytes:
    return json.dumps({"error": {"message": message, "type": "x_error", **fields}}).encode()


@pytest.mark.parametrize(
    ("status", "said", "category"),
    [
        ("401 Unauthorized", body(type="invalid_request_error"), "auth"),
        ("403 Forbidden", body(), "auth"),
        ("404 Not Found", body("The model does not exist", code="model_not_found"), "bad_request"),
        ("408 Request Timeout", body(), "timeout"),
        ("429 Too Many Requests", body(), "rate_limit"),
        ("429 Too Many Requests", body(code="insufficient_quota"), "quota"),
        ("500 Internal Server Error", body(), "service_unavailable"),
        ("500 Oops", body(type="invalid_request_error"), "service_unavailable"),
        ("502 Bad Gateway", b"<html><body>nginx</body></html>", "service_unavailable"),
        ("503 Service Unavailable", b"", "service_unavailable"),
        ("504 Gateway Timeout", b"", "timeout"),
        ("529 Overloaded", body(), "service_unavailable"),
        (
            "400 Bad Request",
            body("This model's maximum context length is 9 tokens", code="context_length_exceeded"),
            "context_window",
        ),
        (
            "400 Bad Request",
            body("The response was filtered", code="content_filter"),
            "content_policy",
        ),
        ("400 Bad Request", body("Odd role", type="invalid_request_error"), "bad_request"),
    ],
)
async def test_a_refusal_has_its_category(
    model: Lanes, provider: Provider, status: str, said: bytes, category: str
) -> None:
    provider.says(answer(said, status, kind="text/html" if said[:1] == b"<" else JSON))
    assert (await error_of(model)).category == category
    assert len(provider.requests) == 1


@pytest.mark.parametrize(("said", "seconds"), [("7", 7), ("0.5", 0.5), ("soon", None)])
async def test_the_wait_that_a_provider_asks_for_is_passed_on(
    model: Lanes, provider: Provider, said: str, seconds: float | None
) -> None:
    provider.says(answer(body(), "429 Too Many Requests", f"Retry-After: {said}"))
    assert (await error_of(model)).retry_after_s == seconds


async def test_nobody_at_home_is_a_connection_error(lanes: tuple[Lanes, Lane]) -> None:
    async with Provider() as gone:
        url = gone.url
    lanes[0].add(Target(MODEL, "key", url, lanes[1]))
    assert (await error_of(lanes[0])).category == "connection"


async def test_a_connection_closed_without_an_answer_is_a_connection_error(
    model: Lanes, provider: Provider
) -> None:
    provider.says(ConnectionResetError)
    assert (await error_of(model)).category == "connection"


async def test_cancelling_while_waiting_for_the_first_word_ends_the_call(
    model: Lanes, provider: Provider
) -> None:
    provider.says(STREAM_HEAD, asyncio.Event())
    call = asyncio.create_task(collect(model.stream(REQUEST)))
    async with asyncio.timeout(10):
        await provider.asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
