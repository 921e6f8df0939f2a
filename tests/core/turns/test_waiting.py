"""The answer comes when the model is back: who waits for it, what is said, what is counted."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from core.conversation import ConversationKey, Reaction
from core.errors import (
    AuthenticationFailed,
    ConnectionFailed,
    ContentRefused,
    ContextTooLong,
    DeliveryError,
    ModelTimeout,
    RateLimited,
    ServiceUnavailable,
)
from core.feedback import STOP_BUTTON
from core.people.limits import LimitSettings
from core.people.rates import parse_rate
from core.turns.waiting import LONGEST_WAIT_S, SHORTEST_WAIT_S, Outlook
from tests.core.turns.making import ADA, BEN, NOON, ask
from tests.core.turns.office import Office
from tests.fakes.clock import LoopClock
from tests.fakes.model import ScriptedModel
from tests.fakes.platform import FakeChat

pytestmark = pytest.mark.looptime

HOUR_S = 3600.0
TOLD = "The model cannot be reached just now"
DOWN_S = 1800.0


class Provider(ScriptedModel):
    """Refuses every connection until it is back."""

    back = False
    raises: Exception = ConnectionFailed()

    def __init__(self, *scripts) -> None:
        super().__init__(*scripts)
        self.refused = 0
        self.calling = self.most_calling = 0

    async def stream(self, request):
        if not self.back:
            self.refused += 1
            self.calling += 1
            self.most_calling = max(self.most_calling, self.calling)
            await asyncio.sleep(0.01)
            self.calling -= 1
            raise self.raises
        async for event in super().stream(request):
            yield event


def down(*scripts, **options) -> Office:
    """A bot whose provider is away. Looks into the inbox each second, as a real one does."""
    office = Office(wait_for_model_s=HOUR_S, breaking=True, **options)
    office.model = Provider(*(scripts or ("Here I am.",)))
    office.breaking._inner._inner = office.model
    return office


def thread(n: int) -> ConversationKey:
    return ConversationKey("fake", "T1", "C1", f"thread-{n}")


async def passes(office: Office, seconds: float) -> None:
    for _ in range(int(seconds)):
        await asyncio.sleep(1)
        await office.workers.beat()
        await office.workers.sweep()


def notices(office: Office) -> list[str]:
    return [shown.ending.notice.blocks[0].markdown for shown in office.chat.answers if shown.ending]


async def waiting(office: Office, *questions) -> None:
    for question in questions or (ask("Hi?"),):
        await office.desk.accept(question)
    await passes(office, 40)


async def test_a_hundred_questions_wait_half_an_hour_and_are_all_answered_when_the_model_is_back():
    office = down(slots=20)
    for n in range(100):
        await office.desk.accept(ask(f"Q{n}?", n=n, key=thread(n)))
        await asyncio.sleep(1)
    await passes(office, 60)
    written = [len(shown.states) for shown in office.chat.answers]
    await passes(office, DOWN_S)
    assert [len(shown.states) for shown in office.chat.answers] == written  # told once
    assert len(office.chat.answers) == 100
    assert all(notice.startswith(TOLD) for notice in notices(office))
    assert all(shown.ending.can_cancel for shown in office.chat.answers)
    assert office.turns == []
    assert not office.workers._tasks
    # The breaker alone decides what reaches the provider: five failures, then a probe each 30 s.
    assert office.model.refused <= 10 + DOWN_S / 30 + 4

    office.model.back = True
    await passes(office, 120)
    assert [turn.outcome for turn in office.turns] == ["answered"] * 100
    assert [shown.text for shown in office.chat.answers] == ["Here I am."] * 100
    assert office.dead_letters == 0
    assert office.model.most_running <= 20
    assert all(turn.latency_s > DOWN_S for turn in office.turns)
    assert all(not turn.error for turn in office.turns)
    rows = office.store.data.rows.values()
    assert {(row.starts, row.failures) for row in rows} == {(1, 0)}


async def test_the_oldest_question_is_answered_first():
    office = down(slots=1)
    for n in range(5):
        await office.desk.accept(ask(f"Q{n}?", n=n, key=thread(n)))
        await asyncio.sleep(1)
    await passes(office, 120)
    office.model.back = True
    await passes(office, 120)
    probe, *others = [turn.question for turn in office.turns]
    assert others == sorted(others)
    assert sorted([probe, *others]) == [f"Q{n}?" for n in range(5)]


async def test_the_asker_is_told_once_in_the_message_that_becomes_the_answer():
    office = down()
    await waiting(office)
    [shown] = office.chat.answers
    states = list(shown.states)
    await passes(office, 300)
    assert (shown.states, shown.ending.outcome) == (states, None)
    office.model.back = True
    await passes(office, 60)
    assert [one.text for one in office.chat.answers] == ["Here I am."]
    assert office.chat.answers[0].ending.can_rate


@pytest.mark.parametrize("error", [RateLimited(), ServiceUnavailable(), ModelTimeout()])
async def test_what_passes_by_itself_is_waited_for(error):
    office = down()
    office.model.raises = error
    await waiting(office)
    assert (office.turns, notices(office)[0][: len(TOLD)]) == ([], TOLD)


@pytest.mark.parametrize("error", [AuthenticationFailed(), ContextTooLong(), ContentRefused()])
async def test_what_would_be_the_same_later_fails_at_once(error):
    office = down()
    office.model.raises = error
    await waiting(office)
    assert [turn.error for turn in office.turns] == [error.category]


async def test_an_answer_that_broke_off_is_marked_and_does_not_wait():
    office = down(["Half an ", ServiceUnavailable()])
    office.model.back = True
    await waiting(office)
    [turn] = office.turns
    assert (turn.outcome, turn.answer, turn.incomplete) == ("failed", "Half an ", True)


async def test_after_the_longest_wait_it_fails_as_ever_and_can_be_tried_again():
    office = down()
    await waiting(office)
    await passes(office, HOUR_S + 60)
    [turn] = office.turns
    [shown] = office.chat.answers
    assert turn.outcome == "failed"
    assert turn.error in ("breaker_open", "connection")
    assert HOUR_S <= turn.latency_s < HOUR_S + 60
    assert shown.ending.can_retry
    assert not shown.ending.can_cancel
    assert await office.desk.again(shown.ref, ADA, "click")
    office.model.back = True
    await passes(office, 60)
    assert [one.text for one in office.chat.answers] == ["Here I am."]


class SlowOnOne(Provider):
    """Answers all questions but one, for which it takes too long."""

    back = True

    async def stream(self, request):
        if request.messages[-1].text.endswith("Slow?"):
            raise ModelTimeout
        async for event in super().stream(request):
            yield event


async def test_a_question_that_alone_takes_too_long_does_not_wait_for_ever():
    office = down()
    office.model = office.breaking._inner._inner = SlowOnOne("Ok.")
    await office.desk.accept(ask("Slow?"))
    await passes(office, 15)
    assert notices(office)[0].startswith(TOLD)
    await office.desk.accept(ask("Mine?", n=2, key=thread(2)))
    await passes(office, 90)
    assert [turn.outcome for turn in office.turns] == ["answered", "failed"]
    assert office.turns[-1].error == "timeout"


async def test_without_the_setting_nobody_waits():
    office = Office(ConnectionFailed())
    await office.desk.accept(ask("Hi?"))
    assert [turn.outcome for turn in await office.recorded()] == ["failed"]


@pytest.mark.parametrize("how", ["button", "typed"])
async def test_a_waiting_question_can_be_cancelled_by_anybody_there(how):
    office = down()
    await waiting(office)
    [shown] = office.chat.answers
    if how == "button":
        await office.desk.react(Reaction(shown.ref, BEN, STOP_BUTTON, added=True, at=NOON))
    else:
        await office.desk.accept(ask("stop", by=BEN, n=2))
    await passes(office, 3)
    assert office.turns[0].outcome == "stopped"
    assert "Stopped." in notices(office)[0]
    assert shown.ending.can_retry
    office.model.back = True
    await passes(office, 120)
    assert len([one for one in office.turns if one.kind == "question"]) == 1
    assert office.model.requests == []


async def test_a_stop_in_the_very_moment_of_beginning_to_wait_holds():
    office = down()
    await office.desk.accept(ask("Hi?"))
    await office.chat.until(lambda: bool(notices(office)))
    assert await office.desk.stop(thread(0), ADA) is False
    await office.store.stop(ask("Hi?").conversation, ADA.user_id)
    await passes(office, 3)
    assert [turn.outcome for turn in office.turns] == ["stopped"]


async def test_what_is_asked_behind_it_waits_behind_it():
    office = down()
    await waiting(office)
    for n in (2, 3):
        await office.desk.accept(ask(f"Q{n}?", n=n))
    await passes(office, 60)
    assert len(office.chat.answers) == 1
    office.model.back = True
    await passes(office, 120)
    assert [turn.question for turn in office.turns] == ["Hi?", "Q2?", "Q3?"]
    assert len(office.model.requests[-1].messages) > len(office.model.requests[0].messages)


async def test_a_command_behind_it_is_answered_while_it_waits():
    office = down()
    await waiting(office)
    await office.desk.accept(ask("ping", n=2))
    await passes(office, 2)
    assert [turn.kind for turn in office.turns] == ["command"]
    office.model.back = True
    await passes(office, 120)
    assert [turn.kind for turn in office.turns] == ["command", "question"]


async def test_an_edit_replaces_the_words_of_a_waiting_question():
    office = down()
    await waiting(office)
    await office.desk.edited(ask("Hi?").ref, "Hello?")
    office.model.back = True
    await passes(office, 120)
    assert [turn.question for turn in office.turns] == ["Hello?"]
    assert office.model.requests[0].messages[-1].text.endswith("Hello?")


async def test_a_waiting_question_that_is_deleted_is_never_asked_and_its_message_goes():
    office = down()
    await waiting(office, ask("Hi?"), ask("Q2?", n=2))
    [shown] = office.chat.answers
    assert list(await office.desk.deleted(ask("Hi?").ref)) == [shown.ref]
    office.model.back = True
    await passes(office, 120)
    assert [turn.question for turn in office.turns] == ["Q2?"]


async def test_others_are_answered_while_one_waits():
    office = down(slots=1)
    await waiting(office)
    await office.desk.accept(ask("ping", n=9, key=thread(9)))
    await passes(office, 2)
    assert [turn.kind for turn in office.turns] == ["command"]


async def test_it_waits_over_a_restart_and_any_process_goes_on_with_it():
    first = down()
    await waiting(first)
    second = down(store=first.store.reopened(), chat=first.chat)
    second.model.back = True
    await passes(second, 40)
    assert [turn.outcome for turn in second.turns] == ["answered"]
    assert [shown.text for shown in second.chat.answers] == ["Here I am."]


class LosesTheEnd(FakeChat):
    """Shows a message, and then cannot be reached for a while."""

    lost = 1

    def note(self):
        if self.lost and any(shown.ending for shown in self.answers):
            self.lost -= 1
            self.answers[0].ending = None
            raise DeliveryError("down too", retryable=True)
        super().note()


async def test_who_could_not_be_told_is_told_later():
    office = down(chat=LosesTheEnd(LoopClock()))
    await office.desk.accept(ask("Hi?"))
    await passes(office, 20)
    assert notices(office) == []
    await passes(office, 60)
    assert [notice[: len(TOLD)] for notice in notices(office)] == [TOLD]
    assert office.dead_letters == 0


async def test_a_place_that_is_gone_is_not_waited_in():
    office = down()
    office.chat.failures.append(DeliveryError("archived"))
    await office.desk.accept(ask("Hi?"))
    await passes(office, 30)
    assert [turn.outcome for turn in office.turns] == ["failed"]


async def test_who_waits_is_counted_by_limits_as_if_he_had_been_answered():
    limits = LimitSettings(user=parse_rate("2/minute", "RATE_LIMIT_USER"))
    office = down(limits=limits)
    for n in range(3):
        await office.desk.accept(ask(f"Q{n}?", n=n, key=thread(n)))
        await passes(office, 1)
    await passes(office, 60)
    assert [turn.outcome for turn in office.turns] == ["refused"]
    office.model.back = True
    await passes(office, 120)
    assert sorted(turn.outcome for turn in office.turns) == ["answered", "answered", "refused"]


async def test_a_call_that_failed_is_paid_for_although_the_turn_is_not_recorded():
    office = down()
    await waiting(office)
    calls = [spent.completion.outcome for spent in office.store.data.spent.values()]
    assert calls
    assert set(calls) == {"connection"}


async def test_no_thread_is_read_for_a_model_that_is_known_to_be_away():
    office = down()
    office.breaking._breakers["other/model"] = office.breaking._make()  # people chose it: it works
    for n in range(6):
        await office.desk.accept(ask("Hi?", n=n, key=thread(n)))
    await passes(office, 60)
    read = len(office.chat.asked_since)
    await passes(office, 120)
    probes = 120 / 30 + 1
    assert 0 < len(office.chat.asked_since) - read <= probes


class States(dict):
    def __call__(self):
        return dict(self)


def test_waiting_questions_are_tried_as_the_breakers_allow():
    states = States()
    outlook = Outlook(states)
    assert outlook.look() == "all"  # a new process tries what waits
    outlook.note_wait()
    assert outlook.look() == "due"
    states["m"] = "open"
    assert outlook.look() == "none"
    states["m"] = "half_open"
    assert outlook.look() == "one"
    states["m"] = "closed"
    assert [outlook.look(), outlook.look()] == ["all", "all"]
    outlook.note_wait()
    assert outlook.look() == "due"
    states["other"] = "open"
    assert outlook.look() == "due"


async def test_waits_grow_from_two_to_thirty_seconds():
    office = Office(wait_for_model_s=HOUR_S)
    office.model = Provider("Here.")
    office.breaking._inner._inner = office.model
    await office.desk.accept(ask("Hi?"))
    tried = []
    for _ in range(150):
        before = office.model.refused
        await passes(office, 1)
        if office.model.refused > before:
            tried.append(office.clock.monotonic())
    gaps = [round(b - a) for a, b in itertools.pairwise(tried)]
    assert gaps == sorted(gaps)
    # Each is found at the next look, which is once a second.
    assert gaps[0] - SHORTEST_WAIT_S <= 1
    assert gaps[-1] - LONGEST_WAIT_S <= 1
