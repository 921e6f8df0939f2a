"""An answer that was paid for is shown when the platform is back, not asked for again."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import DeliveryError
from core.turns.waiting import Outlook
from tests.contracts.stores import deed
from tests.core.turns.making import ask, said
from tests.core.turns.office import Office
from tests.fakes.clock import LoopClock
from tests.fakes.platform import FakeChat, FakeReply

pytestmark = pytest.mark.looptime


class Down(FakeChat):
    """Takes text, and from its end on nothing more, until it is up again."""

    down = True
    on_refusal = staticmethod(lambda: None)

    def note(self) -> None:
        ended = [shown for shown in self.answers if shown.ending]
        if self.down and ended:
            for shown in ended:
                shown.ending = None
            self.on_refusal()
            raise DeliveryError("no connection", retryable=True)
        super().note()


class Lossy(FakeChat):
    """Makes the first message, and the word that it did so is lost."""

    lost = False

    def open(self, queued):
        return LossyReply(self, queued)


class LossyReply(FakeReply):
    async def write(self, draft, parts, save):
        if not self._chat.lost:
            self._chat.lost = True
            await draft.until_ended()
            await self._shell(parts, forget)
            raise DeliveryError("the connection broke", retryable=True)
        await super().write(draft, parts, save)


async def forget(_ref) -> None:
    pass


async def passes(office: Office, seconds: int) -> None:
    for _ in range(seconds):
        await asyncio.sleep(1)
        await office.workers.sweep()


async def test_after_a_minute_without_the_platform_the_same_answer_is_shown():
    office = Office(["The ", "answer."], footer=True, chat=Down(LoopClock()))
    await office.desk.accept(ask("Q?"))
    await passes(office, 60)
    assert (office.turns, office.dead_letters) == ([], 0)
    assert not office.workers._tasks
    office.chat.down = False
    await passes(office, 31)
    [turn] = office.turns
    [shown] = office.chat.answers
    assert (turn.outcome, turn.answer, turn.question) == ("answered", "The answer.", "Q?")
    assert turn.latency_s > 60
    assert (shown.text, shown.ending.can_rate) == ("The answer.", True)
    assert "model" in shown.ending.footer
    assert len(office.model.requests) == 1
    assert len(office.store.data.spent) == 1
    assert (turn.usage.output_tokens, turn.error) == (5, "")


async def test_another_process_shows_it():
    first = Office("The answer.", chat=Down(LoopClock()))
    await first.desk.accept(ask("Q?"))
    await first.workers.idle()
    first.chat.down = False
    second = Office("Another one.", store=first.store.reopened(), chat=first.chat)
    await passes(second, 31)
    assert [turn.answer for turn in second.turns] == ["The answer."]
    assert second.model.requests == []


async def test_it_is_shown_while_the_model_is_away():
    first = Office("The answer.", chat=Down(LoopClock()))
    await first.desk.accept(ask("Q?"))
    await first.workers.idle()
    first.chat.down = False
    second = Office(store=first.store.reopened(), chat=first.chat)
    second.workers._outlook = Outlook(lambda: {"a model": "open"})
    await passes(second, 31)
    assert [turn.answer for turn in second.turns] == ["The answer."]


async def test_a_platform_that_stays_away_makes_a_dead_letter_that_can_still_be_shown():
    office = Office("The answer.", chat=Down(LoopClock()))
    await office.desk.accept(ask("Q?"))
    await passes(office, 900)
    assert office.dead_letters == 0
    await passes(office, 60)
    assert office.dead_letters == 1
    office.chat.down = False
    [(letter, _)] = await office.store.dead_letters()
    assert await office.store.retry(letter.turn_id, deed())
    await passes(office, 2)
    assert [turn.answer for turn in office.turns] == ["The answer."]
    assert len(office.model.requests) == 1


async def test_what_others_said_is_read_again_and_not_kept():
    office = Office("The answer.", chat=Down(LoopClock()))
    office.chat.said = [said("Soup or salad?"), said("secret", n=2)]
    await office.desk.accept(ask("Q?"))
    await passes(office, 5)
    assert [row.kept.context for row in office.store.data.rows.values()] == [()]
    office.chat.deleted.add("s2")
    office.chat.down = False
    await passes(office, 31)
    [turn] = office.turns
    assert [one.text for one in turn.context] == ["Soup or salad?"]
    assert office.store.data.conversations[turn.conversation].sole_author is None


async def test_a_place_that_is_gone_meanwhile_fails_the_turn():
    office = Office("The answer.", chat=Down(LoopClock()))
    await office.desk.accept(ask("Q?"))
    await passes(office, 5)
    office.chat.down = False
    office.chat.failures.append(DeliveryError("archived"))
    await passes(office, 31)
    assert [(turn.outcome, turn.error) for turn in office.turns] == [("failed", "delivery")]


async def test_a_question_that_is_deleted_meanwhile_is_dropped_with_its_answer():
    office = Office("The answer.", chat=Down(LoopClock()))
    await office.desk.accept(ask("Q?"))
    await passes(office, 5)
    [shown] = office.chat.answers
    assert list(await office.desk.deleted(ask("Q?").ref)) == [shown.ref]
    office.chat.down = False
    await passes(office, 31)
    assert office.turns == []


async def test_a_message_that_was_made_unheard_is_found_and_not_doubled():
    office = Office("The answer.", chat=Lossy(LoopClock()))
    await office.desk.accept(ask("Q?"))
    await passes(office, 5)
    assert [turn.answer for turn in office.turns] == ["The answer."]
    assert len(office.model.requests) == 1, "the answer was kept"
    assert [shown.text for shown in office.chat.answers] == ["The answer."]


async def test_an_answer_is_kept_although_the_store_is_away_too():
    office = Office("The answer.", chat=Down(LoopClock()))
    office.chat.on_refusal = lambda: setattr(office.store, "broken", "the disk is full")
    asyncio.get_running_loop().call_later(5, setattr, office.store, "broken", "")
    await office.desk.accept(ask("Q?"))
    await office.workers.idle()
    office.chat.down = False
    await passes(office, 31)
    assert [turn.answer for turn in office.turns] == ["The answer."]
    assert len(office.model.requests) == 1
