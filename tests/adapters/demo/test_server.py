from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import aiohttp
import pytest

from adapters.demo.faults import NAMES, Faults, read_fault
from adapters.demo.server import DemoServer
from adapters.litellm.lanes import Lanes
from adapters.litellm.targets import Target
from adapters.wire.sessions import build_session
from core.completion import ChatRequest, Delta, Finished
from core.errors import ModelError, ModelTimeout, RateLimited
from core.model.timed import TimedModel
from tests.fakes.model import collect, collect_until_error, make_request, text_of

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def server() -> AsyncIterator[DemoServer]:
    server = DemoServer(think_s=0, pace_s=0)
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with build_session() as session:
        yield session


@pytest.fixture
def model(server: DemoServer, session: aiohttp.ClientSession) -> Lanes:
    return Lanes([Target("demo", base_url=server.base_url, lane="demo")], session)


def ask(text: str, max_tokens: int = 1_000) -> ChatRequest:
    return make_request(text, model="demo", max_tokens=max_tokens)


async def error_of(model: Lanes, text: str) -> ModelError:
    _, error = await collect_until_error(model.stream(ask(text)))
    assert error is not None
    return error


async def test_it_streams_word_by_word_and_reports_usage(model: Lanes) -> None:
    events = await collect(model.stream(ask("How do I connect Slack?")))
    assert "connect slack" in text_of(events)
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.finish_reason, last.usage is not None) == ("stop", True)
    assert last.usage is not None
    assert 0 < last.usage.output_tokens < len(text_of(events))


async def test_a_whole_answer_says_the_same(
    server: DemoServer, session: aiohttp.ClientSession
) -> None:
    asked = {"model": "demo", "messages": [{"role": "user", "content": "Repeat: la la"}]}
    async with session.post(f"{server.base_url}/chat/completions", json=asked) as response:
        body = await response.json()
    assert body["choices"][0]["message"]["content"] == "la la"
    assert body["usage"]["completion_tokens"] == 2


async def test_the_longest_length_is_kept(model: Lanes) -> None:
    events = await collect(model.stream(ask("Count to 100", max_tokens=3)))
    assert text_of(events).split() == ["1,", "2,", "3,"]
    assert isinstance(events[-1], Finished)
    assert events[-1].finish_reason == "length"


async def test_it_lists_itself(server: DemoServer, session: aiohttp.ClientSession) -> None:
    async with session.get(f"{server.base_url}/models") as response:
        assert [m["id"] for m in (await response.json())["data"]] == ["demo"]


@pytest.mark.parametrize(
    ("fault", "category"),
    [
        ("rate_limit", "rate_limit"),
        ("quota", "quota"),
        ("server_error", "service_unavailable"),
        ("unavailable", "service_unavailable"),
        ("html", "service_unavailable"),
        ("auth", "auth"),
        ("context_too_long", "context_window"),
        ("cut", "connection"),
        ("error_frame", "service_unavailable"),
        ("garbage", "service_unavailable"),
    ],
)
async def test_a_fault_named_in_the_message_is_a_real_one(
    model: Lanes, fault: str, category: str
) -> None:
    assert (await error_of(model, f"Hello fault:{fault}")).category == category


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("cut_clean", "cut"),
        ("content_filter", "content_filter"),
        ("length", "length"),
        ("empty", "stop"),
    ],
)
async def test_odd_endings_are_what_they_say(model: Lanes, fault: str, reason: str) -> None:
    events = await collect(model.stream(ask(f"Hello fault:{fault}")))
    assert isinstance(events[-1], Finished)
    assert events[-1].finish_reason == reason
    assert bool(text_of(events)) == (fault in ("cut_clean", "length"))


@pytest.mark.parametrize("fault", ["silent", "stall", "pings"])
async def test_silence_is_noticed_by_whoever_waits(model: Lanes, fault: str) -> None:
    timed = TimedModel(model, 0.2, 0.2)
    _, error = await collect_until_error(timed.stream(ask(f"Hello fault:{fault}")))
    assert isinstance(error, ModelTimeout)


async def test_broken_streams_break_after_some_words(model: Lanes) -> None:
    events, error = await collect_until_error(model.stream(ask("Repeat: Hm. fault:cut")))
    assert text_of(events).startswith("Hm.")
    assert error is not None


async def test_a_fault_can_last_for_so_many_calls(model: Lanes, server: DemoServer) -> None:
    text = "Repeat: done fault:unavailable x2"
    for _ in range(2):
        await error_of(model, text)
    assert text_of(await collect(model.stream(ask(text)))) == "done"
    assert server.calls == 3


async def test_faults_are_switched_over_http(
    model: Lanes, server: DemoServer, session: aiohttp.ClientSession
) -> None:
    url = server.base_url.replace("/v1", "/control/faults")
    async with session.post(
        url, json={"fault": "rate_limit", "times": 1, "seconds": 7}
    ) as response:
        assert (await response.json())["active"] == "rate_limit"
    error = await error_of(model, "Hello")
    assert isinstance(error, RateLimited)
    assert error.retry_after_s == 7
    assert text_of(await collect(model.stream(ask("Repeat: ok")))) == "ok"
    async with session.post(url, json={"fault": "auth"}):
        pass
    async with session.post(url, json={"fault": None}):
        pass
    async with session.get(url) as response:
        body = await response.json()
    assert body["active"] is None
    assert sorted(body["faults"]) == sorted(NAMES)


@pytest.mark.parametrize(
    "wanted", ["[]", "{}", '{"fault": "fire"}', '{"fault": 7}', "nonsense", ""]
)
async def test_an_unknown_fault_is_refused(
    server: DemoServer, session: aiohttp.ClientSession, wanted: str
) -> None:
    url = server.base_url.replace("/v1", "/control/faults")
    headers = {"Content-Type": "application/json"}
    async with session.post(url, data=wanted, headers=headers) as response:
        assert response.status == 400
    assert server.faults.active is None


async def test_other_peoples_pages_cannot_reach_it(
    server: DemoServer, session: aiohttp.ClientSession
) -> None:
    url = server.base_url.replace("/v1", "/control/faults")
    async with session.get(url, headers={"Host": "evil.example"}) as response:
        assert response.status == 403
    async with session.post(url, data=b'{"fault": "auth"}') as response:
        assert response.status == 415


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"messages": []}', '{"messages": "hi"}', '{"messages": [7]}']
)
async def test_what_is_no_question_is_a_bad_request(
    server: DemoServer, session: aiohttp.ClientSession, body: str
) -> None:
    async with session.post(f"{server.base_url}/chat/completions", data=body) as response:
        assert response.status == 400


async def test_leaving_in_the_middle_disturbs_nobody(model: Lanes) -> None:
    async with aclosing(model.stream(ask("Count to 500"))) as events:
        assert isinstance(await anext(events), Delta)
    assert text_of(await collect(model.stream(ask("Repeat: ok")))) == "ok"


async def test_pictures_are_no_obstacle(server: DemoServer, session: aiohttp.ClientSession) -> None:
    part = [{"type": "text", "text": "Repeat: ok"}, {"type": "image_url", "image_url": {"url": ""}}]
    asked = {"messages": [{"role": "user", "content": part}]}
    async with session.post(f"{server.base_url}/chat/completions", json=asked) as response:
        assert (await response.json())["choices"][0]["message"]["content"] == "ok"


def test_a_switched_fault_with_a_count_ends_by_itself() -> None:
    faults = Faults()
    faults.switch(read_fault("auth", times=2))
    assert [faults.next("hi") is not None for _ in range(3)] == [True, True, False]


async def test_by_hand_it_prints_its_address() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "adapters.demo",
        "--port",
        "0",
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(20):
        line = await process.stdout.readline()
    process.terminate()
    await process.wait()
    assert line.startswith(b"http://127.0.0.1:")
