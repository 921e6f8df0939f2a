"""Answers in a personal chat: streamed, as fast as Teams takes it, and whatever ends the stream."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from core.draft import Ending
from core.errors import DeliveryError
from tests.adapters.chatbot import RATED
from tests.adapters.teams.conftest import FastClock, running_bot
from tests.adapters.teams.eyes import answered, ended, until
from tests.adapters.teams.scripts import (
    ACTIVITIES,
    STOPPED,
    is_final,
    is_piece,
    is_start,
    said,
    slowly,
    stream_info,
    streamed,
)
from tests.fakes.clock import LoopClock
from tests.standins.teams import faults
from tests.standins.teams.connector.streams import EXPIRED, NOT_ALLOWED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.draft import Draft
    from tests.adapters.teams.conftest import Bot

CLOCK = FastClock()
ONE_TWO_THREE = ("One ", "two ", "three.")
REFUSED = "ContentStreamNotAllowed"


async def test_a_stream_begins_with_a_status_and_only_grows(bot: Bot) -> None:
    bot.chatbot.script = slowly(CLOCK, *ONE_TWO_THREE)
    (answer,) = await answered(bot)
    assert answer.text == "One two three."
    assert answer.stream is not None
    assert answer.stream.state == "finished"
    kinds = [info["streamType"] for _, info, _ in streamed(bot)]
    assert kinds[0] == "informative"
    assert kinds[-1] == "final"
    assert set(kinds[1:-1]) == {"streaming"}
    texts = [activity["text"] for _, info, activity in streamed(bot)[1:]]
    assert all(later.startswith(earlier) for earlier, later in pairwise(texts))
    numbers = [info.get("streamSequence") for _, info, _ in streamed(bot)[:-1]]
    assert numbers == list(range(1, len(numbers) + 1))
    assert [call for call in bot.teams.calls_made if (call.status or 0) >= 400] == []


async def test_an_answer_says_who_wrote_it_and_can_be_rated(bot: Bot) -> None:
    (answer,) = await answered(bot)
    assert answer.says_ai
    assert answer.feedback_loop == "default"
    bot.chatbot.script = slowly(CLOCK, "x", ending=Ending("answered"))
    assert (await answered(bot))[-1].feedback_loop is None


async def test_nothing_is_sent_within_a_second_of_the_last(bot: Bot) -> None:
    bot.chatbot.script = slowly(CLOCK, *(f"word{n} " for n in range(30)), pause_s=0.2)
    await answered(bot)
    times = [at for at, _, _ in streamed(bot)]
    assert len(times) > 4
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.97
    assert [call for call in bot.teams.calls_made if call.status == 429] == []


class CalmClock(FastClock):
    """For what has to happen within a second, also on a busy machine."""

    SCALE = 4.0

    def monotonic(self) -> float:
        return LoopClock.monotonic(self) * self.SCALE

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.SCALE)


@pytest.fixture
async def calm_bot() -> AsyncIterator[Bot]:
    async with running_bot(clock=CalmClock(), time_scale=CalmClock.SCALE) as running:
        yield running


async def test_a_short_answer_is_there_a_second_after_its_stream_began(calm_bot: Bot) -> None:
    bot = calm_bot
    bot.chatbot.script = slowly(CalmClock(), "Yes", pause_s=0.3)
    (answer,) = await answered(bot)
    assert answer.text == "Yes"
    (began_at, _, _), (ended_at, info, _) = streamed(bot)
    assert info["streamType"] == "final"
    assert 0.97 < ended_at - began_at < 1.9


async def test_a_status_does_not_hold_up_an_answer_that_is_whole(calm_bot: Bot) -> None:
    bot = calm_bot

    async def script(draft: Draft) -> None:
        draft.show_status("Trying again in 1 s")
        await until(lambda: any(bot.chatbot.saved.values()))
        await CalmClock().sleep(0.3)
        draft.append("Yes")
        draft.end(RATED)

    bot.chatbot.script = script
    await answered(bot)
    assert [info["streamType"] for _, info, _ in streamed(bot)] == ["informative", "final"]


async def test_the_first_words_are_seen_at_once_and_noted(bot: Bot) -> None:
    bot.chatbot.script = slowly(CLOCK, "First words", ", more.", pause_s=10)
    bot.teams.people.say("alice", "alice", "question")
    await bot.teams.wait_for(lambda: said(bot.teams.answers("alice")) == ["First words"])
    assert bot.chatbot.drafts[0].ending is None
    await ended(bot)
    assert bot.chatbot.drafts[0].first_visible_at is not None


async def test_the_status_is_shown_until_text_flows(bot: Bot) -> None:
    async def script(draft: Draft) -> None:
        draft.show_status("Trying again in 2 s")
        await CLOCK.sleep(3)
        draft.show_status("Switched to another model")
        await CLOCK.sleep(3)
        await slowly(CLOCK, *ONE_TWO_THREE)(draft)

    bot.chatbot.script = script
    (answer,) = await answered(bot)
    assert answer.stream is not None
    assert answer.stream.informative[1:] == ["Trying again in 2 s", "Switched to another model"]
    assert answer.text == "One two three."


async def test_white_space_at_the_end_of_a_piece_is_no_text_that_was_lost(bot: Bot) -> None:
    bot.chatbot.script = slowly(CLOCK, "One \n\n", "two\n", " \n", "  \n")
    (answer,) = await answered(bot)
    assert answer.text.split() == ["One", "two"]
    assert answer.stream is not None
    assert answer.stream.state == "finished"
    assert bot.teams.calls("PUT") == []


@pytest.mark.parametrize("when", ["piece", "end"])
async def test_the_askers_stop_ends_the_turn_and_the_message_keeps_what_was_shown(
    bot: Bot, when: str
) -> None:
    async def script(draft: Draft) -> None:
        draft.append("Begun")
        await bot.teams.wait_for(lambda: said(bot.teams.answers("alice")))
        bot.teams.people.stop("alice")
        draft.append(" and cut")
        if when == "piece":
            await until(lambda: bot.chatbot.stops)
        draft.end(STOPPED)

    bot.chatbot.script = script
    (answer,) = await answered(bot)
    assert answer.text == "Begun"
    question = bot.chatbot.accepted[0]
    await bot.channel._background.drain(5)
    assert bot.chatbot.stops == [(question.conversation, question.author)]
    assert bot.teams.answers("alice") == [answer]


async def test_a_stop_before_the_first_word_is_a_stop(bot: Bot) -> None:
    async def script(draft: Draft) -> None:
        await bot.teams.wait_for(lambda: bot.teams.answers("alice"))
        bot.teams.people.stop("alice")
        draft.append("too late")
        await until(lambda: bot.chatbot.stops)
        draft.end(STOPPED)

    bot.chatbot.script = script
    assert said(await answered(bot)) == []


async def test_after_a_stop_no_message_follows_with_what_was_written_already(bot: Bot) -> None:
    async def script(draft: Draft) -> None:
        draft.append("word " * 2_000)
        await bot.teams.wait_for(lambda: said(bot.teams.answers("alice")))
        bot.teams.people.stop("alice")
        draft.append("more " * 8_000)
        await until(lambda: bot.chatbot.stops)
        draft.append("most " * 8_000)
        draft.end(STOPPED)

    bot.chatbot.script = script
    assert [text.split() for text in said(await answered(bot))] == [["word"] * 2_000]
    assert len(bot.chatbot.stops) == 1


async def test_an_old_stream_goes_on_by_editing(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.teams.outbound.streamed.STREAM_LIFE_S", 3.0)
    bot.chatbot.script = slowly(CLOCK, "Early. ", "Later. ", "Late.", pause_s=2.5)
    (answer,) = await answered(bot)
    assert answer.text == "Early. Later. Late."
    assert answer.stream is not None
    assert answer.stream.state == "finished"
    assert bot.teams.calls("PUT")


async def test_teams_own_end_of_a_stream_is_no_end_of_the_answer(bot: Bot) -> None:
    bot.teams.limits.stream_s = 2.0
    bot.chatbot.script = slowly(CLOCK, "Early. ", "Later. ", "Late.", pause_s=1.5)
    (answer,) = await answered(bot)
    assert answer.text == "Early. Later. Late."
    assert answer.says_ai
    assert answer.feedback_loop == "default"


async def test_a_second_answer_at_the_same_time_is_edited(bot: Bot) -> None:
    bot.chatbot.script = slowly(CLOCK, *ONE_TWO_THREE, pause_s=4)
    bot.teams.people.say("alice", "alice", "one")
    await bot.teams.wait_for(lambda: bot.teams.answers("alice"))
    bot.teams.people.say("alice", "alice", "two")
    await ended(bot)
    await ended(bot, 1)
    assert said(bot.teams.answers("alice")) == ["One two three."] * 2


async def test_a_stream_that_teams_never_takes_is_asked_for_once_an_answer(bot: Bot) -> None:
    bot.teams.faults.on("POST", ACTIVITIES, refused(NOT_ALLOWED), times=None, where=stream_info)  # type: ignore[arg-type]  # truthy
    bot.chatbot.script = slowly(CLOCK, "word " * 5_000)
    messages = await answered(bot)
    assert len(messages) == 3
    assert " ".join(said(messages)).split() == ["word"] * 5_000
    assert len(streamed(bot)) == 1


def refused(message: str) -> faults.Fault:
    return faults.Fault(message[-12:], 403, {"error": {"code": REFUSED, "message": message}})


@pytest.mark.parametrize(
    ("which", "fault"),
    [
        (is_start, refused(NOT_ALLOWED)),
        (is_start, faults.throttled("1")),
        (is_start, faults.reset_before()),
        (is_start, faults.reset_after()),
        (is_start, faults.html()),
        (is_start, faults.http_status(503)),
        (is_start, faults.error(400, "BadRequest")),
        (is_start, faults.error(401, "Unauthorized")),
        (is_piece, refused(NOT_ALLOWED)),
        (is_piece, refused(EXPIRED)),
        (is_piece, refused("A sentence of next year")),
        (is_piece, faults.throttled("1")),
        (is_piece, faults.throttled("soon")),
        (is_piece, faults.throttled(None)),
        (is_piece, faults.reset_before()),
        (is_piece, faults.reset_after()),
        (is_piece, faults.http_status(502)),
        (is_piece, faults.garbage()),
        (is_piece, faults.error(400, "BadRequest")),
        (is_piece, faults.error(401, "Unauthorized")),
        (is_piece, faults.error(404, "ActivityNotFoundInConversation")),
        (is_piece, faults.error(413, "MessageSizeTooBig")),
        (is_piece, faults.error(202, "ContentStreamSequenceOrderPreConditionFailed")),
        (is_final, refused(NOT_ALLOWED)),
        (is_final, refused(EXPIRED)),
        (is_final, faults.throttled("0")),
        (is_final, faults.throttled("soon")),
        (is_final, faults.reset_before()),
        (is_final, faults.reset_after()),
        (is_final, faults.http_status(503)),
        (is_final, faults.error(400, "BadRequest")),
        (is_final, faults.error(401, "Unauthorized")),
        (is_final, faults.error(404, "ActivityNotFoundInConversation")),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else value.__name__,
)
async def test_one_fault_costs_no_character_and_adds_none(which: Any, fault: faults.Fault) -> None:
    async with running_bot() as bot:
        rule = bot.teams.faults.on("POST", ACTIVITIES, fault, where=which)
        bot.chatbot.script = slowly(CLOCK, *ONE_TWO_THREE)
        messages = await answered(bot)
        assert rule.hits == 1
        assert said(messages) == ["One two three."]
        (answer,) = [m for m in messages if m.text == "One two three."]
        assert answer.feedback_loop == "default"
        assert answer.says_ai
        assert answer.stream is None or answer.stream.state != "open"
        assert len(messages) == (2 if which is is_start and fault.after else 1)


@pytest.mark.parametrize("which", [is_start, is_piece, is_final], ids=lambda one: one.__name__)
async def test_a_bot_that_was_removed_says_so_and_rests(bot: Bot, which: Any) -> None:
    gone = faults.error(403, "BotNotInConversationRoster")
    bot.teams.faults.on("POST", ACTIVITIES, gone, times=None, where=which)
    bot.teams.faults.on("PUT", "*", gone, times=None)
    bot.chatbot.script = slowly(CLOCK, *ONE_TWO_THREE)
    with pytest.raises(DeliveryError) as failure:
        await answered(bot)
    assert not failure.value.retryable
    made = len(bot.teams.calls_made)
    await CLOCK.sleep(10)
    assert len(bot.teams.calls_made) == made < 12


async def test_a_message_that_somebody_deletes_is_written_anew(bot: Bot) -> None:
    async def script(draft: Draft) -> None:
        draft.append("One ")
        (first,) = await bot.teams.wait_for(lambda: bot.teams.answers("alice"))
        await bot.teams.wait_for(lambda: first.text)
        first.deleted = True
        await slowly(CLOCK, "two ", "three.")(draft)

    bot.chatbot.script = script
    assert said(await answered(bot)) == ["One two three."]


async def test_an_answer_that_fills_a_message_goes_on_in_the_next(bot: Bot) -> None:
    words = [f"word{n} " for n in range(4_500)]
    pieces = ["".join(words[at : at + 300]) for at in range(0, len(words), 300)]
    bot.chatbot.script = slowly(CLOCK, *pieces, pause_s=1.1)
    messages = await answered(bot)
    assert " ".join(said(messages)).split() == "".join(words).split()
    assert len(messages) == 4
    assert [m.feedback_loop for m in messages] == [None, None, None, "default"]
    assert all(m.says_ai for m in messages)
    assert [call for call in bot.teams.calls_made if (call.status or 0) >= 400] == []
    refs = bot.chatbot.saved[bot.chatbot.accepted[0].ref.message_id]
    assert [ref.message_id for ref in refs] == [m.id for m in messages]


async def test_a_message_that_is_cut_before_what_it_showed_is_shortened_in_place(bot: Bot) -> None:
    paragraph = "word " * 1_600
    bot.chatbot.script = slowly(CLOCK, paragraph, "\n\n", paragraph[:3_000], paragraph)
    messages = await answered(bot)
    assert [len(text.split()) for text in said(messages)] == [1_600, 2_200]
    assert bot.teams.calls("DELETE") == []
    assert [call for call in bot.teams.calls_made if (call.status or 0) >= 400] == []


async def test_a_message_that_teams_finds_too_long_is_said_in_more(bot: Bot) -> None:
    def is_long(activity: dict[str, Any]) -> bool:
        return activity["type"] == "message" and len(str(activity)) > 5_000

    too_long = faults.error(413, "MessageSizeTooBig")
    bot.teams.faults.on(
        "*", "*", too_long, times=None, where=lambda body: bool(body) and is_long(body)
    )
    text = "".join(f"Line {number}.\n" for number in range(800))
    bot.chatbot.script = slowly(CLOCK, text)
    messages = await answered(bot)
    assert "\n".join(said(messages)) + "\n" == text
