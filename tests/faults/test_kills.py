"""Processes that are killed in a narrow place: nothing is lost, nothing is answered twice.

Kills at any moment, with whatever else breaks, are in `test_chaos.py`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import aiohttp
import pytest

from tests.standins.slack import faults

if TYPE_CHECKING:
    from tests.conftest import Count
    from tests.standins.slack import Message
    from tests.standins.slack.workspace import Workspace

from tests.e2e.team import Team, eventually

SETTINGS = {
    "SLACK_PACING": "off",
    "RATE_LIMIT_USER": "0",
    "RATE_LIMIT_CHANNEL": "0",
    "RATE_LIMIT_WORKSPACE": "0",
}


def is_acknowledged(team: Team, question: Message) -> bool:
    told = [one for one in team.slack.outbox.deliveries if one.event.get("ts") == question.ts]
    return any(one.state == "acked" for one in told)


def said(workspace: Workspace) -> Counter[str]:
    """How often the bot says what, in messages that are finished."""
    return Counter(one.shown.split("\n")[0] for one in by_bot(workspace) if one.blocks)


def by_bot(workspace: Workspace) -> list[Message]:
    messages = workspace.messages("C0GENERAL")
    return [one for one in messages if one.user == workspace.bot_user]


async def all_are_answered_once(team: Team, questions: dict[str, Message]) -> None:
    """`questions` by the text of their only right answer."""
    workspace = team.slack.workspace
    taken = {text: one for text, one in questions.items() if is_acknowledged(team, one)}

    def are_done() -> bool:
        done = team.ledger("SELECT count(*) AS n FROM turns")[0]["n"]
        return bool(done >= len(taken))

    await eventually(are_done, timeout_s=60)
    assert said(workspace) == Counter(taken.keys())
    assert [one.shown for one in by_bot(workspace) if not one.blocks] == [], "a shell is left"


LATE, HANGING, RESET = (
    faults.latency(0.4, after=True),
    faults.black_hole(after=True),
    faults.reset_after(),
)
WINDOWS = {
    "chat.startStream": {"late": LATE, "hanging": HANGING, "reset": RESET},
    "chat.appendStream": {"late": LATE},
    "chat.stopStream": {"late": LATE, "hanging": HANGING, "reset": RESET},
    "chat.postMessage": {"late": LATE, "hanging": HANGING, "reset": RESET},
    "chat.update": {"late": LATE, "hanging": HANGING},
}
"""What Slack has done, and how its answer fails to come before the kill."""


@pytest.mark.parametrize("method", WINDOWS)
async def test_kills_just_after_slack_took_a_write_double_nothing(
    hasty_team: Team, count: Count, method: str
) -> None:
    team = hasty_team
    questions: dict[str, Message] = {}
    for turn in range(count(short=1, long=3)):  # ten kills make a question a dead letter
        for window, fault in WINDOWS[method].items():
            if method in ("chat.postMessage", "chat.update"):
                team.slack.faults.on("chat.startStream", faults.error("unknown_method"), times=None)
            rule = team.slack.faults.on(method, fault, times=None)
            async with team.bot(**SETTINGS) as bot:
                for n in range(3):
                    text = f"{method} {window} {turn} {n}"
                    questions[text] = team.ask(f"repeat: {text}")
                await team.told()
                await team.slack.wait_for(lambda: rule.hits)  # noqa: B023 - awaited here
                await bot.kill()
            team.slack.faults.clear()
    async with team.bot(**SETTINGS):
        await all_are_answered_once(team, questions)


async def test_sigterm_while_twenty_answers_run(hasty_team: Team) -> None:
    """Those that can end in time do; the others are ended by the next process, where they are."""
    team = hasty_team
    text = "one two three four five six seven eight nine ten"
    async with team.bot(**SETTINGS, DRAIN_S="2") as bot, aiohttp.ClientSession() as http:
        quick = {f"{text} quick {n}": "drip:0.01" for n in range(10)}
        stuck = {f"{text} stuck {n}": "stall x1" for n in range(10)}
        questions = {
            words: team.ask(f"repeat: {words} fault:{fault}")
            for words, fault in (quick | stuck).items()
        }
        for question in questions.values():
            await team.text_appears(question)
        stopping = asyncio.create_task(bot.stop())
        await bot.logged(lambda record: "stopping" in record.get("message", ""))
        async with http.get(f"{bot.url}/readyz") as response:
            assert response.status == 503
        late = "asked while it stops"
        questions[late] = team.ask(f"repeat: {late}")
        await team.told()
        assert await stopping == 0
    assert set(quick) <= said(team.slack.workspace).keys()
    begun = {words: team.answers(questions[words])[0].ts for words in stuck}
    assert not team.answers(questions[late])
    async with team.bot(**SETTINGS):
        await all_are_answered_once(team, questions)
    assert {words: team.answers(questions[words])[0].ts for words in stuck} == begun
    rows = team.ledger("SELECT starts, failures FROM inbox")
    assert all(row == {"starts": 1, "failures": 0} for row in rows), rows
