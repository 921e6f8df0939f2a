"""A provider that is down for a while: another model answers, or nobody asks it for a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import aiohttp

from adapters.demo.faults import Fault
from tests.e2e.conftest import find_port
from tests.e2e.team import eventually

if TYPE_CHECKING:
    from tests.e2e.team import Team

TARGET = 'chatbot_breaker_state{target="openai/demo"}'
CLOSED, HALF_OPEN, OPEN = 0.0, 1.0, 2.0


async def test_a_fallback_model_answers_before_the_first_word_is_shown(team: Team) -> None:
    async with team.bot(
        RETRY_ATTEMPTS="0",
        LLM_FALLBACK_MODELS="openai/other",
        ANSWER_FOOTER="true",
        BREAKER_FAILURES="100",
    ):
        for fault in ("unavailable", "auth", "rate_limit", "empty"):
            question = team.ask(f"repeat: the other one says {fault} fault:{fault} x1")
            answer = await team.answer_to(question, f"the other one says {fault}")
            request = await team.request(question)
            assert (request["model"], request["outcome"]) == ("openai/other", "answered")
            assert answer.shown.split("\n")[1].startswith("other · ")
            rows = team.ledger(
                "SELECT model FROM completions WHERE turn_id = ? ORDER BY n", request["request_id"]
            )
            assert [row["model"] for row in rows] == ["openai/demo", "openai/other"]
        filtered = team.ask("repeat: no second opinion fault:content_filter x1")
        await team.answer_to(filtered, "content filter refused")
        both = team.ask("repeat: none of them fault:auth")
        await team.answer_to(both, "does not accept the bot's credentials")


async def test_the_breaker_opens_lets_one_through_and_closes(team: Team) -> None:
    port = find_port()
    settings = {
        "RETRY_ATTEMPTS": "0",
        "BREAKER_FAILURES": "3",
        "BREAKER_RESET_S": "2",
        "REQUEST_TIMEOUT": "1",
        "WAIT_FOR_MODEL_S": "0",
    }
    async with team.bot(METRICS_PORT=str(port), **settings), aiohttp.ClientSession() as http:

        async def is_state(state: float) -> None:
            async def look() -> bool:
                return await state_of(http, port) == state

            await eventually(look)

        team.model.faults.switch(Fault("unavailable"))
        for n in range(3):
            await team.answer_to(team.ask(f"repeat: down {n}"), "not available")
        await is_state(OPEN)
        calls = team.model.calls
        refused = team.ask("repeat: nobody is asked")
        await team.answer_to(refused, "gets a short rest")
        assert (await team.request(refused))["error"] == "breaker_open"
        assert team.model.calls == calls

        team.model.faults.switch(Fault("silent"))
        await is_state(HALF_OPEN)
        probes = [team.ask(f"repeat: probe {n}") for n in range(5)]
        for probe in probes:
            await team.recorded(probe)
        assert team.model.calls == calls + 1
        await is_state(OPEN)

        team.model.faults.switch(None)
        await is_state(HALF_OPEN)
        await team.answer_to(team.ask("repeat: back again"), "back again")
        await is_state(CLOSED)


async def state_of(http: aiohttp.ClientSession, port: int) -> float | None:
    async with http.get(f"http://127.0.0.1:{port}/metrics") as response:
        found = re.search(rf"^{re.escape(TARGET)} (\S+)$", await response.text(), re.MULTILINE)
    return float(found[1]) if found else None
