"""A busy company: more answers than Slack's tiers have stream starts for."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.adapters.chatbot import RATED
from tests.adapters.slack.conftest import Bot, running_bot
from tests.adapters.slack.test_answer import text_of

if TYPE_CHECKING:
    from core.draft import Draft
    from tests.conftest import Count
    from tests.standins.slack import Message

SCALE = 10.0
A_MINUTE = 30
CHANNELS = ("C0GENERAL", "C0RANDOM", "U0ALICE", "U0BOB")


class FastClock:
    """Ten times as fast as the machine's, as the stand-in's."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * SCALE

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SCALE)


def text_for(number: int, chars: int) -> str:
    word = f"answer-{number:03d} "
    return (word * (chars // len(word) + 1))[:chars].rstrip()


def ask(bot: Bot, number: int, channel: str | None = None) -> Message:
    channel = channel or CHANNELS[number % len(CHANNELS)]
    user = channel if channel.startswith("U") else "U0CAROL"
    mention = "" if channel.startswith("U") else f"{bot.slack.people.mention} "
    return bot.slack.people.say(user, channel, f"{mention}question {number}")


def seen_after_s(bot: Bot, asked: Message) -> float:
    """Until the asker sees a message or a status line, in the stand-in's seconds."""
    posts = [m.posted_at for m in bot.slack.workspace.answers_to(asked.ts, asked.channel)]
    signs = [
        call.at
        for call in bot.slack.calls("assistant.threads.setStatus", thread_ts=asked.ts)
        if call.accepted and call.args["status"]
    ]
    return (min(posts + signs) - asked.posted_at) * SCALE


@pytest.mark.parametrize("spike_in_one_channel", [False, True])
async def test_nothing_is_lost_and_everybody_sees_something(
    count: Count, spike_in_one_channel: bool
) -> None:
    clock = FastClock()
    minutes = count(short=1, long=3)
    async with running_bot(clock=clock, time_scale=SCALE) as bot:
        asked: list[Message] = []
        steady = minutes * A_MINUTE

        def number_of(draft: Draft) -> int:
            at = next(i for i, known in enumerate(bot.chatbot.drafts) if known is draft)
            return int(bot.chatbot.accepted[at].text.split()[-1])

        async def script(draft: Draft) -> None:
            number = number_of(draft)
            text = text_for(number, 600 if number < steady else 8_000)
            steps = 24 if number < steady else 60
            size = len(text) // steps + 1
            for at in range(0, len(text), size):
                draft.append(text[at : at + size])
                await clock.sleep(0.25)
            draft.end(RATED)

        bot.chatbot.script = script
        for number in range(steady):
            asked.append(ask(bot, number))
            await clock.sleep(60 / A_MINUTE)
        for number in range(steady, steady + 20):
            asked.append(ask(bot, number, CHANNELS[0] if spike_in_one_channel else None))
        await bot.slack.wait_for(lambda: len(bot.chatbot.turns) == len(asked), 30)
        await asyncio.wait_for(asyncio.gather(*bot.chatbot.turns), 60)

        for number, question in enumerate(asked):
            messages = bot.slack.workspace.answers_to(question.ts, question.channel)
            expected = text_for(number, 600 if number < steady else 8_000)
            assert [text_of(m).rstrip() for m in messages] == [expected], number
        waits = sorted(seen_after_s(bot, question) for question in asked)
        refused = [call for call in bot.slack.calls() if call.error == "ratelimited"]
        print(f"seen after p50 {waits[len(waits) // 2]:.2f} s, max {waits[-1]:.2f} s")
        print(f"{len(bot.slack.calls())} calls, {len(refused)} over the limit")
        # How long they waited is for the benchmarks: here it would time the machine.
        assert len(waits) == len(asked)
        assert len(refused) <= len(asked) * 0.2
