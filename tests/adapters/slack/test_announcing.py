"""Speaking in Slack without having been asked: what the contract for all platforms leaves open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from core.conversation import Author, ConversationKey, InboundMessage, MessageRef
from core.draft import Draft, Ending
from core.errors import DeliveryError
from core.turn import QueuedMessage
from tests.adapters.slack.conftest import running_bot
from tests.contracts.test_announcer import REPORT, HastyClock, Saved, crash
from tests.fakes.clock import START
from tests.standins.slack import faults

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.ports import Reply
    from tests.adapters.slack.conftest import Bot

GENERAL = "C0GENERAL"


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with running_bot(tiers=False, pacing="off", clock=HastyClock()) as bot:
        yield bot


async def place(bot: Bot, channel: str = GENERAL) -> str:
    assert bot.channel.platform.announcer is not None
    return await bot.channel.platform.announcer.place("T0ACME", channel)


def reply(bot: Bot, where: str, *, recovered: bool = False) -> Reply:
    key = ("slack", "T0ACME", GENERAL)
    message = InboundMessage(
        MessageRef(*key, "digest/2026-03-02"),
        ConversationKey(*key, "digest"),
        Author("", ""),
        "",
        "mention",
        START,
        reply_to=where,
    )
    queued = QueuedMessage("turn", 1, "report", message, START, recovered=recovered)
    return bot.channel.platform.replies.open(queued)


def tops(bot: Bot) -> list[str]:
    workspace = bot.slack.workspace
    found = workspace.messages(GENERAL)
    return [m.shown for m in found if m.user == workspace.bot_user and not m.thread_ts]


async def test_an_install_without_the_permission_to_look_still_posts(bot: Bot) -> None:
    for method in ("conversations.info", "conversations.open"):
        bot.slack.faults.on(method, faults.error("missing_scope"), times=None)
    await reply(bot, await place(bot)).post(REPORT, (), Saved())
    assert tops(bot) == ["42 requests"]
    with pytest.raises(DeliveryError, match="missing_scope"):
        await place(bot, "U0ALICE")


@pytest.mark.parametrize(
    "fault", [faults.reset_after(), faults.reset_before(), faults.http_status(503)], ids=str
)
async def test_a_post_whose_answer_never_came_is_made_once(bot: Bot, fault: faults.Fault) -> None:
    bot.slack.faults.on("chat.postMessage", fault)
    await reply(bot, await place(bot)).post(REPORT, (), Saved())
    assert tops(bot) == ["42 requests"]


async def test_what_else_the_bot_said_there_is_left_alone(bot: Bot) -> None:
    """Answers to others, whole or just begun, and reports of before."""
    where = await place(bot)
    known: set[str] = set()
    for text in ("Yesterday's digest", "…"):
        said = await bot.channel.api.call(
            "chat.postMessage", {"channel": GENERAL, "markdown_text": text}
        )
        known.add(str(said["ts"]))

    async def is_known(ref: MessageRef) -> bool:
        return ref.message_id in known

    bot.channel._replies.is_known = is_known
    with pytest.raises(RuntimeError):
        await reply(bot, where).post(REPORT, (), crash)
    await reply(bot, where, recovered=True).post(REPORT, (), Saved())
    assert tops(bot) == ["Yesterday's digest", "…", "42 requests"]


async def test_an_earlier_report_that_is_no_longer_known_is_not_taken_for_an_empty_one(
    bot: Bot,
) -> None:
    where = await place(bot)
    await bot.channel.api.call("chat.postMessage", {"channel": GENERAL, "markdown_text": "Before"})

    async def is_known(ref: MessageRef) -> bool:
        return False

    bot.channel._replies.is_known = is_known
    await reply(bot, where, recovered=True).post(REPORT, (), Saved())
    assert tops(bot) == ["Before", "42 requests"]


async def test_a_channel_that_cannot_be_looked_at_gets_its_report_later(bot: Bot) -> None:
    """With an empty message somewhere, posting another one would make two."""
    where = await place(bot)
    with pytest.raises(RuntimeError):
        await reply(bot, where).post(REPORT, (), crash)
    rule = bot.slack.faults.on("conversations.history", faults.http_status(503), times=None)
    with pytest.raises(DeliveryError) as raised:
        await reply(bot, where, recovered=True).post(REPORT, (), Saved())
    assert raised.value.retryable
    rule.times = 0
    await reply(bot, where, recovered=True).post(REPORT, (), Saved())
    assert tops(bot) == ["42 requests"]


async def test_an_answer_outside_of_a_thread_is_written_without_a_stream(bot: Bot) -> None:
    for channel in (GENERAL, "U0ALICE"):
        draft = Draft()
        draft.show_status("Looking")
        where, posted = await place(bot, channel), len(bot.slack.calls("chat.postMessage"))
        writing = asyncio.create_task(reply(bot, where).write(draft, (), Saved()))
        await bot.slack.wait_for(lambda: len(bot.slack.calls("chat.postMessage")) > posted)  # noqa: B023 - awaited here
        draft.append("Something went wrong.")
        draft.end(Ending("failed"))
        await writing
    assert tops(bot) == ["Something went wrong."]
    for method in ("chat.startStream", "assistant.threads.setStatus", "agents.sessions.setStatus"):
        assert not bot.slack.calls(method)
