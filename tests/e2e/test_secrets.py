"""Secrets in settings, messages and failures reach no log, file, metric or reply."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.e2e.conftest import events_url, find_port, messages_url
from tests.e2e.speaker import speaking
from tests.e2e.team import Team
from tests.e2e.tenant import Tenant, shown
from tests.standins.langfuse import LangfuseStandIn
from tests.standins.slack import SlackFile, SlackStandIn, faults
from tests.standins.teams import TeamsFile, TeamsStandIn
from tests.standins.teams import faults as teams_faults

if TYPE_CHECKING:
    from pathlib import Path

TAIL = "Canary0123456789abcdef"
JWT = ".".join(["ey" + "J" + TAIL, "ey" + "J" + TAIL, TAIL])
SHAPES = [
    "s" + "k-" + TAIL,
    "s" + "k-ant-" + TAIL,
    "s" + "k-proj-" + TAIL,
    "p" + "k-lf-" + TAIL,
    "s" + "k-lf-" + TAIL,
    "xox" + "b-" + TAIL,
    "xox" + "p-" + TAIL,
    "xap" + "p-" + TAIL,
    f"Bearer {TAIL}",
    JWT,
    f"https://hooks.slack.com/services/{TAIL}",
    f"https://acme.webhook.office.com/{TAIL}",
    f"https://example.org/?key={TAIL}",
    "AI" + "za" + TAIL,
    f"{TAIL}@example.org",
]
OWN = {
    "LLM_API_KEY": "a-key-of-no-known-shape-77",
    "GEMINI_API_KEY": "another-key-of-no-shape-88",
}


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
async def test_no_secret_leaves(tmp_path: Path, level: str) -> None:
    port, metrics_port = find_port(), find_port()
    slack = SlackStandIn(events_url=events_url(port), tiers=False)
    slack.workspace.people["U0BOB"].display_name = SHAPES[0]
    langfuse = LangfuseStandIn()
    teams = TeamsStandIn(bot_url=messages_url(port), rates=False)
    own = [*OWN.values(), slack.bot_token, slack.signing_secret]
    own += [langfuse.secret_key, teams.secret]
    async with slack, teams, langfuse, speaking() as model, aiohttp.ClientSession() as http:
        team, tenant = Team(slack, model, tmp_path, port), Tenant(teams, model, tmp_path, port)
        settings = {
            **OWN,
            **langfuse.environment(),
            **teams.environment(),
            "LOG_LEVEL": level,
            "METRICS_PORT": str(metrics_port),
            "RETRY_ATTEMPTS": "0",
            "WAIT_FOR_MODEL_S": "0",
            "BREAKER_FAILURES": "1000",
            "RATE_LIMIT_USER": "0",
            "SLACK_PACING": "off",
        }
        async with team.bot(**settings) as bot:
            tenant.watch(bot)
            everything = " ".join([*SHAPES, *own])
            await _questions(team, everything)
            await _failures_of_the_model(team, everything)
            await _failures_of_slack(team)
            await _in_teams(tenant, everything)
            own += issued(teams)
            await _requests_of_strangers(team, http, everything)
            async with http.get(f"http://127.0.0.1:{metrics_port}/metrics") as response:
                metrics = await response.text()
            assert await bot.stop() == 0
        told = "\n".join(bot.lines)
        assert len(langfuse.observations) > 20
    requests = (tmp_path / "metrics" / "requests.jsonl").read_text("utf-8")
    assert "[masked]" in told
    for place, text in {
        "log": told,
        "requests": requests,
        "metrics": metrics,
        "traces": langfuse.text(),
    }.items():
        assert TAIL not in text, place
        assert not [secret for secret in own if secret in text], place
    said = json.dumps([call.args for call in slack.calls()])
    said += json.dumps([call.body for call in teams.calls()])
    assert not [secret for secret in own if secret in said]


async def _questions(team: Team, secrets: str) -> None:
    """Secrets in all that people write: texts, names, files, commands, emoji."""
    question = team.ask(f"Is this my key? {secrets}", by="U0BOB")
    answer = await team.answer_to(question)
    file = SlackFile(f"{SHAPES[5]}.txt", secrets.encode())
    await team.answer_to(team.ask("Read this", files=[file]))
    await team.stats(SHAPES[1])
    await team.recorded(team.ask(f"settings model {SHAPES[2]}"))
    await team.recorded(team.ask(f"settings {SHAPES[2]}"))
    team.people.react("U0BOB", answer, SHAPES[0].lower())
    await team.told()


async def _failures_of_the_model(team: Team, secrets: str) -> None:
    """A provider that repeats what it was sent, headers and all."""
    for status in (400, 401, 403, 404, 429, 500, 502, 503):
        error = {"error": {"message": f"Not with {secrets}", "code": SHAPES[0]}}
        for body in (json.dumps(error), secrets, f"<html>{secrets}</html>"):
            team.model.refusal = (status, body)
            question = team.ask(f"And now? {secrets}")
            shown = await team.answered(question)
            assert TAIL not in shown
    team.model.refusal = None
    for error in ({"message": secrets}, {"message": secrets, "code": 401}):
        team.model.pieces = ("Well, ",)
        team.model.last_event = {"error": error}
        assert TAIL not in await team.answered(team.ask("And now?"))
    team.model.last_event = None


async def _failures_of_slack(team: Team) -> None:
    for method in ("chat.startStream", "chat.stopStream", "users.info", "conversations.*"):
        team.slack.faults.on(method, faults.error(f"odd_{SHAPES[5]}"), times=2)
    team.slack.faults.on("chat.update", faults.html(500), times=1)
    await team.recorded(team.ask("And now?", by="U0CAROL"))
    team.slack.faults.clear()


async def _in_teams(tenant: Tenant, secrets: str) -> None:
    """The same in Teams: in words, files, buttons, failures, and what nobody could have sent."""
    people, teams = tenant.people, tenant.teams
    teams.outbox.retry_waits_s = ()
    file = TeamsFile(f"{SHAPES[5]}.txt", secrets.encode())
    for where in ("alice", "Lunch"):
        asked = people.say("alice", where, f"@bot Is this my key? {secrets}", files=[file])
        answer = await tenant.answer_to(asked)
    people.feedback("alice", answer, liked=False, words=secrets)
    people.react("alice", answer, SHAPES[0].lower())
    people.invoke("alice", "Lunch", SHAPES[1], {"odd": secrets})
    tenant.model.refusal = (401, secrets)
    failed = await tenant.answer_to(tenant.ask(f"And now? {secrets}"))
    assert TAIL not in shown(failed)
    tenant.model.refusal = None
    odd = teams_faults.error(400, SHAPES[5], secrets)
    teams.faults.on("*", "/v3/conversations/*", odd, times=6)
    await tenant.recorded(tenant.ask("And now?", by="carol"))
    teams.faults.clear()
    held_back = people.say("bob", "Lunch", f"@bot {secrets}", told=False)
    teams.outbox.send(held_back.activity, token=JWT)
    held_back.activity["timestamp"] = secrets
    people.tell(held_back)
    await teams.settled()


def issued(teams: TeamsStandIn) -> list[str]:
    """The tokens that the bot was given."""
    tokens = [call.answer for call in teams.calls("POST", "/token")]
    return [one["access_token"] for one in tokens if one] or [teams.login.issue()]


async def _requests_of_strangers(team: Team, http: aiohttp.ClientSession, secrets: str) -> None:
    for body in (secrets, json.dumps({"type": "event_callback", "event": {"x": secrets}})):
        headers = {"X-Slack-Signature": SHAPES[0], "Authorization": SHAPES[8]}
        async with http.post(team.events_url, data=body, headers=headers) as response:
            assert response.status == 401
            assert TAIL not in await response.text()
    async with http.get(f"{team.running.url}/{SHAPES[0]}?token={TAIL}") as response:
        assert response.status == 404
