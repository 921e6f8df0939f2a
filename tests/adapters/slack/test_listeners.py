"""Commands, buttons, reactions, edits and what else people do in Slack."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.slack.inbound.responding import Responder
from core.document import Action, Actions, Chart, Document, Text
from core.draft import Ending
from core.feedback import STOP_BUTTON
from tests.adapters.chatbot import says
from tests.adapters.slack.test_answer import STOPPED, answered
from tests.standins.slack import faults

if TYPE_CHECKING:
    from tests.adapters.slack.conftest import Bot

WAITING = Ending(None, Document("", (Text("It waits."),)), can_cancel=True)
REPORT = Document(
    "Numbers",
    (
        Text("Ten requests"),
        Chart("Requests", ("Mon", "Tue"), (3.0, 7.0)),
        Actions((Action("7 days", "stats 7d me"),)),
    ),
)


async def test_a_slash_command_is_acknowledged_empty_and_answered_for_one(bot: Bot) -> None:
    bot.chatbot.document = REPORT
    typed = bot.slack.people.command("U0ALICE", "C0GENERAL", "/chatbot-stats", "24h me")
    (shown,) = await bot.slack.wait_for(lambda: bot.slack.workspace.ephemerals)
    assert typed.delivery.response is None
    assert (shown.user, shown.source) == ("U0ALICE", "response_url")
    assert "Ten requests" in shown.shown
    (call,) = bot.chatbot.calls
    assert (call.name, call.arguments, call.from_slash) == ("stats", ("24h", "me"), True)
    assert call.conversation.thread == ""
    assert (call.conversation.workspace, call.conversation.channel) == ("T0ACME", "C0GENERAL")


@pytest.mark.parametrize("name", ["stats", "reset", "help", "settings", "stop"])
async def test_every_command_reaches_core(bot: Bot, name: str) -> None:
    bot.slack.people.command("U0ALICE", "U0ALICE", f"/chatbot-{name}")
    await bot.slack.wait_for(lambda: bot.slack.workspace.ephemerals)
    assert [(call.name, call.direct) for call in bot.chatbot.calls] == [(name, True)]


async def test_a_refused_chart_becomes_a_line_of_bars(bot: Bot) -> None:
    bot.chatbot.document = REPORT
    bot.slack.faults.on("response_url", faults.http_status(400))
    bot.slack.people.command("U0ALICE", "C0GENERAL", "/chatbot-stats")
    (shown,) = await bot.slack.wait_for(lambda: bot.slack.workspace.ephemerals)
    assert "data_visualization" not in [block["type"] for block in shown.blocks]
    assert "█" in shown.shown


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://hooks.slack.com/commands/T1/1/x", True),
        ("http://hooks.slack.com/commands/T1/1/x", False),
        ("https://hooks.slack.com.evil.example/x", False),
        ("https://evil.example/hooks.slack.com", False),
        ("https://hooks.slack.com@evil.example/", False),
        ("https://evil.example#@hooks.slack.com/", False),
        ("https://hooks.slack.com:8443/x", False),
        ("https://169.254.169.254/latest", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_answers_go_to_slacks_own_address_alone(url: str, allowed: bool) -> None:
    responder = Responder(None, "", lambda _: None)  # type: ignore[arg-type]  # nothing is sent
    assert responder.may_send_to(url) is allowed


async def test_a_reports_button_runs_its_command_line(bot: Bot) -> None:
    (answer,) = await answered(bot)
    place = {"channel": answer.channel, "thread_ts": answer.thread_ts, "text": "x"}
    from adapters.slack.outbound.draw import draw

    posted = await bot.channel.api.call("chat.postMessage", {**place, "blocks": draw(REPORT)})
    report = bot.slack.workspace.message(posted["ts"])
    bot.slack.people.press("U0BOB", report, "command-1", "stats 7d me")
    await bot.slack.wait_for(lambda: bot.chatbot.calls)
    (call,) = bot.chatbot.calls
    assert (call.name, call.arguments, call.author.user_id) == ("stats", ("7d", "me"), "U0BOB")
    assert call.from_slash is False


async def test_try_again_asks_once_more_under_the_same_message(bot: Bot) -> None:
    bot.chatbot.script = says("cut", ending=STOPPED)
    (answer,) = await answered(bot)
    bot.slack.people.press("U0ALICE", answer, "try-again", "again")
    await bot.slack.wait_for(lambda: bot.chatbot.retries)
    ref, user, click = bot.chatbot.retries[0]
    assert (ref.message_id, user) == (answer.ts, "U0ALICE")
    assert click.startswith(answer.ts)


async def test_cancel_stops_the_question_that_waits_in_that_message(bot: Bot) -> None:
    bot.chatbot.script = says("", ending=WAITING)
    (answer,) = await answered(bot)
    bot.slack.people.press("U0BOB", answer, "cancel", "cancel")
    (stop,) = await bot.slack.wait_for(lambda: bot.chatbot.reactions)
    assert (stop.ref.message_id, stop.author.user_id) == (answer.ts, "U0BOB")
    assert (stop.emoji, stop.added) == (STOP_BUTTON, True)


async def test_a_rating_that_cannot_be_stored_is_not_acknowledged(bot: Bot) -> None:
    (answer,) = await answered(bot)
    bot.chatbot.stored = False
    pressed = bot.slack.people.press("U0ALICE", answer, "feedback", "down")
    await bot.slack.wait_for(lambda: pressed.delivery.state == "given_up")
    assert pressed.delivery.attempts[0].status == 503


async def test_reactions_come_and_go(bot: Bot) -> None:
    (answer,) = await answered(bot)
    bot.slack.people.react("U0BOB", answer, "+1::skin-tone-3")
    bot.slack.people.unreact("U0BOB", answer, "+1::skin-tone-3")
    await bot.slack.wait_for(lambda: len(bot.chatbot.reactions) == 2)
    seen = sorted((r.at, r.emoji, r.added) for r in bot.chatbot.reactions)
    assert [entry[1:] for entry in seen] == [("+1", True), ("+1", False)]


async def test_twins_and_repetitions_are_one_question(bot: Bot) -> None:
    asked = await bot.ask()
    for delivery in list(bot.slack.outbox.deliveries):
        for _ in range(5):
            bot.slack.people.tell_again(delivery, new_event_id=True)
    await bot.slack.outbox.settled()
    await bot.slack.wait_for(bot.chatbot.turns[0].done)
    assert len(bot.chatbot.accepted) == 1
    assert len(bot.slack.workspace.answers_to(asked.ts)) == 1
    assert all(d.state == "acked" for d in bot.slack.outbox.deliveries)


async def test_other_bots_are_not_answered(bot: Bot) -> None:
    bot.slack.people.other_bot_says("C0GENERAL", f"{bot.slack.people.mention} hi")
    bot.slack.people.other_bot_says("C0GENERAL", f"{bot.slack.people.mention} hi", user=None)
    await bot.slack.outbox.settled()
    assert bot.chatbot.accepted == []


async def test_an_edit_reaches_core_and_an_unfurl_does_not(bot: Bot) -> None:
    asked = await bot.ask("https://a.example what?")
    await bot.slack.wait_for(lambda: bot.chatbot.turns and bot.chatbot.turns[0].done())
    bot.slack.people.unfurl(asked, "https://a.example")
    bot.slack.people.edit(asked, f"{bot.slack.people.mention} who?")
    await bot.slack.wait_for(lambda: bot.chatbot.edits)
    assert [(ref.message_id, text) for ref, text in bot.chatbot.edits] == [(asked.ts, "who?")]


@pytest.mark.parametrize("unheard", ["", "app_mention"])
async def test_an_edit_that_adds_the_mention_is_answered_once(bot: Bot, unheard: str) -> None:
    bot.slack.context.subscriptions.discard(unheard)
    said = bot.slack.people.say("U0ALICE", "C0GENERAL", "what?")
    bot.slack.people.edit(said, f"{bot.slack.people.mention} what?")
    await bot.slack.wait_for(lambda: bot.chatbot.turns and bot.chatbot.turns[0].done())
    await bot.slack.outbox.settled()
    assert [m.text for m in bot.chatbot.accepted] == ["what?"]


async def test_a_deleted_questions_answer_is_removed(bot: Bot) -> None:
    (answer,) = await answered(bot)
    question = bot.slack.workspace.message(bot.chatbot.accepted[0].ref.message_id)
    bot.chatbot.to_remove = bot.chatbot.saved[question.ts]
    bot.slack.people.delete(question)
    await bot.slack.wait_for(lambda: answer.deleted)
    assert [ref.message_id for ref in bot.chatbot.deletions] == [question.ts]


async def test_opening_the_pane_offers_prompts(bot: Bot) -> None:
    bot.slack.people.open_home("U0ALICE", "messages")
    (call,) = await bot.slack.wait_for(
        lambda: bot.slack.calls("assistant.threads.setSuggestedPrompts")
    )
    assert call.error is None
    assert "thread_ts" not in call.args
    assert 1 <= len(call.args["prompts"]) <= 4


async def test_a_shared_channel_is_answered_for_this_workspace_once(bot: Bot) -> None:
    asked = bot.slack.people.say("U0ERIN", "C0SHARED", f"{bot.slack.people.mention} hi")
    await bot.slack.wait_for(lambda: bot.chatbot.turns and bot.chatbot.turns[0].done())
    await bot.slack.outbox.settled()
    assert {m.ref.workspace for m in bot.chatbot.accepted} == {"T0ACME"}
    assert len(bot.slack.workspace.answers_to(asked.ts)) == 1
    (start,) = bot.slack.calls("chat.startStream")
    assert start.args["recipient_team_id"] == "T0OTHER"
