"""The one door to the Web API: waits together, repeats only what may be repeated."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adapters.slack.web.errors import SlackRefused, SlackUnreachable
from tests.adapters.slack.conftest import running_bot
from tests.adapters.slack.test_load import SCALE, FastClock
from tests.standins.slack import faults

if TYPE_CHECKING:
    from tests.adapters.slack.conftest import Bot

POST = {"channel": "C0GENERAL", "text": "hello"}


async def test_twenty_posts_at_once_share_one_pause() -> None:
    """A channel takes bursts of five, then one a second; the pacer is off, so Slack has to say."""
    async with running_bot(clock=FastClock(), time_scale=SCALE, pacing="off") as bot:
        posts = [bot.channel.api.call("chat.postMessage", POST) for _ in range(20)]
        await asyncio.gather(*posts)
        assert len(bot.slack.workspace.messages("C0GENERAL")) == 20
        assert len(bot.slack.calls("chat.postMessage")) <= 26


@pytest.mark.parametrize(
    "fault",
    [faults.reset_after(), faults.reset_before(), faults.http_status(502), faults.html()],
    ids=lambda fault: fault.name,
)
async def test_a_post_of_unknown_outcome_is_not_repeated_by_itself(
    bot: Bot, fault: faults.Fault
) -> None:
    bot.slack.faults.on("chat.postMessage", fault)
    with pytest.raises(SlackUnreachable):
        await bot.channel.api.call("chat.postMessage", POST)
    assert len(bot.slack.calls("chat.postMessage")) == 1


async def test_an_update_is_repeated_until_it_is_done() -> None:
    async with running_bot(clock=FastClock(), time_scale=SCALE) as bot:
        posted = await bot.channel.api.call("chat.postMessage", POST)
        bot.slack.faults.on("chat.update", faults.reset_after(), times=2)
        arguments: dict[str, Any] = {"channel": "C0GENERAL", "ts": posted["ts"], "text": "b"}
        await bot.channel.api.call("chat.update", arguments)
        assert len(bot.slack.calls("chat.update")) == 3


@pytest.mark.parametrize("code", ["channel_not_found", "is_archived", "msg_too_long"])
async def test_a_refusal_for_good_is_told_at_once(bot: Bot, code: str) -> None:
    bot.slack.faults.on("chat.postMessage", faults.error(code), times=None)
    with pytest.raises(SlackRefused) as refusal:
        await bot.channel.api.call("chat.postMessage", POST)
    assert (refusal.value.code, refusal.value.passing) == (code, False)
    assert len(bot.slack.calls("chat.postMessage")) == 1


def test_secrets_are_compared_in_constant_time_only() -> None:
    """No `==` on anything that is named like a secret."""
    words = ("signature", "token", "secret", "expected")
    for path in Path(__file__).parents[3].glob("adapters/slack/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                sides = [node.left, *node.comparators]
                names = {ast.unparse(side).lower() for side in sides}
                assert not any(word in name for word in words for name in names), path
