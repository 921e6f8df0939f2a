"""What an operator starts, watches, edits and stops."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from adapters.demo.faults import Fault
from tests.e2e.conftest import SHARED_SETTINGS, events_url, find_port
from tests.e2e.process import bot_process, run_command
from tests.e2e.speaker import Speaker, speaking
from tests.e2e.team import Team, eventually
from tests.standins.slack import SlackStandIn, faults
from tests.standins.teams import TeamsStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HEALTHY_S, READY_S = 1.0, 5.0
BUSY = 6.0
"""How much slower than promised a machine may be that runs other tests beside this one."""

METRICS = {
    "chatbot_requests_total": {"platform", "kind", "outcome"},
    "chatbot_ack_seconds": set(),
    "chatbot_first_visible_seconds": set(),
    "chatbot_answer_seconds": set(),
    "chatbot_llm_first_token_seconds": set(),
    "chatbot_llm_tokens_total": {"model", "direction"},
    "chatbot_llm_cost_usd_total": {"model"},
    "chatbot_errors_total": {"category"},
    "chatbot_retries_total": {"target"},
    "chatbot_breaker_state": {"target"},
    "chatbot_rate_limited_total": {"scope"},
    "chatbot_inbox_depth": set(),
    "chatbot_inbox_oldest_age_seconds": set(),
    "chatbot_duplicates_total": set(),
    "chatbot_dead_letters_total": set(),
    "chatbot_feedback_total": {"platform", "rating"},
    "chatbot_event_loop_lag_seconds": set(),
}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def status(http: aiohttp.ClientSession, url: str) -> int:
    """0 where nobody listens."""
    try:
        async with http.get(url) as response:
            return response.status
    except aiohttp.ClientConnectionError:
        return 0


async def waits_for(http: aiohttp.ClientSession, team: Team) -> dict[str, str]:
    """What /readyz says is not ready."""
    async with http.get(f"{team.running.url}/readyz") as response:
        body: dict[str, Any] = await response.json()
        assert (response.status == 200) == body["ready"] == (not body["waiting_for"])
        found: dict[str, str] = body["waiting_for"]
        return found


async def test_health_comes_at_once_and_readiness_soon(
    hasty_team: Team, http: aiohttp.ClientSession
) -> None:
    team = hasty_team
    began_at = time.monotonic()
    async with bot_process(team.folder, team.port, team.settings()) as bot:
        await eventually(lambda: answers_with(http, f"{bot.url}/healthz", 200), HEALTHY_S * BUSY)
        assert time.monotonic() - began_at < HEALTHY_S * BUSY
        if not any(record.get("message") == "ready" for record in bot.log):
            assert await status(http, f"{bot.url}/readyz") in (200, 503)
        early = team.ask("repeat: asked while it starts")
        await eventually(lambda: answers_with(http, f"{bot.url}/readyz", 200), READY_S * BUSY)
        assert time.monotonic() - began_at < READY_S * BUSY
        await team.slack.wait_for(lambda: any(one.blocks for one in team.answers(early)))
        assert await status(http, f"{bot.url}/metrics") == 404


async def answers_with(http: aiohttp.ClientSession, url: str, wanted: int) -> bool:
    return await status(http, url) == wanted


async def test_readiness_names_a_slack_that_does_not_answer(
    team: Team, http: aiohttp.ClientSession
) -> None:
    team.slack.faults.on("auth.test", faults.http_status(503), times=None)
    async with team.bot():
        assert list(await waits_for(http, team)) == ["slack"]
        await team.answer_to(team.ask("repeat: still answered"), "still answered")
        team.slack.faults.clear()
        await eventually(lambda: is_ready(http, team), 30)


async def is_ready(http: aiohttp.ClientSession, team: Team) -> bool:
    return await waits_for(http, team) == {}


async def test_a_database_that_cannot_be_written_refuses_and_recovers(
    hasty_team: Team, http: aiohttp.ClientSession
) -> None:
    team = hasty_team
    async with team.bot() as bot:
        await team.answer_to(team.ask("repeat: before"), "before")
        with closing(sqlite3.connect(team.folder / "chatbot.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            await eventually(lambda: is_not_ready(http, team, "database"))
            question = team.ask("repeat: told while it was locked")
            delivery = team.slack.outbox.deliveries[-1]
            await team.slack.wait_for(
                lambda: delivery.attempts and delivery.attempts[0].status == 503
            )
            assert await status(http, f"{bot.url}/healthz") == 200
            other.execute("ROLLBACK")
        await eventually(lambda: is_ready(http, team))
        await team.answer_to(question, "told while it was locked")


async def is_not_ready(http: aiohttp.ClientSession, team: Team, part: str) -> bool:
    return part in await waits_for(http, team)


async def test_ctrl_c_lets_answers_end_and_the_port_go(
    team: Team, http: aiohttp.ClientSession
) -> None:
    async with team.bot() as bot:
        question = team.ask("repeat: one two three four five six seven eight nine fault:drip:0.02")
        await team.text_appears(question)
        bot.signal(signal.SIGINT)
        assert await bot.ended() == 0
        await team.answer_to(question, "eight nine")
        assert not [line for line in bot.lines if "Traceback" in line]
        assert await status(http, f"{bot.url}/healthz") == 0


async def test_a_second_ctrl_c_or_a_short_drain_does_not_lose_the_question(team: Team) -> None:
    async with team.bot(DRAIN_S="0") as bot:
        question = team.ask("repeat: one two three four five six seven eight nine fault:stall x1")
        await team.text_appears(question)
        bot.signal(signal.SIGTERM)
        bot.signal(signal.SIGINT)
        assert await bot.ended() == 0
    async with team.bot():
        await team.answer_to(question, "eight nine")


async def test_every_metric_is_there_and_no_label_names_a_person_or_a_place(
    team: Team, http: aiohttp.ClientSession
) -> None:
    port = find_port()
    async with team.bot(
        METRICS_PORT=str(port), WAIT_FOR_MODEL_S="0", RETRY_ATTEMPTS="0", RATE_LIMIT_USER="3/hour"
    ):
        answer = await team.answer_to(team.ask("repeat: hello"), "hello")
        await team.answer_to(team.ask("fault:server_error x1"), "not available")
        team.people.react("U0ALICE", answer, "+1")
        for _ in range(3):
            await team.recorded(team.ask("repeat: hello"))
        await team.told()
        await team.stats()

        async def complete() -> str:
            async with http.get(f"http://127.0.0.1:{port}/metrics") as response:
                assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
                text = await response.text()
            return text if 'chatbot_breaker_state{target="openai/demo"}' in text else ""

        text = await eventually(complete)
    for name, labels in METRICS.items():
        lines = [line for line in text.splitlines() if line.startswith((name + "{", name + " "))]
        lines += [line for line in text.splitlines() if line.startswith(name + "_count")]
        assert lines, name
        for line in lines:
            found = {
                part.partition("=")[0] for part in line.partition("{")[2].split(",") if "=" in part
            }
            assert found == labels, line
    for word in ("U0ALICE", "C0GENERAL", "T0ACME", "hello", "Alice"):
        assert word not in text
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line[:1] != "#")
    answered = 'chatbot_requests_total{kind="question",outcome="answered",platform="slack"}'
    assert float(values[answered]) == 2
    assert float(values['chatbot_errors_total{category="service_unavailable"}']) == 1
    assert float(values['chatbot_rate_limited_total{scope="user"}']) == 2
    assert float(values['chatbot_feedback_total{platform="slack",rating="up"}']) == 1
    assert float(values["chatbot_duplicates_total"]) == 5


async def test_stats_are_printed_beside_the_running_bot(team: Team) -> None:
    async with team.bot(RETRY_ATTEMPTS="0"):
        answer = await team.answer_to(team.ask("repeat: hello"), "hello")
        await team.answer_to(team.ask("fault:quota x1"), "used up")
        team.people.react("U0ALICE", answer, "-1")
        await team.told()
        ended = await run_command(team.folder, "stats", "--json", environment=team.settings())
        assert (ended.code, ended.err) == (0, "")
        numbers = json.loads(ended.out)
        assert (numbers["requests"], numbers["answered"], numbers["failed"]) == (2, 1, 1)
        assert numbers["errors"] == {"quota": 1}
        assert numbers["ratings"] == {"up": 0, "down": 1}
        assert numbers["models"]["openai/demo"]["requests"] >= 1
        assert set(numbers["latency_s"]) == {"p50", "p95", "p99"}
        await team.answer_to(team.ask("repeat: undisturbed"), "undisturbed")
    ended = await run_command(team.folder, "stats", "--since", "soon", environment={})
    assert (ended.code, ended.out) == (2, "")
    assert "--since" in ended.err


async def test_the_check_says_ok_or_what_is_wrong_line_by_line(team: Team) -> None:
    async def check(**changes: str) -> tuple[int, list[str]]:
        ended = await run_command(
            team.folder, "check", port=team.port, environment=team.settings(**changes)
        )
        assert ended.err == ""
        return ended.code, ended.out.splitlines()

    async with TeamsStandIn() as teams:
        code, lines = await check(**teams.environment())
    assert sum(line.startswith("ok     Teams: ") for line in lines) == 2
    assert teams.secret not in "".join(lines)
    assert (code, [line[:5] for line in lines if not line.startswith("ok   ")]) == (0, [])

    async def is_wrong(about: str, **changes: str) -> None:
        code, lines = await check(**changes)
        wrong = [line for line in lines if not line.startswith("ok   ")]
        assert code == 1
        assert [about in line for line in wrong] == [True], lines

    team.model.faults.switch(Fault("auth"))
    await is_wrong("auth")
    team.model.faults.switch(None)
    await is_wrong("connection", LLM_BASE_URL="http://127.0.0.1:9/v1")
    await is_wrong("SYSTEM_PROMPT_FILE", SYSTEM_PROMPT_FILE="missing.txt")
    await is_wrong("Slack", SLACK_API_URL="http://127.0.0.1:9/api/")
    await is_wrong("SLACK_BOT_TOKEN", SLACK_BOT_TOKEN="xoxb-other")


async def test_the_prompt_may_be_edited_while_the_bot_runs(tmp_path: Path, free_port: int) -> None:
    async with (
        SlackStandIn(events_url=events_url(free_port), tiers=False) as slack,
        speaking() as model,
    ):
        team = Team(slack, model, tmp_path, free_port)
        prompt = tmp_path / "prompt.txt"
        prompt.write_text("You are version one.", "utf-8")
        async with team.bot(SYSTEM_PROMPT_FILE=str(prompt), **SHARED_SETTINGS):

            async def instructions() -> str:
                await team.recorded(team.ask("Who are you?"))
                return model.instructions

            async def says(words: str) -> bool:
                return words in await instructions()

            assert await says("version one")
            prompt.write_text("You are version two.", "utf-8")
            await eventually(lambda: says("version two"))
            for broken in (b"", "Du bist grö".encode()[:-1], b"x" * 10_000_000, b"a\0b"):
                prompt.write_bytes(broken)
                await is_warned(team, model)
                assert await says("version two")
            prompt.unlink()
            await is_warned(team, model)
            assert await says("version two")
            prompt.write_text("You are version three.", "utf-8")
            await eventually(lambda: says("version three"))
            warnings = [one for one in team.running.log if "prompt stays" in one["message"]]
            assert len(warnings) <= 6


async def is_warned(team: Team, model: Speaker) -> None:
    """Ask until the bot has seen what became of the file."""
    before = len(warned(team))

    async def asked() -> bool:
        await team.recorded(team.ask("Still there?"))
        return len(warned(team)) > before

    await eventually(asked)


def warned(team: Team) -> list[dict[str, Any]]:
    return [one for one in team.running.log if "prompt stays" in one.get("message", "")]
