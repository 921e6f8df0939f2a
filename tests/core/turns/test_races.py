"""What happens at the same moment, or in the middle of something else."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.conversation import ConversationKey
from core.errors import DeliveryError, NotStored
from core.people.limits import LimitSettings
from tests.core.turns.making import ADA, ask
from tests.core.turns.office import Office
from tests.fakes.clock import LoopClock
from tests.fakes.model import Pause
from tests.fakes.platform import FakeChat
from tests.fakes.store import FakeStore

pytestmark = pytest.mark.looptime


def thread(n: int) -> ConversationKey:
    return ConversationKey("fake", "T1", "C1", f"thread-{n}")


class SlowToAdopt(FakeStore):
    """Looks for waiting conversations, and takes a while to tell."""

    def __init__(self, clock: LoopClock) -> None:
        super().__init__(clock)
        self.looking = asyncio.Event()

    async def adopt(self, limit, **options):
        holds = await super().adopt(limit, **options)
        self.looking.set()
        await asyncio.sleep(0.1)
        return holds


class RefusesReservations(FakeStore):
    """As a disk that has room for a changed row, but none for a new one."""

    full = True

    async def reserve(self, turn_id, model, reserved_usd, *, within=None):
        if self.full:
            raise NotStored("the disk is full")
        return await super().reserve(turn_id, model, reserved_usd, within=within)


async def test_a_message_that_comes_during_a_sweep_does_not_wait_for_the_next_one():
    office = Office("Ok.", store=SlowToAdopt(LoopClock()), slots=2)
    sweep = asyncio.create_task(office.workers.sweep())
    await office.store.looking.wait()
    await office.desk.accept(ask("Q?"))
    await sweep
    async with asyncio.timeout(0.5):
        await office.chat.until(lambda: any(shown.text for shown in office.chat.answers))


async def test_a_burst_of_deliveries_leaves_no_slot_unused():
    office = Office([Pause(60), "Ok."], slots=2)
    first = [ask("Q?", n=n, key=thread(1)) for n in (1, 1, 1)]
    await asyncio.gather(
        *(office.desk.accept(message) for message in [*first, ask("Mine?", n=9, key=thread(2))])
    )
    async with asyncio.timeout(0.5):
        await office.chat.until(lambda: len(office.chat.answers) == 2)
    await office.workers.drain(0)


async def test_a_store_that_fails_again_and_again_makes_no_dead_letter():
    office = Office("Ok.", store=RefusesReservations(LoopClock()))
    await office.desk.accept(ask("Q?"))
    for _ in range(15):
        await office.workers.idle()
        await office.workers.sweep()
    assert office.dead_letters == 0
    office.store.full = False
    [turn] = await office.recorded()
    assert turn.outcome == "answered"


async def test_a_broken_observer_changes_nothing_for_others():
    class Broken:
        def turn_recorded(self, turn):
            raise RuntimeError("no such label")

        def rated(self, platform, rating):
            raise RuntimeError("no such label")

    office = Office([Pause(1), "Ok."], observers=[Broken()])
    await office.desk.accept(ask("One?"))
    await office.desk.accept(ask("Two?", n=2))
    await office.workers.idle()
    assert [turn.question for turn in office.turns] == ["One?", "Two?"]
    assert office.clock.sleeps == []


async def test_what_is_accepted_in_the_moment_of_draining_is_left_to_the_next_process():
    office = Office("Ok.")
    with office.workers.slot() as slot:
        receipt = await office.store.accept(
            ask("Q?"), "question", turn_id="turn-1", slot=slot, follow_ups="alone"
        )
        await office.workers.drain(0)
        office.workers.take(receipt.hold, receipt.first)
    await office.workers.idle()
    assert office.model.requests == []
    [hold] = await office.store.adopt(5)
    queued = await hold.begin()
    assert (queued.starts, queued.failures) == (1, 0)


class Hangs(FakeStore):
    """As a connection into nowhere: a beat never returns."""

    hanging = False

    async def beat(self):
        if self.hanging:
            await asyncio.Event().wait()
        return await super().beat()


class Surprises(FakeStore):
    broken_beat = False

    async def beat(self):
        if self.broken_beat:
            raise RuntimeError("nobody thought of this")
        return await super().beat()


@pytest.mark.parametrize("lost", ["hanging", "broken_beat"])
async def test_a_lease_that_is_not_renewed_for_whatever_reason_ends_own_turns_in_time(lost):
    store = Hangs(LoopClock()) if lost == "hanging" else Surprises(LoopClock())
    office = Office(["Text", asyncio.Event()], store=store, lease_s=10)
    await office.desk.accept(ask("Q?"))
    await office.chat.until(lambda: any(shown.text for shown in office.chat.answers))
    await office.workers.beat()
    setattr(store, lost, True)
    async with asyncio.timeout(9.5):
        while office.model.running:
            await office.workers.beat()
            await asyncio.sleep(1)


async def test_a_beat_that_hung_is_followed_by_others():
    store = Hangs(LoopClock())
    office = Office("Ok.", store=store, lease_s=10)
    store.hanging = True
    async with asyncio.timeout(60):
        for _ in range(3):
            await office.workers.beat()
    store.hanging = False
    await office.workers.beat()
    await office.desk.accept(ask("Q?"))
    await office.recorded()


class SlowToRead(FakeChat):
    """A platform that lets nobody read just now: it makes us wait, as for a rate limit."""

    async def before(self, message, since, limit):
        self.note()
        await asyncio.sleep(600)
        return []


class SlowToEnd(FakeChat):
    """A platform on which the last word of an answer takes its time."""

    def open(self, queued):
        reply, write = super().open(queued), super().open(queued).write

        async def write_slowly(draft, parts, save):
            await write(draft, parts, save)
            await asyncio.sleep(600)

        reply.write = write_slowly
        return reply


async def reading(office):
    await office.chat.until(lambda: bool(office.chat.answers))
    await asyncio.sleep(1)
    assert office.model.requests == []


async def test_a_stop_ends_a_turn_that_still_reads():
    office = Office("Ok.", chat=SlowToRead(LoopClock()))
    await office.desk.accept(ask("Q?"))
    await reading(office)
    assert await office.desk.stop(ask("").conversation, ADA)
    async with asyncio.timeout(1):
        [turn] = await office.recorded()
    assert (turn.outcome, office.model.requests) == ("stopped", [])


async def test_the_time_for_an_answer_counts_from_its_reading():
    """And what is used up by the platform is no reason to wait for the model."""
    office = Office("Ok.", chat=SlowToRead(LoopClock()), wait_for_model_s=3600.0)
    await office.desk.accept(ask("Q?"))
    await asyncio.sleep(125)
    assert [(turn.outcome, turn.error) for turn in office.turns] == [("failed", "reading")]
    [shown] = office.chat.answers
    assert "could not be read in time" in shown.ending.notice.blocks[0].markdown
    assert shown.ending.can_retry


async def test_a_question_deleted_while_its_answer_is_ended_is_acknowledged_at_once():
    office = Office("Ok.", chat=SlowToEnd(LoopClock()))
    message = ask("Q?")
    await office.desk.accept(message)
    await office.chat.until(lambda: any(shown.ending for shown in office.chat.answers))
    async with asyncio.timeout(1):
        assert await office.desk.deleted(message.ref) == (office.chat.answers[0].ref,)
    assert len(office.turns) == 1


async def test_a_question_deleted_between_two_runs_is_left_alone():
    office = Office(["Text", asyncio.Event()], ["Again."])
    message = ask("Q?")
    await office.desk.accept(message)
    await office.chat.until(lambda: any(shown.text for shown in office.chat.answers))
    await office.workers.drain(0)
    next_office = Office("Again.", store=office.store.reopened(), chat=office.chat)
    await next_office.desk.deleted(message.ref)
    assert await next_office.workers.sweep() == 1
    [turn] = await next_office.recorded()
    assert (turn.outcome, next_office.chat.whispers) == ("stopped", [])
    assert next_office.model.requests == []


class SlowToSettle(FakeStore):
    async def settle(self, completion):
        await asyncio.sleep(600)


async def test_nothing_more_is_shown_once_a_turn_is_cut():
    office = Office(["One", asyncio.Event()], store=SlowToSettle(LoopClock()))
    await office.desk.accept(ask("Q?"))
    await office.chat.until(lambda: any(shown.text for shown in office.chat.answers))
    [running] = office.workers._running.values()
    draining = asyncio.create_task(office.workers.drain(0))
    await asyncio.sleep(1)
    running.draft.append(" Two")
    await asyncio.sleep(1)
    assert office.chat.answers[0].text == "One"
    await draining


async def test_an_answer_that_was_cut_and_may_not_go_on_says_so_in_its_message():
    prices = LimitSettings(budget_user_usd=1.0)
    office = Office(["Half an ", asyncio.Event()], limits=prices)
    await office.desk.accept(ask("Q?"))
    await office.chat.until(lambda: any(shown.text for shown in office.chat.answers))
    await office.workers.drain(0)
    store = office.store.reopened()
    await store.settle(replace(await store.reserve("turn-1", "fake/model", 2.0), cost_usd=2.0))
    next_office = Office("Ok.", store=store, chat=office.chat, limits=prices)
    assert await next_office.workers.sweep() == 1
    [turn] = await next_office.recorded()
    [shown] = next_office.chat.answers
    assert (turn.outcome, shown.ending.outcome) == ("refused", "refused")
    assert "budget" in shown.ending.notice.blocks[0].markdown
    assert next_office.chat.whispers == []


@pytest.mark.parametrize("early", [True, False])
async def test_a_model_is_not_asked_on_for_an_answer_that_nobody_can_see(early):
    office = Office(["Text", Pause(60), " and more."])
    office.chat.failures = [DeliveryError("is_archived")]
    if not early:
        office.chat = LosesItsPlace(LoopClock())
        office = Office(["Text", Pause(60), " and more."], chat=office.chat)
    await office.desk.accept(ask("Q?"))
    async with asyncio.timeout(5):
        [turn] = await office.recorded()
    assert (turn.outcome, turn.error, office.model.running) == ("failed", "delivery", 0)


class LosesItsPlace(FakeChat):
    """A channel that is archived while an answer grows in it."""

    def open(self, queued):
        reply = super().open(queued)

        async def write(draft, parts, save):
            await draft.changed(0)
            await asyncio.sleep(1)
            raise DeliveryError("is_archived")

        reply.write = write
        return reply
