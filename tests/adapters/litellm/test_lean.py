from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.litellm.lean import LeanLane
from adapters.litellm.targets import Target
from adapters.wire.sessions import build_session
from core.completion import ChatMessage, ChatRequest, Delta, Finished, Usage
from core.errors import BadRequest, ServiceUnavailable
from tests.adapters.litellm.provider import (
    DONE,
    END,
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
from tests.fakes.model import collect, collect_until_error, make_request, text_of

OK = stream(delta("ok"), finish(), usage(), DONE)


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider() as provider:
        yield provider


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with build_session() as session:
        yield session


@pytest.fixture
def lane(provider: Provider, session: aiohttp.ClientSession) -> LeanLane:
    return LeanLane(Target("openai/m", "", provider.url, "lean"), session)


def refusal(message: str, **fields: str) -> bytes:
    body = json.dumps({"error": {"message": message, **fields}}).encode()
    return answer(body, "400 Bad Request")


@pytest.mark.parametrize(
    ("refused", "message"),
    [
        ("stream_options", "Unrecognized request argument supplied: stream_options"),
        ("temperature", "'temperature' does not support 0.7 with this model"),
        ("max_tokens", "Unsupported parameter: 'max_tokens'"),
        ("user", "extra fields not permitted: user"),
    ],
)
async def test_an_unknown_parameter_is_left_out_from_then_on(
    lane: LeanLane, provider: Provider, refused: str, message: str
) -> None:
    provider.says(refusal(message))
    provider.says(OK)
    request = ChatRequest("t", (ChatMessage("user", "Hi"),), "openai/m", 0.7, 9, user="u")
    for _ in range(2):
        assert text_of(await collect(lane.stream(request))) == "ok"
    assert [refused in sent for sent in provider.requests] == [True, False, False]


async def test_newer_models_get_the_newer_name_of_a_parameter(
    lane: LeanLane, provider: Provider
) -> None:
    provider.says(refusal("'max_tokens' is not supported. Use 'max_completion_tokens' instead."))
    provider.says(refusal("Unsupported value: 'temperature' does not support 0.7"))
    provider.says(OK)
    await collect(lane.stream(make_request(max_tokens=77)))
    assert provider.requests[-1]["max_completion_tokens"] == 77
    assert "max_tokens" not in provider.requests[-1]
    assert "temperature" not in provider.requests[-1]
    await collect(lane.stream(make_request(max_tokens=78)))
    assert provider.requests[-1]["max_completion_tokens"] == 78
    assert len(provider.requests) == 4


async def test_a_parameter_is_not_given_up_for_a_call_that_failed_anyway(
    lane: LeanLane, provider: Provider
) -> None:
    provider.says(refusal("Unknown: stream_options"))
    provider.says(refusal("No such model"))
    provider.says(OK)
    _, error = await collect_until_error(lane.stream(make_request()))
    assert isinstance(error, BadRequest)
    await collect(lane.stream(make_request()))
    assert "stream_options" in provider.requests[-1]


async def test_an_answer_in_one_piece_is_one_too(lane: LeanLane, provider: Provider) -> None:
    body = {
        "choices": [{"message": {"content": "Hi"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    }
    provider.says(answer(json.dumps(body).encode()))
    assert await collect(lane.stream(make_request(model="openai/m"))) == [
        Delta("Hi"),
        Finished(Usage(3, 1), "openai/m", "length"),
    ]


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'"a"'])
async def test_an_unreadable_answer_in_one_piece_is_the_providers_fault(
    lane: LeanLane, provider: Provider, body: bytes
) -> None:
    provider.says(answer(body))
    _, error = await collect_until_error(lane.stream(make_request()))
    assert isinstance(error, ServiceUnavailable)


async def test_a_page_of_html_is_no_answer(lane: LeanLane, provider: Provider) -> None:
    provider.says(answer(b"<html>Log in</html>", kind="text/html"))
    _, error = await collect_until_error(lane.stream(make_request()))
    assert isinstance(error, ServiceUnavailable)


async def test_the_key_does_not_follow_a_redirect(lane: LeanLane, provider: Provider) -> None:
    provider.says(answer(b"", "307 Temporary Redirect", "Location: http://127.0.0.1:1/steal"))
    _, error = await collect_until_error(lane.stream(make_request()))
    assert isinstance(error, BadRequest)
    assert len(provider.requests) == 1


async def test_done_without_a_reason_is_a_stop(lane: LeanLane, provider: Provider) -> None:
    provider.says(stream(delta("ok"), DONE))
    assert (await collect(lane.stream(make_request(model="m"))))[-1] == Finished(None, "m", "stop")


async def test_a_reset_after_the_reason_takes_nothing_from_the_answer(
    lane: LeanLane, provider: Provider
) -> None:
    shown = asyncio.Event()
    provider.says(STREAM_HEAD, part(delta("ok", "stop")), shown, ConnectionResetError)
    events = []
    async for said in lane.stream(make_request(model="m")):
        events.append(said)
        shown.set()
    assert events == [Delta("ok"), Finished(None, "m", "stop")]


async def test_an_error_in_the_middle_comes_after_the_text_before_it(
    lane: LeanLane, provider: Provider
) -> None:
    error_frame = b'data: {"error": {"message": "Overloaded", "code": 529}}\n\n'
    provider.says(STREAM_HEAD + part(delta("be") + delta("gun") + error_frame))
    events, error = await collect_until_error(lane.stream(make_request()))
    assert events == [Delta("begun")]
    assert isinstance(error, ServiceUnavailable)


@pytest.mark.parametrize(
    ("error", "category"),
    [
        ({"message": "x", "code": 429}, "rate_limit"),
        ({"message": "x", "code": "insufficient_quota"}, "quota"),
        ({"message": "maximum context length", "code": None}, "context_window"),
        ({"message": "x", "code": "content_filter"}, "content_policy"),
        ({"message": "x", "type": "server_error"}, "service_unavailable"),
        ("just words", "service_unavailable"),
        (["odd"], "service_unavailable"),
    ],
)
async def test_an_error_inside_the_stream_has_a_category_too(
    lane: LeanLane, provider: Provider, error: object, category: str
) -> None:
    provider.says(stream(b"data: " + json.dumps({"error": error}).encode() + b"\n\n"))
    _, raised = await collect_until_error(lane.stream(make_request()))
    assert raised is not None
    assert raised.category == category


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": None},
        {"choices": {}},
        {"choices": [None]},
        {"choices": ["x"]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": "x"}]},
        {"choices": [{"delta": {"content": 7}}]},
        {"choices": [{"delta": {"content": [None, {"text": 7}]}}]},
        {"usage": 7},
        {"usage": {"prompt_tokens": "many", "completion_tokens": None}},
        {"usage": {"prompt_tokens_details": 7}},
    ],
)
async def test_odd_events_say_nothing_and_break_nothing(
    lane: LeanLane, provider: Provider, odd: dict[str, object]
) -> None:
    frame = b"data: " + json.dumps(odd).encode() + b"\n\n"
    provider.says(stream(frame, delta("ok"), frame, finish(), DONE))
    assert text_of(await collect(lane.stream(make_request()))) == "ok"


async def test_text_in_parts_is_text(lane: LeanLane, provider: Provider) -> None:
    parts = [{"type": "text", "text": "o"}, {"type": "text", "text": "k"}]
    provider.says(stream(event(choices=[{"delta": {"content": parts}}]), finish(), DONE))
    assert text_of(await collect(lane.stream(make_request()))) == "ok"


async def test_an_event_without_an_end_is_given_up(lane: LeanLane, provider: Provider) -> None:
    provider.says(STREAM_HEAD, *[part(b"x" * 1_000_000)] * 6, asyncio.Event())
    _, error = await collect_until_error(lane.stream(make_request()))
    assert isinstance(error, ServiceUnavailable)


async def test_the_connection_is_used_again(lane: LeanLane, provider: Provider) -> None:
    provider.says(OK)
    for _ in range(3):
        await collect(lane.stream(make_request()))
    assert provider.connections == 1


async def test_a_stream_held_open_after_its_end_delays_nobody(
    lane: LeanLane, provider: Provider
) -> None:
    provider.says(STREAM_HEAD, part(delta("ok")), part(finish()), part(DONE), asyncio.Event())
    async with asyncio.timeout(5):
        assert text_of(await collect(lane.stream(make_request()))) == "ok"


async def test_half_a_surrogate_pair_can_be_asked(lane: LeanLane, provider: Provider) -> None:
    provider.says(OK)
    await collect(lane.stream(make_request("broken \ud83e emoji \x00")))
    assert provider.requests[0]["messages"][1]["content"] == "broken ? emoji \x00"


async def test_without_a_key_none_is_sent(lane: LeanLane, provider: Provider) -> None:
    provider.says(OK)
    await collect(lane.stream(make_request()))
    assert "authorization" not in provider.headers[0]


async def test_an_end_that_comes_a_little_later_saves_the_connection_too(
    lane: LeanLane, provider: Provider
) -> None:
    for _ in range(2):
        end_now = asyncio.Event()
        provider.says(STREAM_HEAD + part(delta("ok") + finish() + DONE), end_now, END)
        async for _said in lane.stream(make_request()):
            end_now.set()
    assert len(provider.requests) == 2
    assert provider.connections == 1
