from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.litellm.discovery import Offer, discover, find_keys, list_models, paste
from adapters.litellm.lanes import Lanes
from adapters.litellm.switch import SwitchableModel
from adapters.litellm.targets import OPENAI_URL, Target
from adapters.wire.sessions import build_session
from core.completion import Finished
from core.errors import SettingError
from tests.adapters.litellm.provider import DONE, Provider, answer, delta, finish, stream
from tests.fakes.model import collect, make_request, text_of

ANTHROPIC_KEY = "sk-" + "ant-x"
OPENROUTER_KEY = "sk-" + "or-x"


def models(*names: object) -> bytes:
    return answer(json.dumps({"object": "list", "data": [{"id": n} for n in names]}).encode())


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with Provider() as provider:
        yield provider


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with build_session() as session:
        yield session


def test_keys_in_the_environment_are_offers() -> None:
    offers = find_keys({"OPENAI_API_KEY": "k1", "ANTHROPIC_API_KEY": " k2 ", "MISTRAL_API_KEY": ""})
    assert [offer.target for offer in offers] == [
        Target("openai/gpt-5-mini", "k1", OPENAI_URL, "lean"),
        Target("anthropic/claude-haiku-4-5", "k2", "", "litellm"),
    ]
    assert "ANTHROPIC_API_KEY" in offers[1].label
    assert "k2" not in repr(offers)


def test_the_key_of_a_proxy_is_not_taken_for_googles() -> None:
    environ = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": "https://proxy.example"}
    assert find_keys(environ) == []


async def test_servers_on_this_machine_are_offers(
    session: aiohttp.ClientSession, provider: Provider
) -> None:
    provider.says(models("llama3.2", "nomic-embed-text", 7))
    servers = {
        "Ollama": ("ollama", provider.url),
        "LM Studio": ("lm_studio", "http://127.0.0.1:9/v1"),
    }
    offers = await discover(session, {}, servers)
    target = Target("ollama/llama3.2", "", provider.url, "lean")
    assert offers == [Offer(target, "this_machine", "llama3.2 (Ollama)")]
    assert provider.lines == ["GET /v1/models HTTP/1.1"]


async def test_servers_are_asked_at_once_and_not_for_long(session: aiohttp.ClientSession) -> None:
    loop = asyncio.get_running_loop()
    async with Provider() as one, Provider() as two, Provider() as three:
        for silent in (one, two, three):
            silent.says(asyncio.Event())
        begun = loop.time()
        servers = {name: ("x", s.url) for name, s in {"1": one, "2": two, "3": three}.items()}
        assert await discover(session, {}, servers) == []
        assert loop.time() - begun < 1.4


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"data": 7}',
        b'{"data": [7, {}]}',
        b"<html></html>",
        b"[" * 99_999,
    ],
)
async def test_whatever_else_listens_there_is_no_offer(
    session: aiohttp.ClientSession, provider: Provider, said: bytes
) -> None:
    provider.says(answer(said))
    assert await list_models(session, provider.url) == []


@pytest.mark.parametrize(
    ("key", "model", "target"),
    [
        ("anything", "", Target("openai/gpt-5-mini", "anything", OPENAI_URL, "lean")),
        ("anything", "gpt-5", Target("openai/gpt-5", "anything", OPENAI_URL, "lean")),
        (ANTHROPIC_KEY, "", Target("anthropic/claude-haiku-4-5", ANTHROPIC_KEY, "", "litellm")),
        ("AIzax", "gemini-2.5-pro", Target("gemini/gemini-2.5-pro", "AIzax", "", "litellm")),
        ("anything", "groq/x", Target("groq/x", "anything", "", "litellm")),
        (
            OPENROUTER_KEY,
            "",
            Target(
                "openrouter/openai/gpt-5-mini",
                OPENROUTER_KEY,
                "https://openrouter.ai/api/v1",
                "lean",
            ),
        ),
    ],
)
async def test_a_pasted_key_finds_its_provider(
    session: aiohttp.ClientSession, key: str, model: str, target: Target
) -> None:
    assert (await paste(session, f" {key} ", model=model)).target == target


async def test_a_pasted_address_offers_its_first_model(
    session: aiohttp.ClientSession, provider: Provider
) -> None:
    provider.says(models("m-1", "m-2"))
    offer = await paste(session, "k", provider.url + "/")
    assert offer.target == Target("openai/m-1", "k", provider.url, "lean")
    assert provider.headers[0]["authorization"] == "Bearer k"


async def test_what_cannot_work_is_said_at_once(
    session: aiohttp.ClientSession, provider: Provider
) -> None:
    provider.says(models())
    with pytest.raises(SettingError, match="Model: "):
        await paste(session, "k", provider.url)
    with pytest.raises(SettingError, match="Address: "):
        await paste(session, "k", "http://proxy.example/v1")
    with pytest.raises(SettingError, match="Key: "):
        await paste(session, " ")


async def test_the_model_can_be_exchanged_between_two_questions(
    session: aiohttp.ClientSession,
) -> None:
    async with Provider() as one, Provider() as two:
        one.says(stream(delta("one"), finish(), DONE))
        two.says(stream(delta("two"), finish(), DONE))
        first = Offer(Target("demo", "", one.url, "demo"), "demo", "Demo")
        second = Offer(Target("openai/m", "k", two.url, "lean"), "pasted", "m")
        lanes = Lanes([first.target], session)
        model = SwitchableModel(lanes, lanes, first)
        assert text_of(await collect(model.stream(make_request(model="any")))) == "one"
        model.use(second)
        events = await collect(model.stream(make_request(model="any")))
        assert text_of(events) == "two"
        assert events[-1] == Finished(None, "openai/m", "stop")
        assert model.current() == second
