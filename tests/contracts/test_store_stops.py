from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.ports import Deleted, StopMark
from core.turn import Said
from tests.contracts.stores import (
    BEN,
    FILE,
    KEY,
    NOON,
    accept,
    answered,
    begun,
    message,
    minutes,
    ref,
    turn,
)

if TYPE_CHECKING:
    from tests.contracts.stores import Place, Store


async def test_nothing_to_stop(store: Store) -> None:
    assert await store.stop(KEY, "U-ann") is None
    await answered(store)
    assert await store.stop(KEY, "U-ann") is None


async def test_stop_marks_what_runs_and_drops_what_the_person_has_queued(store: Store) -> None:
    hold, first = await begun(store)
    await accept(store)
    of_ben = await accept(store, message(author=BEN))
    await accept(store)
    assert await store.stop(KEY, "U-ann") == StopMark(KEY, first.turn_id)
    assert not await hold.record(turn(first, outcome="stopped", answer=""))
    queued = await hold.begin()
    assert queued is not None
    assert queued.turn_id == of_ben.turn_id
    assert await hold.record(turn(queued)), "the dropped ones are finished too"


async def test_anybody_stops_what_runs(store: Store) -> None:
    hold, first = await begun(store)
    await accept(store)
    assert await store.stop(KEY, "U-ben") == StopMark(KEY, first.turn_id)
    await hold.record(turn(first, outcome="stopped"))
    assert await hold.begin() is not None, "another person's question is not dropped"


async def test_a_stop_before_anything_runs_drops_what_waits(store: Store) -> None:
    receipt = await accept(store, slot=False)
    assert await store.stop(KEY, "U-ann") == StopMark(KEY, receipt.turn_id)
    assert list(await store.adopt(5)) == []
    assert (await store.depth())[0] == 0


async def test_the_typed_stop_itself_is_neither_stopped_nor_dropped(store: Store) -> None:
    hold, first = await begun(store)
    command = await accept(store, kind="command")
    assert await store.stop(KEY, "U-ann") == StopMark(KEY, first.turn_id)
    await hold.record(turn(first, outcome="stopped"))
    queued = await hold.begin()
    assert queued is not None
    assert queued.turn_id == command.turn_id
    assert await store.stop(KEY, "U-ann") is None


async def test_a_failed_turn_that_waits_for_its_next_run_can_be_stopped(store: Store) -> None:
    hold, first = await begun(store)
    await hold.give_back(first.turn_id, failed=True)
    assert await store.stop(KEY, "U-ann") == StopMark(KEY, first.turn_id)
    assert list((await store.beat()).marks) == [StopMark(KEY, first.turn_id)]


async def test_a_dropped_repetition_gives_the_messages_back(store: Store) -> None:
    hold, first = await begun(store, message("1"))
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.record(turn(first, outcome="stopped"))
    again = message("1")
    await accept(store, again, key="again/1", parts=(ref("p1"),), slot=False)
    await store.stop(KEY, "U-ann")
    found = await store.of_message(ref("p1"))
    assert found is not None
    assert found.turn_id == first.turn_id
    receipt = await accept(store, again, key="again/2", parts=(ref("p1"),))
    assert receipt.status == "accepted"


async def test_an_edit_replaces_the_text_of_what_has_not_begun(store: Store) -> None:
    hold, first = await begun(store)
    await accept(store, message("2", text="old"))
    assert await store.edit(ref("2"), "new \ud800")
    await hold.record(turn(first))
    queued = await hold.begin()
    assert queued is not None
    assert queued.message.text == "new \ud800"
    assert not await store.edit(ref("2"), "newer")
    assert not await store.edit(ref("unknown"), "newer")


async def test_a_deleted_message_that_waits_is_dropped(store: Store) -> None:
    hold, first = await begun(store)
    receipt = await accept(store, message("2", attachments=(FILE,)))
    assert await store.delete(ref("2")) == Deleted("dropped", receipt.turn_id)
    assert await hold.record(turn(first))
    assert (await store.delete(ref("2"))).state == "dropped"
    assert (await accept(store, message("2"))).status == "duplicate"


async def test_a_deleted_message_that_runs_is_marked_and_no_word_is_kept(store: Store) -> None:
    hold, first = await begun(store, message("1"))
    await hold.save_part(first.turn_id, ref("p1"))
    running = Deleted("running", first.turn_id, (ref("p1"),))
    assert await store.delete(ref("1")) == running
    assert await store.delete(ref("1")) == running
    assert list((await store.beat()).marks) == [StopMark(KEY, first.turn_id)]
    await hold.record(turn(first, outcome="stopped"))
    assert await store.delete(ref("1")) == replace(running, state="done")
    assert await store.history(KEY, 9) == []
    recorded = await store.of_message(ref("p1"))
    assert recorded is not None
    assert (recorded.question, recorded.answer) == ("", "")
    assert await store.again(first.turn_id) is None


async def test_a_deleted_question_leaves_the_answer(store: Store) -> None:
    first = await answered(store, message("1"))
    assert await store.delete(ref("1")) == Deleted("done", first.turn_id)
    (told,) = await store.history(KEY, 9)
    assert (told.question, told.answer) == ("", first.answer)


async def test_a_deleted_question_that_was_asked_again_and_waits_names_its_message(
    store: Store, place: Place
) -> None:
    hold, first = await begun(store, message("1"))
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.record(turn(first, outcome="failed"))
    receipt = await accept(store, message("1"), key="again/1", parts=(ref("p1"),))
    assert receipt.hold is not None
    later = place.clock.now() + minutes(5)
    await receipt.hold.park(receipt.turn_id, until=later, retry_at=later, told=True)
    assert await store.delete(ref("1")) == Deleted("dropped", receipt.turn_id, (ref("p1"),))
    assert await store.delete(ref("1")) == Deleted("done", first.turn_id, (ref("p1"),))
    assert await store.adopt(9, parked="all") == []


async def test_an_unknown_message_is_unknown(store: Store) -> None:
    await answered(store, message("1"))
    assert await store.delete(ref("2")) == Deleted("unknown")


async def test_a_deleted_overheard_message_is_forgotten_by_every_turn(store: Store) -> None:
    for message_id in ("98.0", '%_"\\! \ud800'):
        kept = Said(BEN, "kept", NOON, "97.0")
        said = Said(BEN, "secret", NOON, message_id)
        await answered(store, context=(kept, said))
        await store.delete(ref(message_id))
        assert all(told.context == (kept,) for told in await store.history(KEY, 9))
