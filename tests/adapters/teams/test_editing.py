"""Answers in group chats and channels: a shell that is edited, and typing before."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from core.document import Chart, Document, Text
from core.draft import Ending
from core.errors import DeliveryError
from tests.adapters.chatbot import says
from tests.adapters.teams.conftest import FastClock, running_bot
from tests.adapters.teams.eyes import SHELL, answered, ended, inbound, words_of
from tests.adapters.teams.scripts import (
    ACTIVITIES,
    STOPPED,
    is_plain,
    said,
    slowly,
    streamed,
)
from tests.adapters.teams.test_buttons import queued
from tests.standins.teams import faults

if TYPE_CHECKING:
    from core.conversation import MessageRef
    from core.draft import Draft
    from tests.adapters.teams.conftest import Bot

CLOCK = FastClock()
FOOTER = Ending("answered", footer="gpt · 1.0 s", can_rate=True)
ONE_TWO_THREE = ("One ", "two ", "three.")
ROOMS = pytest.mark.parametrize("room", ["Lunch", "General"])


@ROOMS
async def test_a_shell_is_posted_and_filled(bot: Bot, room: str) -> None:
    bot.chatbot.script = slowly(CLOCK, *ONE_TWO_THREE)
    (answer,) = await answered(bot, room)
    texts = [version.text for version in answer.versions]
    assert (texts[0], texts[-1]) == (SHELL, "One two three.")
    assert len(texts) > 3
    assert all(later.startswith(earlier.rstrip()) for earlier, later in pairwise(texts[1:]))
    assert (answer.says_ai, answer.feedback_loop) == (True, "default")
    assert streamed(bot) == []
    assert [call for call in bot.teams.calls_made if (call.status or 0) >= 400] == []


async def test_an_answer_stays_in_the_thread_of_its_question(bot: Bot) -> None:
    first, second = (await answered(bot, "General"))[0], (await answered(bot, "General"))[1]
    assert first.root != second.root
    root = second.root
    bot.teams.people.say("bob", "General", "@bot and now?", root)
    await ended(bot, 2)
    assert [m.text for m in bot.teams.answers("General", root=root)] == ["Hello.", "Hello."]


async def test_the_bot_is_seen_typing_until_its_first_words(bot: Bot) -> None:
    async def script(draft: Draft) -> None:
        await CLOCK.sleep(8)
        draft.append("Here.")
        await CLOCK.sleep(8)
        draft.end(STOPPED)

    bot.chatbot.script = script
    await answered(bot, "Lunch")
    assert len(bot.teams.activities.typing) in (2, 3, 4)


async def test_edits_are_a_second_apart(bot: Bot) -> None:
    bot.chatbot.script = slowly(CLOCK, *(f"word{n} " for n in range(30)), pause_s=0.2)
    (answer,) = await answered(bot, "General")
    times = [version.at * bot.teams.clock.scale for version in answer.versions[1:-1]]
    assert len(times) > 3
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.95


@ROOMS
async def test_a_long_answer_becomes_several_messages_without_a_lost_character(
    bot: Bot, room: str
) -> None:
    lines = [f'Line {number} of a "long" answer.\n' for number in range(1_500)]
    bot.chatbot.script = says(*lines)
    messages = await answered(bot, room)
    assert "".join(text + "\n" for text in said(messages)) == "".join(lines)
    assert len(messages) in (4, 5)
    assert [m.feedback_loop for m in messages[:-1]] == [None] * (len(messages) - 1)


@pytest.mark.parametrize("room", ["alice", "General"])
async def test_signs_that_are_written_as_two_count_as_two(bot: Bot, room: str) -> None:
    bot.chatbot.script = says('"a" \\\n' * 4_000)
    messages = await answered(bot, room)
    assert "".join(said(messages)).count("a") == 4_000
    assert [call for call in bot.teams.calls_made if call.status == 413] == []


async def test_shells_that_nobody_knows_of_do_not_become_many(bot: Bot) -> None:
    bot.teams.faults.on(
        "POST", ACTIVITIES, faults.reset_after(), times=None, where=lambda a: a.get("text") == SHELL
    )
    bot.chatbot.script = slowly(CLOCK, *ONE_TWO_THREE, pause_s=4)
    messages = await answered(bot, "General")
    assert [m.text for m in messages] == [SHELL, "One two three."]


async def test_nothing_hurts_of_what_a_model_writes(bot: Bot) -> None:
    text = "<at>Bob</at> <at id='0'>all</at> ![x](https://evil.example/?d=1) <b>b</b> &lt;at&gt;"
    for room in ("alice", "General"):
        bot.chatbot.script = slowly(CLOCK, *text, pause_s=0.05)
        (answer,) = await answered(bot, room)
        for version in answer.versions:
            assert "<at" not in version.text.lower()
            assert "![" not in version.text
    for call in bot.teams.calls_made:
        kinds = [entity["type"] for entity in call.activity.get("entities", [])]
        assert "mention" not in kinds


async def test_what_stands_below_an_answer(bot: Bot) -> None:
    bot.chatbot.script = says("Half an ans", ending=STOPPED)
    (answer,) = await answered(bot, "General")
    assert answer.text == "Half an ans"
    assert "Stopped, as you asked." in str(answer.cards)
    assert answer.feedback_loop is None


@pytest.mark.parametrize("room", ["alice", "General"])
async def test_a_footer_ends_the_text_and_makes_no_card(bot: Bot, room: str) -> None:
    bot.chatbot.script = slowly(CLOCK, "- One\n", "- two", ending=FOOTER)
    (answer,) = await answered(bot, room)
    assert (answer.text, answer.cards) == ("- One\n- two\n\n*gpt · 1.0 s*", [])
    assert answer.says_ai
    assert answer.feedback_loop == "default"


@pytest.mark.parametrize("room", ["alice", "General"])
async def test_a_card_that_teams_refuses_costs_the_card_alone(bot: Bot, room: str) -> None:
    def has_card(activity: dict[str, Any]) -> bool:
        return bool(activity.get("attachments"))

    refuse = faults.error(400, "BadArgument")
    bot.teams.faults.on("*", "/v3/*", refuse, times=None, where=has_card)
    bot.chatbot.script = slowly(CLOCK, "Half an ans", ending=STOPPED)
    assert said(await answered(bot, room)) == ["Half an ans"]


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("POST", faults.reset_before()),
        ("POST", faults.reset_after()),
        ("POST", faults.throttled("1")),
        ("POST", faults.throttled(None)),
        ("POST", faults.html()),
        ("POST", faults.garbage()),
        ("POST", faults.http_status(500)),
        ("POST", faults.error(401, "Unauthorized")),
        ("PUT", faults.reset_before()),
        ("PUT", faults.reset_after()),
        ("PUT", faults.throttled("1")),
        ("PUT", faults.throttled("soon")),
        ("PUT", faults.http_status(503)),
        ("PUT", faults.error(400, "BadArgument")),
        ("PUT", faults.error(401, "Unauthorized")),
        ("PUT", faults.error(404, "ActivityNotFoundInConversation")),
        ("PUT", faults.error(413, "MessageSizeTooBig")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
async def test_one_fault_costs_no_character_and_adds_none(method: str, fault: faults.Fault) -> None:
    async with running_bot() as bot:
        path = ACTIVITIES if method == "POST" else "*"
        rule = bot.teams.faults.on(method, path, fault, where=is_plain)
        bot.chatbot.script = slowly(CLOCK, *ONE_TWO_THREE)
        messages = await answered(bot, "General")
        assert rule.hits == 1
        assert said(messages) == ["One two three."]
        # Teams says it is gone, or nothing; in truth a shell is there.
        assert {m.text for m in messages} <= {SHELL, "One two three."}
        assert len(messages) == (
            2 if (fault.after and method == "POST") or fault.status == 404 else 1
        )


async def test_six_answers_share_what_one_chat_may_take() -> None:
    """How exactly, test_pace.py says: here the two clocks run too fast for it."""
    async with running_bot(rates=True) as bot:
        bot.chatbot.script = slowly(CLOCK, "One ", "two ", "three.", pause_s=1)
        for _ in range(6):
            bot.teams.people.say("alice", "Lunch", "@bot question")
        for number in range(6):
            await ended(bot, number)
        assert said(bot.teams.answers("Lunch")) == ["One two three."] * 6
        refused = [call for call in bot.teams.calls_made if call.status == 429]
        assert len(refused) <= len(bot.teams.calls_made) / 3


@pytest.mark.parametrize("code", ["BotNotInConversationRoster", "ConversationNotFound", "Odd"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_where_nothing_can_be_written_the_engine_is_told_and_the_bot_rests(
    bot: Bot, method: str, code: str
) -> None:
    status = 404 if code == "ConversationNotFound" else 403
    bot.teams.faults.on(method, "/v3/*", faults.error(status, code), times=None)
    bot.chatbot.script = slowly(CLOCK, *ONE_TWO_THREE)
    with pytest.raises(DeliveryError) as failure:
        await answered(bot, "General")
    assert not failure.value.retryable
    made = len(bot.teams.calls_made)
    await CLOCK.sleep(10)
    assert len(bot.teams.calls_made) == made < 12


async def test_while_teams_is_down_the_answer_can_be_tried_again_later(bot: Bot) -> None:
    bot.teams.faults.on("*", "/v3/*", faults.http_status(503), times=None)
    with pytest.raises(DeliveryError) as failure:
        await answered(bot, "General")
    assert failure.value.retryable


async def test_a_report_is_a_card_and_a_simpler_one_where_it_has_to_be(bot: Bot) -> None:
    message = await inbound(bot, "General")
    reply = bot.channel.platform.replies.open(queued(message))
    chart = Chart("Requests", ("a", "b"), (1.0, 2.0))
    report = Document("Numbers", (Text("**42** requests"), chart))
    saved: list[MessageRef] = []

    async def save(ref: MessageRef) -> None:
        assert words_of(bot.teams.answers("General")[-1]) == SHELL
        saved.append(ref)

    await reply.post(report, (), save)
    (answer,) = bot.teams.answers("General")
    assert "Numbers" in words_of(answer)
    assert [ref.message_id for ref in saved] == [answer.id]
    refuse = faults.error(400, "BadArgument")

    def has_card(activity: dict[str, Any]) -> bool:
        return bool(activity.get("attachments"))

    bot.teams.faults.on("PUT", "*", refuse, where=has_card)
    await reply.post(report, saved, save)
    assert len(answer.cards) == 1
    bot.teams.faults.on("PUT", "*", refuse, times=2, where=has_card)
    await reply.post(report, saved, save)
    assert answer.cards == []
    assert "42" in answer.text


async def test_a_chat_that_was_not_asked_for_is_no_place(bot: Bot) -> None:
    message = await inbound(bot)
    with pytest.raises(ValueError, match="place"):
        bot.channel.platform.replies.open(queued(replace(message, reply_to="[]")))
