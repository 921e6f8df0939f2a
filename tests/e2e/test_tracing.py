"""The bot and Langfuse: what arrives there, and what is not noticed when nothing does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from langfuse import LangfuseOtelSpanAttributes as Name

from adapters.langfuse.ids import trace_id
from tests.e2e.process import run_command
from tests.standins.langfuse import Fault, LangfuseStandIn

if TYPE_CHECKING:
    from tests.e2e.team import Team


async def test_a_question_and_its_rating_arrive(team: Team) -> None:
    async with LangfuseStandIn() as langfuse:
        async with team.bot(**langfuse.environment(), RETRY_ATTEMPTS="0") as bot:
            question = team.ask("What does it cost?")
            answer = await team.answer_to(question)
            found = trace_id((await team.recorded(question))["correlation_id"])
            team.people.react("U0BOB", answer, "+1")
            await langfuse.until(lambda one: one.trace(found) and one.scores.received == 1)
            assert await bot.stop() == 0
        root, generation = langfuse.trace(found)
        (score,) = langfuse.scores.newest()
    assert root.get(Name.OBSERVATION_INPUT) == "What does it cost?"
    assert root.get(Name.OBSERVATION_OUTPUT) == generation.get(Name.OBSERVATION_OUTPUT)
    assert generation.get(Name.OBSERVATION_MODEL) == "openai/demo"
    assert generation.json(Name.OBSERVATION_USAGE_DETAILS)["output"] > 0
    first = generation.json(Name.OBSERVATION_COMPLETION_START_TIME)
    assert first is not None
    assert (score.trace_id, score.value) == (found, "up")
    asked_at = team.ledger("SELECT received_at_us FROM turns")[0]["received_at_us"]
    assert round(score.timestamp.timestamp() * 1_000_000) == asked_at
    assert any("project chat bot" in line for line in bot.lines)
    assert langfuse.refused == []


async def test_a_hanging_langfuse_holds_nothing_up(team: Team) -> None:
    async with LangfuseStandIn() as langfuse:
        langfuse.fault = Fault("hang")
        async with team.bot(**langfuse.environment()) as bot:
            for n in range(3):
                await team.answer_to(team.ask(f"And question {n}?"))
            began = time.monotonic()
            assert await bot.stop() == 0
            assert time.monotonic() - began < 10.0, "five for Langfuse, the rest for the machine"
        assert any("Langfuse is too slow at the end" in line for line in bot.lines)


async def test_check_says_whether_it_works(team: Team) -> None:
    async with LangfuseStandIn() as langfuse:
        settings = team.settings(**langfuse.environment())
        well = await run_command(team.folder, "check", environment=settings)
        langfuse.secret_key = "sk-lf-another"
        wrong = await run_command(team.folder, "check", environment=settings)
    assert f"ok     Langfuse: version 4.60.1 at {langfuse.base_url}" in well.out
    assert well.code == 0
    assert "WRONG  Langfuse: " in wrong.out
    assert "set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY" in wrong.out
    assert wrong.code == 1
