from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.litellm.lanes import Lanes
from adapters.litellm.targets import Target
from adapters.wire.sessions import build_session
from core.errors import BadRequest
from tests.adapters.litellm.provider import DONE, Provider, answer, delta, finish, stream
from tests.fakes.model import collect, collect_until_error, make_request, text_of

ROOT = Path(__file__).parents[3]


async def test_each_model_has_its_own_way() -> None:
    async with build_session() as session, Provider() as one, Provider() as two:
        one.says(stream(delta("one"), finish(), DONE))
        two.says(stream(delta("two"), finish(), DONE))
        lanes = Lanes([Target("a", "", one.url, "lean"), Target("b", "", two.url, "demo")], session)
        assert text_of(await collect(lanes.stream(make_request(model="a")))) == "one"
        assert text_of(await collect(lanes.stream(make_request(model="b")))) == "two"
        lanes.add(Target("a", "", two.url, "lean"))
        assert text_of(await collect(lanes.stream(make_request(model="a")))) == "two"


async def test_a_model_that_is_not_configured_is_refused() -> None:
    async with build_session() as session:
        with pytest.raises(BadRequest, match="no model 'x'"):
            await collect(Lanes([], session).stream(make_request(model="x")))


async def test_lean_lanes_have_nothing_to_wait_for() -> None:
    async with build_session() as session:
        lanes = Lanes([Target("a", "", "http://127.0.0.1:9/v1", "lean")], session)
        lanes.start()
        async with asyncio.timeout(1):
            await lanes.ready()
        await lanes.close()


async def test_a_question_waits_until_litellm_is_loaded() -> None:
    async with build_session() as session, Provider() as provider:
        provider.says(stream(delta("ok"), finish(), DONE))
        lanes = Lanes([Target("openai/m", "k", provider.url, "litellm")], session)
        assert text_of(await collect(lanes.stream(make_request(model="openai/m")))) == "ok"
        await lanes.ready()
        await lanes.close()


async def test_what_litellm_makes_of_a_422_is_a_bad_request() -> None:
    async with build_session() as session, Provider() as provider:
        provider.says(answer(b'{"error": {"message": "Odd field"}}', "422 Unprocessable Entity"))
        lanes = Lanes([Target("openai/m", "k", provider.url, "litellm")], session)
        _, error = await collect_until_error(lanes.stream(make_request(model="openai/m")))
        assert isinstance(error, BadRequest)
        await lanes.close()


def test_neither_litellm_nor_openai_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, adapters.litellm.lanes, adapters.litellm.discovery, adapters.litellm.switch,"
        "adapters.litellm.prices, adapters.litellm.tokens, adapters.demo.server;"
        "sys.exit(bool({'litellm', 'openai', 'tiktoken', 'httpx'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
