"""The daily digest of a whole bot, in Slack and on the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.e2e.conftest import find_port
from tests.e2e.process import run_command
from tests.e2e.team import eventually
from tests.standins.slack import faults

if TYPE_CHECKING:
    from tests.e2e.process import Outcome
    from tests.e2e.team import Team

GENERAL = "slack:T0ACME:C0GENERAL"
BEGAN_AT = datetime.now(UTC)
QUIET = "nobody in this workspace asked anything"


def settings(*channels: str) -> dict[str, str]:
    """Due an hour before the tests began, in a zone where that was about noon."""
    return {
        "DIGEST_TIME": f"11:{BEGAN_AT.minute:02}",
        "DIGEST_TIMEZONE": f"Etc/GMT{BEGAN_AT.hour - 12:+d}",
        "DIGEST_CHANNELS": ",".join(channels or (GENERAL,)),
    }


def digests(team: Team, channel: str = "C0GENERAL") -> list[str]:
    """What the bot says there without having been asked."""
    workspace = team.slack.workspace
    messages = workspace.messages(channel)
    return [m.shown for m in messages if m.user == workspace.bot_user and not m.thread_ts]


async def is_recorded(team: Team, count: int = 1) -> None:
    query = "SELECT 1 FROM turns WHERE kind = 'report'"
    await eventually(lambda: len(team.ledger(query)) >= count)


async def command(team: Team, *arguments: str, **environment: str) -> Outcome:
    environment = team.settings(**settings(), **environment)
    return await run_command(team.folder, "digest", *arguments, environment=environment)


async def test_a_bot_posts_it_once_over_its_lives_and_counts_nobodys_request(team: Team) -> None:
    port = find_port()
    where = settings(GENERAL, "slack:T0ACME:U0ALICE", "slack:T0ACME:C0OUTSIDE", "teams:T:19:a@x")
    async with team.bot(**where, METRICS_PORT=str(port)) as bot, aiohttp.ClientSession() as http:
        await is_recorded(team, 2)
        async with http.get(f"http://127.0.0.1:{port}/metrics") as response:
            metrics = await response.text()
        shown = await command(team, "--dry-run")
        refused = await command(team)
        assert "Nobody has asked anything" in await team.stats("24h all")
        log = [one["message"] for one in bot.log if one.get("logger") == "core.digest"]
        await bot.kill()
    async with team.bot(**where, METRICS_PORT=str(port)) as bot, aiohttp.ClientSession() as http:
        async with http.get(f"http://127.0.0.1:{port}/metrics") as response:
            later = await response.text()
        question = team.ask("repeat: still there")
        await team.answer_to(question, "still there")
        await bot.stop()

    for channel in ("C0GENERAL", "D0ALICE"):
        (digest,) = digests(team, channel)
        assert QUIET in digest
        assert "Sent late: it was due at" in digest
    assert digests(team, "C0OUTSIDE") == []
    assert sorted(line.partition(" for ")[2] for line in log) == [
        "19:a@x: teams is not connected, or cannot be written to",
        "C0OUTSIDE: the bot is not in C0OUTSIDE: invite it",
    ]
    sent_at, known_at = (
        next(line for line in told.splitlines() if line.startswith("chatbot_digest_last_success"))
        for told in (metrics, later)
    )
    assert abs(float(sent_at.split()[1]) - datetime.now(UTC).timestamp()) < 60
    assert known_at == sent_at, "a restart forgets nothing"
    assert "chatbot_requests_total{" not in metrics
    assert {row["kind"] for row in team.requests()} == {"report", "question"}

    assert (shown.code, shown.err) == (0, "")
    assert f"--- {GENERAL} ---" in shown.out
    assert QUIET in shown.out
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.count("\n") == 1
    assert "posts the digest by itself" in refused.err

    done = await command(team)
    assert (done.code, len(digests(team))) == (0, 1)
    assert "was posted already\n" in done.out


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("chat.postMessage", faults.black_hole(after=True)),
        ("chat.update", faults.black_hole(after=True)),
    ],
    ids=lambda value: getattr(value, "name", value),
)
async def test_a_kill_just_after_slack_took_it_leaves_one(
    hasty_team: Team, method: str, fault: faults.Fault
) -> None:
    team = hasty_team
    rule = team.slack.faults.on(method, fault, times=None)
    async with team.bot(**settings()) as bot:
        await team.slack.wait_for(lambda: rule.hits)
        await bot.kill()
    team.slack.faults.clear()
    assert len(digests(team)) == 1
    async with team.bot(**settings()):
        await is_recorded(team)
        assert len(team.ledger("SELECT 1 FROM inbox WHERE starts > 1")) == 1
    (digest,) = digests(team)
    assert QUIET in digest


async def test_by_hand_it_is_posted_once_and_answers_nobody(team: Team) -> None:
    """Beside a question that a bot was killed over."""
    team.model.faults.switch(None)
    async with team.bot() as bot:
        question = team.ask("repeat: the answer fault:stall x1")
        await team.text_appears(question)
        await bot.kill()
    before = [one.shown for one in team.answers(question)]

    first = await command(team)
    second = await command(team)
    assert (first.code, second.code) == (0, 0)
    assert first.out.endswith("was posted\n")
    assert "was posted already" in second.out
    assert len(digests(team)) == 1
    assert [one.shown for one in team.answers(question)] == before

    async with team.bot(**settings()):
        await team.answer_to(question, "the answer")
        assert len(digests(team)) == 1


async def test_by_hand_a_channel_that_is_out_of_reach_fails_and_can_be_tried_again(
    team: Team,
) -> None:
    where = {"DIGEST_CHANNELS": f"{GENERAL}, slack:T0ACME:C0OUTSIDE"}
    environment = team.settings(**settings() | where)
    failed = await run_command(team.folder, "digest", environment=environment)
    assert failed.code == 1
    assert "slack:T0ACME:C0OUTSIDE: the digest" in failed.out
    assert "was not posted: the bot is not in C0OUTSIDE: invite it" in failed.out
    room = team.slack.workspace.channels["C0OUTSIDE"]
    room.members.add(team.slack.workspace.bot_user)
    done = await run_command(team.folder, "digest", environment=environment)
    assert done.code == 0
    assert (len(digests(team)), len(digests(team, "C0OUTSIDE"))) == (1, 1)


async def test_by_hand_one_that_slack_refused_is_not_said_to_be_there(team: Team) -> None:
    team.slack.faults.on("chat.postMessage", faults.error("restricted_action"), times=None)
    first, second = await command(team), await command(team)
    assert (first.code, second.code) == (1, 1)
    assert "could not be posted, see above" in first.out
    assert "was tried before, and could not be posted" in second.out
