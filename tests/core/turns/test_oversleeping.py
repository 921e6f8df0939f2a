"""A process that was asleep past its lease: what it may still write, and how that is made good."""

from __future__ import annotations

import asyncio

import pytest

from core.completion import Finished
from core.errors import ConnectionFailed, DeliveryError, ModelError, OwnershipLost
from core.lease import Lease, beat_s, require_lease
from tests.core.turns.making import ask
from tests.core.turns.office import Office
from tests.fakes.clock import LoopClock
from tests.fakes.model import Pause, ScriptedModel
from tests.fakes.platform import FakeChat
from tests.fakes.store import FakeStore

pytestmark = pytest.mark.looptime


class Naps(LoopClock):
    """A machine that can be asleep: for everybody else time passes, nothing here runs."""

    def __init__(self) -> None:
        super().__init__()
        self.slept_s = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.slept_s


async def words_shown(office: Office) -> None:
    await office.chat.until(lambda: any(shown.text for shown in office.chat.answers))


async def taken_over(first: Office, answer: str = "The whole answer.") -> Office:
    """Another process over the same data answers what the sleeper has begun."""
    second = Office(answer, store=first.store.reopened(), chat=first.chat, clock=LoopClock())
    await second.workers.sweep()
    await second.recorded()
    return second


def half_way(*rest) -> Office:
    clock = Naps()
    script = ["Half an ", Pause(1), *(rest or ("old answer.",))]
    return Office(script, clock=clock, chat=FakeChat(clock), lease_s=10)


async def test_who_has_overslept_shows_no_further_word_and_gives_the_start_back():
    office = half_way()
    await office.desk.accept(ask("Q?"))
    await words_shown(office)
    office.clock.slept_s = 11
    await office.workers.idle()
    [shown] = office.chat.answers
    assert (shown.text, shown.ending) == ("Half an ", None)
    assert office.turns == []
    [hold] = await office.store.adopt(5)
    queued = await hold.begin()
    assert (queued.starts, queued.failures) == (1, 0)


async def test_not_even_a_notice_is_shown():
    office = half_way(ModelError("boom"))
    await office.desk.accept(ask("Q?"))
    await words_shown(office)
    office.clock.slept_s = 11
    await office.workers.idle()
    assert office.chat.answers[0].ending is None


async def test_a_beat_counts_from_when_it_was_sent():
    office = half_way()
    await office.workers.beat()
    lease = office.workers._lease
    assert lease.left_s == pytest.approx(8)
    office.clock.slept_s = 5
    assert lease.left_s == pytest.approx(3)


async def test_before_its_first_beat_a_process_has_no_lease():
    lease = Lease(LoopClock(), 10)
    with lease.bounding(), pytest.raises(OwnershipLost):
        require_lease()


class SlowToBeat(FakeStore):
    async def beat(self):
        await asyncio.sleep(0.25)
        return await super().beat()


async def test_with_the_shortest_lease_beats_may_be_half_a_second_late():
    clock = LoopClock()
    office = Office(
        ["Word. ", *[Pause(0.25), "Word. "] * 80], store=SlowToBeat(clock), clock=clock, lease_s=3
    )
    await office.desk.accept(ask("Q?"))
    for _ in range(15):
        await asyncio.sleep(beat_s(3) + 0.5)
        await office.workers.beat()
    await office.workers.idle()
    [turn] = office.turns
    assert (turn.outcome, turn.answer.count("Word."), len(office.model.requests)) == (
        "answered",
        81,
        1,
    )


async def test_a_late_write_is_set_to_what_is_recorded_once():
    office = half_way()
    await office.desk.accept(ask("Q?"))
    await words_shown(office)
    office.clock.slept_s = 11  # nothing runs here, and the lease is over
    second = await taken_over(office)
    [shown] = office.chat.answers
    # The one edit whose check was passed before the sleep.
    shown.text, shown.ending = "Half an old", None
    await office.workers.idle()
    assert (office.turns, shown.text) == ([], "Half an old")

    await asyncio.sleep(300)
    assert shown.text == "Half an old"  # without a lease it repairs nothing either
    await office.workers.beat()
    edits = len(shown.states)
    await asyncio.sleep(60)
    assert [one.text for one in office.chat.answers] == ["The whole answer."]
    assert (shown.ending.outcome, shown.ending.can_rate) == ("answered", True)
    assert len(shown.states) == edits
    assert [turn.answer for turn in second.turns] == ["The whole answer."]


async def test_what_is_not_recorded_yet_is_left_to_its_owner():
    office = half_way()
    await office.desk.accept(ask("Q?"))
    await words_shown(office)
    office.clock.slept_s = 11
    second = Office(
        [Pause(20), "New."], store=office.store.reopened(), chat=office.chat, clock=LoopClock()
    )
    await second.workers.sweep()
    await office.workers.idle()
    await office.workers.beat()
    await asyncio.sleep(5)
    assert office.chat.answers[0].ending is None
    await second.recorded()
    await office.workers.drain(0)
    assert [shown.text for shown in office.chat.answers] == ["New."]


async def test_an_answer_that_was_asked_for_again_since_is_left_alone():
    office = half_way()
    await office.desk.accept(ask("Q?"))
    await words_shown(office)
    office.clock.slept_s = 11
    second = await taken_over(office)
    turn_id = second.turns[0].turn_id
    for ref in list(office.store.data.refs):
        office.store.data.refs[ref] = ("another turn", ask("Q?").conversation)
    office.chat.answers[0].text = "of another turn"
    await office.workers.idle()
    await office.workers.beat()
    await asyncio.sleep(60)
    assert (turn_id, office.chat.answers[0].text) == ("turn-1", "of another turn")


@pytest.mark.parametrize(
    ("script", "outcome", "said"),
    [
        (["Half", Finished(None, "fake/model", "cut")], "answered", "connection was lost"),
        ([ModelError("boom")], "failed", "Something went wrong"),
    ],
)
async def test_how_it_ended_is_mended_too(script, outcome, said):
    office = half_way()
    await office.desk.accept(ask("Q?"))
    await words_shown(office)
    office.clock.slept_s = 11
    second = Office(script, store=office.store.reopened(), chat=office.chat, clock=LoopClock())
    await second.workers.sweep()
    await second.recorded()
    [shown] = office.chat.answers
    shown.ending = None
    await office.workers.idle()
    await office.workers.beat()
    await asyncio.sleep(60)
    assert shown.ending.outcome == outcome
    assert said in shown.ending.notice.blocks[0].markdown
    assert shown.ending.can_retry


async def test_where_no_turn_runs_nothing_is_checked():
    clock = Naps()
    lease = Lease(clock, 10)
    lease.renew(clock.monotonic())
    clock.slept_s = 100
    require_lease()
    with lease.bounding():
        task = asyncio.create_task(late())
    require_lease()
    with pytest.raises(OwnershipLost):
        await task


async def late():
    require_lease()


class Unreachable(ScriptedModel):
    async def stream(self, request):
        raise ConnectionFailed
        yield


class FailsHalfWay(FakeChat):
    """Shows words, and then says that it could not."""

    failing = True

    def note(self):
        if self.failing and any(shown.text for shown in self.answers):
            raise DeliveryError("no connection", retryable=True)
        super().note()


class Overtaken(FakeStore):
    """Somebody else is quicker, each time its owner is about to call `late`."""

    late = ""

    async def overtake(self):
        raise NotImplementedError

    def _take(self, conversation):
        hold = super()._take(conversation)
        write = getattr(hold, self.late)

        async def write_late(*given, **named):
            await self.overtake()
            return await write(*given, **named)

        setattr(hold, self.late, write_late)
        return hold


@pytest.mark.parametrize("late", ["park", "give_back", "bury"])
async def test_who_parks_fails_or_buries_too_late_mends_the_message(late):
    store = Overtaken(LoopClock())
    store.late = late
    chat = FailsHalfWay(LoopClock())
    office = Office(["Old.", Pause(1)], store=store, chat=chat, wait_for_model_s=3600.0)
    if late == "park":
        office.breaking._inner._inner = Unreachable()
        chat.failing = False
    second = Office("The whole answer.", store=FakeStore(LoopClock(), data=store.data), chat=chat)

    async def overtake():
        [shown] = chat.answers
        arrives_last = (shown.text, shown.ending)
        chat.failing = False
        for conversation in store.data.conversations.values():
            conversation.owner = ""
        await second.workers.sweep()
        await second.recorded()
        shown.text, shown.ending = arrives_last

    store.overtake = overtake
    await office.desk.accept(ask("Q?"))
    await office.workers.idle()
    await asyncio.sleep(60)
    [shown] = chat.answers
    assert (shown.text, shown.ending.outcome) == ("The whole answer.", "answered")
    assert (office.turns, len(second.turns)) == ([], 1)
