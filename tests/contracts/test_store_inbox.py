from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.conversation import ConversationKey
from core.errors import OwnershipLost
from core.ports import StopMark
from tests.contracts.stores import (
    BEN,
    FILE,
    KEY,
    LONG_AGO,
    accept,
    answered,
    begun,
    message,
    ref,
    turn,
)

if TYPE_CHECKING:
    from tests.contracts.stores import Place, Store

OTHER = ConversationKey("slack", "T1", "C1", "200.0")


async def test_a_message_in_a_free_conversation_begins_at_once(store: Store, place: Place) -> None:
    question = message("1", text="hello", attachments=(FILE,), reply_to='{"x": 1}', twin="c-1")
    receipt = await accept(store, question, turn_id="t")
    assert (receipt.status, receipt.turn_id) == ("accepted", "t")
    assert receipt.hold is not None
    assert receipt.hold.conversation == KEY
    first = receipt.first
    assert first is not None
    assert (first.turn_id, first.seq, first.message, first.parts) == ("t", 1, question, ())
    assert (first.starts, first.failures, first.recovered) == (1, 0, False)
    assert first.received_at == place.clock.now()


async def test_a_message_behind_a_running_one_waits_its_turn(store: Store) -> None:
    hold, first = await begun(store)
    behind = await accept(store)
    assert (behind.status, behind.hold, behind.first) == ("accepted", None, None)
    assert not await hold.record(turn(first)), "something is still open"
    second = await hold.begin()
    assert second is not None
    assert (second.turn_id, second.seq) == (behind.turn_id, 2)
    assert await hold.record(turn(second))


async def test_a_message_read_back_is_the_one_that_was_stored(store: Store) -> None:
    hold, first = await begun(store)
    hostile = message(
        "lone \ud800 and \0 and \x01",
        text="\x01\ud83d \0 👩‍🚀 'quoted'",
        attachments=(FILE, replace(FILE, name="\udfff")),
        reply_to='{"channel": "C1"}',
        twin="twin \0",
        author=replace(BEN, name="B\ud800n"),
        mentions_others=True,
        sent_at=LONG_AGO + timedelta(microseconds=123_457),
    )
    await accept(store, hostile)
    await hold.record(turn(first))
    queued = await hold.begin()
    assert queued is not None
    assert queued.message == hostile


async def test_without_a_slot_nothing_is_taken_and_the_sweep_adopts_it(store: Store) -> None:
    receipt = await accept(store, slot=False)
    assert (receipt.status, receipt.hold, receipt.first) == ("accepted", None, None)
    (hold,) = await store.adopt(5)
    assert hold.conversation == KEY
    queued = await hold.begin()
    assert queued is not None
    assert (queued.turn_id, queued.starts, queued.recovered) == (receipt.turn_id, 1, False)


async def test_a_conversation_with_open_messages_is_taken_without_a_first(store: Store) -> None:
    waiting = await accept(store, slot=False)
    receipt = await accept(store)
    assert receipt.hold is not None
    assert receipt.first is None
    oldest = await receipt.hold.begin()
    assert oldest is not None
    assert oldest.turn_id == waiting.turn_id


async def test_each_conversation_counts_for_itself(store: Store) -> None:
    for thread in ("1", "2", ""):
        _, first = await begun(store, message(conversation=replace(KEY, thread=thread)))
        assert first.seq == 1


async def test_the_same_message_is_stored_once(store: Store) -> None:
    receipt = await accept(store, message("1"))
    again = await accept(store, message("1"))
    assert (again.status, again.turn_id) == ("duplicate", receipt.turn_id)
    assert (again.hold, again.first) == (None, None)
    assert (await store.depth())[0] == 1


async def test_of_many_deliveries_at_once_one_is_accepted(store: Store) -> None:
    receipts = await asyncio.gather(*(accept(store, message("1")) for _ in range(30)))
    assert sorted(receipt.status for receipt in receipts) == ["accepted"] + 29 * ["duplicate"]
    assert sum(receipt.hold is not None for receipt in receipts) == 1


async def test_a_duplicate_does_not_move_the_order(store: Store) -> None:
    hold, first = await begun(store, message("1"))
    await accept(store, message("1"))
    assert await hold.record(turn(first)), "released: the duplicate took no place"
    _, second = await begun(store, message("2"))
    assert second.seq == 2


async def test_a_duplicate_after_the_answer_is_still_a_duplicate(store: Store) -> None:
    await answered(store, message("1"))
    receipt = await accept(store, message("1"))
    assert (receipt.status, receipt.hold) == ("duplicate", None)


async def test_a_twin_under_another_id_is_a_duplicate(store: Store) -> None:
    await accept(store, message("1", twin="client-1"))
    assert (await accept(store, message("2", twin="client-1"))).status == "duplicate"
    elsewhere = message("3", twin="client-1", conversation=replace(KEY, workspace="T2"))
    assert (await accept(store, elsewhere)).status == "accepted"


async def test_messages_without_a_twin_are_no_twins(store: Store) -> None:
    await accept(store, message("1"))
    assert (await accept(store, message("2"))).status == "accepted"


async def test_a_twin_with_files_gives_them_to_a_message_that_waits(store: Store) -> None:
    hold, first = await begun(store)
    await accept(store, message("1"))
    assert (await accept(store, message("1", attachments=(FILE,)))).status == "duplicate"
    await hold.record(turn(first))
    queued = await hold.begin()
    assert queued is not None
    assert queued.message.attachments == (FILE,)


async def test_a_twin_with_files_comes_too_late_for_a_running_message(store: Store) -> None:
    hold, first = await begun(store, message("1"))
    await accept(store, message("1", attachments=(FILE,)))
    await hold.give_back(first.turn_id, failed=True)
    queued = await hold.begin()
    assert queued is not None
    assert queued.message.attachments == ()


# --- overheard messages --------------------------------------------------------------------------


@pytest.mark.parametrize("follow_ups", ["alone", "always", "mention"])
async def test_what_is_said_where_the_bot_never_was_is_not_for_it(
    store: Store, follow_ups: str
) -> None:
    receipt = await accept(store, message(address="thread"), follow_ups=follow_ups)
    assert receipt.status == "not_for_us"
    assert (await store.depth())[0] == 0


@pytest.mark.parametrize(
    ("follow_ups", "status"),
    [("alone", "accepted"), ("always", "accepted"), ("mention", "not_for_us")],
)
async def test_a_follow_up_of_the_asker(store: Store, follow_ups: str, status: str) -> None:
    await answered(store)
    receipt = await accept(store, message(address="thread"), follow_ups=follow_ups)
    assert receipt.status == status
    assert (receipt.first is not None) == (status == "accepted")


async def test_a_second_person_ends_being_alone_for_good(store: Store) -> None:
    await answered(store)
    assert (await accept(store, message(address="thread", author=BEN))).status == "not_for_us"
    assert (await accept(store, message(address="thread"))).status == "not_for_us"
    assert (await accept(store, message())).status == "accepted", "a mention is always for us"
    always = await accept(store, message(address="thread", author=BEN), follow_ups="always")
    assert always.status == "accepted"


async def test_a_mention_by_a_second_person_ends_being_alone(store: Store) -> None:
    await answered(store)
    await answered(store, message(author=BEN))
    assert (await accept(store, message(address="thread"))).status == "not_for_us"


@pytest.mark.parametrize("follow_ups", ["alone", "always"])
async def test_a_message_to_somebody_else_is_not_for_us(store: Store, follow_ups: str) -> None:
    await answered(store)
    aside = message(address="thread", mentions_others=True)
    assert (await accept(store, aside, follow_ups=follow_ups)).status == "not_for_us"
    assert (await accept(store, message(address="thread"))).status == "accepted"


async def test_a_second_person_who_speaks_to_others_is_noticed_too(store: Store) -> None:
    await answered(store)
    aside = message(address="thread", author=BEN, mentions_others=True)
    assert (await accept(store, aside)).status == "not_for_us"
    assert (await accept(store, message(address="thread"))).status == "not_for_us"


# --- adopting, beating, depth --------------------------------------------------------------------


async def test_a_conversation_in_somebody_s_hands_is_not_adopted(store: Store) -> None:
    hold, first = await begun(store)
    await accept(store)
    assert list(await store.adopt(5)) == []
    assert not await hold.record(turn(first))


async def test_conversations_are_adopted_oldest_first_and_no_more_than_asked(
    store: Store, place: Place
) -> None:
    keys = [replace(KEY, thread=str(n)) for n in range(4)]
    for key in keys:
        await accept(store, message(conversation=key), slot=False)
        await place.clock.advance(1)
    first, rest = await store.adopt(3), await store.adopt(3)
    assert [hold.conversation for hold in first] == keys[:3]
    assert [hold.conversation for hold in rest] == keys[3:]
    assert list(await store.adopt(3)) == []


async def test_who_yields_goes_behind_those_who_wait(store: Store, place: Place) -> None:
    hold, first = await begun(store)
    await accept(store)
    await place.clock.advance(1)
    await accept(store, message(conversation=OTHER), slot=False)
    await place.clock.advance(1)
    assert not await hold.record(turn(first))
    assert await hold.release(force=True)
    adopted = await store.adopt(2)
    assert [hold.conversation for hold in adopted] == [OTHER, KEY]


async def test_a_conversation_whose_hold_was_dropped_is_adopted(store: Store) -> None:
    receipt = await accept(store)
    turn_id = receipt.turn_id
    del receipt  # its caller was cancelled, say: nobody can work on it any more
    (hold,) = await store.adopt(1)
    queued = await hold.begin()
    assert queued is not None
    assert (queued.turn_id, queued.recovered) == (turn_id, True)


async def test_beats_tell_of_stops_until_the_turn_is_recorded(store: Store) -> None:
    hold, first = await begun(store)
    assert list((await store.beat()).marks) == []
    await store.stop(KEY, "U-ann")
    mark = StopMark(KEY, first.turn_id)
    assert list((await store.beat()).marks) == [mark]
    assert list((await store.beat()).marks) == [mark]
    await hold.record(turn(first, outcome="stopped"))
    assert list((await store.beat()).marks) == []


async def test_depth_counts_what_is_not_finished(store: Store, place: Place) -> None:
    assert await store.depth() == (0, 0.0)
    hold, first = await begun(store)
    await place.clock.advance(5)
    await accept(store)
    await place.clock.advance(2)
    assert await store.depth() == (2, 7.0)
    await hold.record(turn(first))
    assert await store.depth() == (1, 2.0)


# --- asked again ---------------------------------------------------------------------------------


async def test_a_question_asked_again_takes_over_the_messages_of_its_answer(store: Store) -> None:
    hold, first = await begun(store, message("1", twin="c-1"))
    for part in ("p1", "p2"):
        await hold.save_part(first.turn_id, ref(part))
    await hold.record(turn(first, outcome="failed", answer=""))
    question = await store.again(first.turn_id)
    assert question is not None
    assert question.parts == (ref("p1"), ref("p2"))
    hold, again = await begun(store, question.message, key="again/1", parts=question.parts)
    assert again.parts == question.parts
    assert await store.of_message(ref("p1")) is None, "its new turn is not recorded yet"
    await hold.record(turn(again))
    found = await store.of_message(ref("p2"))
    assert found is not None
    assert found.turn_id == again.turn_id


async def test_a_question_that_is_refused_when_asked_again_can_be_asked_once_more(
    store: Store,
) -> None:
    hold, first = await begun(store, message("1"))
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.record(turn(first, outcome="stopped", answer="Half"))
    hold, refused = await begun(store, message("1"), key="again/1", parts=(ref("p1"),))
    assert await hold.record(turn(refused, outcome="refused", error="user", answer=""))

    found = await store.of_message(ref("p1"))
    assert found is not None
    assert found.turn_id == first.turn_id
    question = await store.again(first.turn_id)
    assert question is not None
    assert question.parts == (ref("p1"),)
    assert [one.answer for one in await store.history(question.message.conversation, 9)] == ["Half"]
    receipt = await accept(store, question.message, key="again/2", parts=question.parts)
    assert receipt.status == "accepted"


async def test_two_clicks_ask_again_once(store: Store) -> None:
    hold, first = await begun(store, message("1"))
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.record(turn(first, outcome="failed", answer=""))
    parts = (ref("p1"),)
    options = {"parts": parts, "turn_id": "t-again"}
    assert (await accept(store, message("1"), key="again/1", **options)).status == "accepted"
    assert (await accept(store, message("1"), key="again/1", parts=parts)).status == "duplicate"
    assert (await accept(store, message("1"), key="again/2", parts=parts)).status == "duplicate"
    assert (await store.depth())[0] == 1


# --- a new process -------------------------------------------------------------------------------


async def test_the_next_process_finds_what_was_begun_and_what_waited(place: Place) -> None:
    store = place.store
    hold, first = await begun(store)
    await hold.save_part(first.turn_id, ref("p1"))
    waiting = await accept(store)
    store = await place.restart()
    (adopted,) = await store.adopt(5)
    again = await adopted.begin()
    assert again is not None
    assert (again.turn_id, again.starts, again.recovered) == (first.turn_id, 2, True)
    assert again.parts == (ref("p1"),)
    assert not await adopted.record(turn(again))
    second = await adopted.begin()
    assert second is not None
    assert (second.turn_id, second.starts, second.recovered) == (waiting.turn_id, 1, False)


async def test_a_new_message_after_a_crash_waits_for_the_one_before(place: Place) -> None:
    _, first = await begun(place.store)
    store = await place.restart()
    receipt = await accept(store)
    assert receipt.hold is not None
    assert receipt.first is None
    queued = await receipt.hold.begin()
    assert queued is not None
    assert queued.turn_id == first.turn_id


async def test_a_stop_survives_a_crash(place: Place) -> None:
    _, first = await begun(place.store)
    await place.store.stop(KEY, "U-ann")
    store = await place.restart()
    holds = await store.adopt(5)
    assert len(holds) == 1
    assert list((await store.beat()).marks) == [StopMark(KEY, first.turn_id)]


async def test_an_abandoned_hold_may_be_adopted_by_the_same_process(store: Store) -> None:
    hold, first = await begun(store)
    assert await store.adopt(5) == []
    store.abandon(hold)
    [adopted] = await store.adopt(5)
    again = await adopted.begin()
    assert again is not None
    assert again.turn_id == first.turn_id
    with pytest.raises(OwnershipLost):
        await hold.release()
