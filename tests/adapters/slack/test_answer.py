"""Answers in Slack, against the stand-in: what is shown, in which messages, whatever goes wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.conversation import MessageRef
from core.document import Document, Text
from core.draft import Draft, Ending
from core.errors import DeliveryError
from tests.adapters.chatbot import RATED, says
from tests.adapters.slack.conftest import WallClock, running_bot
from tests.standins.slack import faults

if TYPE_CHECKING:
    from core.conversation import InboundMessage
    from tests.adapters.slack.conftest import Bot
    from tests.standins.slack import Message

STOPPED = Ending(
    "stopped",
    notice=Document("", (Text("Stopped, as you asked."),)),
    footer="m, 1 s",
    can_retry=True,
)


class HastyClock(WallClock):
    """For waits of a minute that a test has no time for."""

    PACE = 50

    def monotonic(self) -> float:
        return super().monotonic() * self.PACE

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.PACE)


def text_of(message: Message) -> str:
    """The Markdown that a reader sees, without what stands below it."""
    if message.markdown is not None:
        return message.markdown
    shown = [b["text"] for b in message.blocks if b["type"] == "markdown"]
    return "".join(shown) if message.blocks else message.text


def block_types(message: Message) -> list[str]:
    return [block["type"] for block in message.blocks]


async def answered(bot: Bot, channel: str = "C0GENERAL") -> list[Message]:
    """Ask, wait for the end of the turn, and return the messages of the answer."""
    mention = "" if channel.startswith("U") else f"{bot.slack.people.mention} "
    asked = bot.slack.people.say("U0ALICE", channel, f"{mention}question")
    await bot.slack.wait_for(lambda: bot.chatbot.turns and bot.chatbot.turns[-1].done())
    bot.chatbot.turns[-1].result()
    return bot.slack.workspace.answers_to(asked.ts)


async def inbound(bot: Bot) -> InboundMessage:
    """A question that nobody answers yet."""
    platform, bot.chatbot.platform = bot.chatbot.platform, None
    await bot.ask()
    await bot.slack.wait_for(lambda: bot.chatbot.accepted)
    bot.chatbot.platform = platform
    return bot.chatbot.accepted[-1]


async def test_content_goes_only_into_a_message_whose_ref_is_saved(bot: Bot) -> None:
    message = await inbound(bot)
    seen: list[str] = []

    class Stop(Exception):
        pass

    async def save(ref: MessageRef) -> None:
        shown = bot.slack.workspace.message(ref.message_id)
        seen.append(text_of(shown))
        raise Stop

    from core.turn import QueuedMessage

    draft = Draft()
    draft.append("secret")
    draft.end(RATED)
    reply = bot.channel.platform.replies.open(
        QueuedMessage("t", 1, "question", message, message.sent_at)
    )
    with pytest.raises(Stop):
        await reply.write(draft, (), save)
    assert seen == [""]


async def test_the_first_words_are_shown_at_once_and_the_time_is_noted(bot: Bot) -> None:
    go_on = asyncio.Event()

    async def script(draft: Draft) -> None:
        draft.append("First words")
        await go_on.wait()
        draft.append(", and the rest.")
        draft.end(RATED)

    bot.chatbot.script = script
    asked = await bot.ask()
    found = bot.slack.workspace.answers_to
    await bot.slack.wait_for(lambda: [m for m in found(asked.ts) if m.markdown == "First words"])
    await bot.slack.wait_for(lambda: bot.chatbot.drafts[0].first_visible_at is not None)
    go_on.set()
    await bot.slack.wait_for(bot.chatbot.turns[0].done)
    assert found(asked.ts)[0].markdown == "First words, and the rest."


async def test_a_dm_is_answered_in_a_thread_under_its_message(bot: Bot) -> None:
    (answer,) = await answered(bot, "U0ALICE")
    assert text_of(answer) == "Hello."
    assert answer.thread_ts is not None


async def test_a_long_answer_becomes_several_messages_without_a_lost_character(bot: Bot) -> None:
    lines = [f"Line {number} of a long answer.\n" for number in range(1500)]
    bot.chatbot.script = says(*lines)
    messages = await answered(bot)
    assert len(messages) == 4
    assert "".join(text_of(m).rstrip("\n") + "\n" for m in messages) == "".join(lines)
    assert all(len(text_of(m)) <= 12_000 for m in messages)
    assert block_types(messages[-1]) == ["context_actions"]
    assert all(not m.blocks for m in messages[:-1])
    refs = bot.chatbot.saved[bot.chatbot.accepted[0].ref.message_id]
    assert [ref.message_id for ref in refs] == [m.ts for m in messages]


async def test_what_stands_below_an_answer(bot: Bot) -> None:
    bot.chatbot.script = says("Half an ans", ending=STOPPED)
    (answer,) = await answered(bot)
    assert block_types(answer) == ["section", "context", "actions"]
    assert answer.blocks[2]["elements"][0]["action_id"] == "try-again"


async def test_an_answer_without_a_word_still_ends(bot: Bot) -> None:
    bot.chatbot.script = says(ending=STOPPED)
    (answer,) = await answered(bot)
    assert "Stopped, as you asked." in answer.shown


async def test_no_mention_gets_out_and_no_link_is_unfurled(bot: Bot) -> None:
    bot.chatbot.script = says("<!cha", "nnel> <@U0B", "OB> ![x](https://evil.example/?", "d=1)")
    bot.slack.faults.on("chat.startStream", faults.error("feature_disabled"))
    (answer,) = await answered(bot)
    assert not any(sign in text_of(answer) for sign in ("<!", "<@", "!["))
    for call in bot.slack.calls("chat.postMessage"):
        assert call.args["unfurl_links"] is call.args["unfurl_media"] is False


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("chat.startStream", faults.error("feature_disabled")),
        ("chat.startStream", faults.rate_limited("1")),
        ("chat.startStream", faults.reset_before()),
        ("chat.startStream", faults.reset_after()),
        ("chat.startStream", faults.html()),
        ("chat.startStream", faults.http_status(503)),
        ("chat.appendStream", faults.error("message_not_in_streaming_state")),
        ("chat.appendStream", faults.rate_limited("soon")),
        ("chat.appendStream", faults.reset_before()),
        ("chat.appendStream", faults.reset_after()),
        ("chat.appendStream", faults.error("fatal_error")),
        ("chat.appendStream", faults.error("a_code_of_next_year")),
        ("chat.appendStream", faults.error("msg_too_long")),
        ("chat.stopStream", faults.error("message_not_in_streaming_state")),
        ("chat.stopStream", faults.rate_limited("0")),
        ("chat.stopStream", faults.reset_before()),
        ("chat.stopStream", faults.reset_after()),
        ("chat.stopStream", faults.error("invalid_blocks")),
        ("chat.stopStream", faults.error("a_code_of_next_year")),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
async def test_one_fault_while_streaming_costs_no_character_and_adds_none(
    method: str, fault: faults.Fault
) -> None:
    async with running_bot(time_scale=20) as bot:
        bot.slack.faults.on(method, fault)
        bot.chatbot.script = says("One ", "two ", "three.")
        (answer,) = await answered(bot)
        assert text_of(answer) == "One two three."
        assert block_types(answer)[-1] in ("context_actions", "actions")
        assert not (answer.stream and answer.stream.open)


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("chat.postMessage", faults.reset_before()),
        ("chat.postMessage", faults.reset_after()),
        ("chat.postMessage", faults.rate_limited("1")),
        ("chat.postMessage", faults.rate_limited(None)),
        ("chat.postMessage", faults.html(200)),
        ("chat.postMessage", faults.http_status(500)),
        ("chat.update", faults.reset_after()),
        ("chat.update", faults.rate_limited("0.1")),
        ("chat.update", faults.error("invalid_blocks")),
        ("chat.update", faults.error("message_not_found")),
        ("chat.update", faults.error("fatal_error")),
        ("chat.update", faults.http_status(503)),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
async def test_one_fault_while_editing_costs_no_character_and_adds_none(
    method: str, fault: faults.Fault
) -> None:
    async with running_bot(time_scale=20) as bot:
        bot.slack.faults.on("chat.startStream", faults.error("feature_disabled"), times=None)
        bot.slack.faults.on(method, fault)
        bot.chatbot.script = says("One ", "two ", "three.")
        messages = await answered(bot)
        if fault.name == "message_not_found":
            # Slack says it is gone; in truth its shell is still there.
            assert text_of(messages.pop(0)) == "…"
        assert [text_of(m) for m in messages] == ["One two three."]


async def test_a_message_that_slack_finds_too_long_is_said_in_more(bot: Bot) -> None:
    bot.slack.faults.on("chat.startStream", faults.error("feature_disabled"), times=None)
    too_long = faults.error("msg_too_long")

    def is_long(args: dict[str, Any]) -> bool:
        return len(str(args)) > 5_000

    bot.slack.faults.on("chat.update", too_long, times=None, where=is_long)
    text = "".join(f"Line {number}.\n" for number in range(800))
    bot.chatbot.script = says(text)
    messages = await answered(bot)
    assert "".join(text_of(m) + "\n" for m in messages) == text


@pytest.mark.parametrize("code", ["is_archived", "channel_not_found", "token_revoked"])
async def test_where_nothing_can_be_written_the_engine_is_told(bot: Bot, code: str) -> None:
    bot.slack.faults.on("chat.*", faults.error(code), times=None)
    with pytest.raises(DeliveryError) as failure:
        await answered(bot)
    assert not failure.value.retryable
    assert len(bot.slack.calls()) < 10


async def test_where_nobody_may_edit_the_answer_is_posted_whole_at_its_end() -> None:
    async with running_bot(time_scale=50, clock=HastyClock()) as bot:
        bot.slack.faults.on("chat.startStream", faults.error("feature_disabled"), times=None)
        bot.slack.faults.on("chat.update", faults.error("edit_window_closed"), times=None)

        async def script(draft: Draft) -> None:
            draft.append("One ")
            await HastyClock().sleep(20)
            draft.append("two.")
            draft.end(RATED)

        bot.chatbot.script = script
        *shells, answer = await answered(bot)
        assert text_of(answer) == "One two."
        assert [text_of(shell) for shell in shells] == ["…"] * 4


async def test_an_old_stream_goes_on_by_editing(bot: Bot) -> None:
    go_on = asyncio.Event()

    async def script(draft: Draft) -> None:
        draft.append("Early. ")
        await go_on.wait()
        draft.append("Late.")
        draft.end(RATED)

    bot.chatbot.script = script
    asked = await bot.ask()
    await bot.slack.wait_for(lambda: bot.slack.calls("chat.appendStream"))
    bot.slack.clock.advance(400)
    go_on.set()
    await bot.slack.wait_for(bot.chatbot.turns[0].done)
    (answer,) = bot.slack.workspace.answers_to(asked.ts)
    assert text_of(answer) == "Early. Late."


async def test_a_recovered_turn_uses_the_stored_messages_and_the_orphan(bot: Bot) -> None:
    message = await inbound(bot)
    place = {"channel": message.ref.channel, "thread_ts": message.ref.message_id}
    stored = await bot.channel.api.call("chat.postMessage", {**place, "markdown_text": "half an"})
    orphan = await bot.channel.api.call(
        "chat.startStream",
        {**place, "recipient_team_id": "T0ACME", "recipient_user_id": "U0ALICE"},
    )
    ref = MessageRef("slack", message.ref.workspace, message.ref.channel, stored["ts"])
    bot.chatbot.script = says("The whole answer.")

    await bot.chatbot.answer(message, parts=(ref,), recovered=True)

    messages = bot.slack.workspace.answers_to(message.ref.message_id)
    assert [text_of(m) for m in messages if not m.deleted] == ["The whole answer."]
    saved = [ref.message_id for ref in bot.chatbot.saved[message.ref.message_id]]
    assert saved == [stored["ts"], orphan["ts"]]


async def test_a_shell_without_a_ref_is_used_again(bot: Bot) -> None:
    message = await inbound(bot)
    shell = await bot.channel.api.call(
        "chat.postMessage",
        {"channel": message.ref.channel, "thread_ts": message.ref.message_id, "markdown_text": "…"},
    )
    await bot.chatbot.answer(message, recovered=True)
    (answer,) = bot.slack.workspace.answers_to(message.ref.message_id)
    assert (answer.ts, text_of(answer)) == (shell["ts"], "Hello.")


async def test_an_answer_of_another_turn_is_no_orphan(bot: Bot) -> None:
    message = await inbound(bot)
    other = await bot.channel.api.call(
        "chat.postMessage",
        {"channel": message.ref.channel, "thread_ts": message.ref.message_id, "markdown_text": "A"},
    )
    await bot.chatbot.answer(message, recovered=True)
    messages = bot.slack.workspace.answers_to(message.ref.message_id)
    assert [text_of(m) for m in messages] == ["A", "Hello."]
    assert messages[0].ts == other["ts"]


async def test_the_status_is_shown_until_text_flows(bot: Bot) -> None:
    async def script(draft: Draft) -> None:
        draft.show_status("is trying again in 2 s")
        await bot.slack.wait_for(lambda: bot.slack.calls("assistant.threads.setStatus"))
        draft.append("Here.")
        draft.end(RATED)

    bot.chatbot.script = script
    await answered(bot)
    statuses = [c.args["status"] for c in bot.slack.calls("assistant.threads.setStatus")]
    assert statuses[0] == "is trying again in 2 s"


async def test_a_report_is_posted_for_all_and_a_whisper_for_one(bot: Bot) -> None:
    from core.turn import QueuedMessage

    message = await inbound(bot)
    reply = bot.channel.platform.replies.open(
        QueuedMessage("t", 1, "command", message, message.sent_at)
    )
    saved: list[MessageRef] = []

    async def save(ref: MessageRef) -> None:
        saved.append(ref)

    await reply.post(Document("Numbers", (Text("**42** requests"),)), (), save)
    (report,) = bot.slack.workspace.answers_to(message.ref.message_id)
    assert block_types(report) == ["header", "section"]
    assert "*42* requests" in report.shown
    assert [ref.message_id for ref in saved] == [report.ts]
    await reply.whisper(Document("", (Text("for you alone"),)))
    assert bot.slack.workspace.ephemerals[0].user == "U0ALICE"


async def test_stopped_by_slacks_own_button(bot: Bot) -> None:
    pressed = asyncio.Event()

    async def script(draft: Draft) -> None:
        draft.append("Begun")
        await pressed.wait()
        draft.append(" and cut")
        draft.end(STOPPED)

    bot.chatbot.script = script
    asked = bot.slack.people.say("U0ALICE", "U0ALICE", "question")
    await bot.slack.wait_for(
        lambda: (
            bot.slack.calls("chat.appendStream")
            and bot.slack.calls("agents.sessions.setStatus", status="processing")
        )
    )
    bot.slack.people.stop("U0ALICE", "U0ALICE", asked.ts)
    await bot.slack.wait_for(lambda: bot.chatbot.stops)
    pressed.set()
    await bot.slack.wait_for(bot.chatbot.turns[0].done)
    bot.chatbot.turns[0].result()
    (answer,) = bot.slack.workspace.answers_to(asked.ts)
    assert text_of(answer) == "Begun and cut"


PIECES = st.lists(
    st.sampled_from(["word ", "and\n", "\n\n", "```\n", "| a | b |\n", "<!here> ", "[x](", "é✓ "]),
    min_size=1,
    max_size=40,
)


@given(pieces=PIECES, repeat=st.integers(1, 60), hurt=st.lists(st.integers(0, 5), max_size=3))
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_however_it_streams_and_breaks_the_text_is_shown_exactly_once(
    pieces: list[str], repeat: int, hurt: list[int]
) -> None:

    from adapters.slack.outbound.answer import LIMITS
    from core.text.flow import TextFlow

    deltas = pieces * repeat
    whole = TextFlow(LIMITS)
    whole.take("".join(deltas), ended=True)
    expected = [piece.text for piece in whole.full] + ([whole.last] if whole.last else [])

    async def run() -> list[str]:
        async with running_bot(time_scale=50, tiers=False, pacing="off") as bot:
            for at in hurt:
                bot.slack.faults.on("chat.appendStream", faults.reset_after(), skip=at)
            bot.chatbot.script = says(*deltas)
            return [text_of(m) for m in await answered(bot)]

    shown = asyncio.run(run())
    assert [text.rstrip() for text in shown if text.strip()] == [e.rstrip() for e in expected if e]
