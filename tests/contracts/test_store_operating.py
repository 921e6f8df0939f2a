"""The record of what admins did, and the messages that were given up on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.ports import Deed
from tests.contracts.stores import (
    KEY,
    LONG_AGO,
    NOON,
    accept,
    answered,
    begun,
    deed,
    message,
    minutes,
    ref,
    turn,
)

if TYPE_CHECKING:
    from tests.contracts.stores import Place, Store

RETRY = deed("dead-letter retry", "t")
DROP = deed("dead-letter drop", "t")


async def test_deeds_are_read_as_they_were_noted_oldest_first(store: Store, place: Place) -> None:
    first = Deed("command line (ada)", "backup", "/tmp/\ud800", "12 rows")
    await store.note(first)
    await place.clock.advance(60)
    await store.note(deed())
    await store.note(deed("resume"))
    at = NOON + minutes(1)
    assert await store.deeds(LONG_AGO) == [(NOON, first), (at, deed()), (at, deed("resume"))]
    assert await store.deeds(at) == [(at, deed()), (at, deed("resume"))]
    assert await store.deeds(at + minutes(1)) == []


async def test_deeds_outlive_the_process_and_retention(store: Store, place: Place) -> None:
    await store.note(deed())
    store = await place.restart()
    await store.prune(place.clock.now() + minutes(1))
    assert await store.deeds(LONG_AGO) == [(NOON, deed())]


async def test_a_setting_for_others_is_stored_together_with_its_deed(store: Store) -> None:
    settings = deed("settings")
    await store.write("channel", "slack", "T1", "C1", "model", "m/one", deed=settings)
    await store.write("channel", "slack", "T1", "C1", "model", None, deed=settings)
    await store.write("person", "slack", "T1", "U-ann", "model", "m/one")
    assert await store.deeds(LONG_AGO) == [(NOON, settings)] * 2


async def test_a_dead_letter_is_retried_as_the_newest_message(store: Store) -> None:
    hold, first = await begun(store)
    await hold.give_back(first.turn_id, failed=True)
    await hold.bury(first.turn_id, "no")
    await hold.save_part(first.turn_id, ref("notice"))
    assert await hold.release()
    await answered(store, message("2"))
    assert await store.retry(first.turn_id, RETRY)
    assert not await store.retry(first.turn_id, RETRY)
    assert not await store.retry("unknown", RETRY)
    assert await store.dead_letters() == []
    assert await store.deeds(LONG_AGO) == [(NOON, RETRY)]
    (hold,) = await store.adopt(1)
    queued = await hold.begin()
    assert queued is not None
    assert (queued.turn_id, queued.seq) == (first.turn_id, 3)
    assert (queued.starts, queued.failures, queued.parts) == (1, 0, (ref("notice"),))
    assert await hold.record(turn(queued))


async def test_a_dead_letter_is_retried_into_a_conversation_that_is_at_work(store: Store) -> None:
    hold, first = await begun(store)
    await hold.bury(first.turn_id, "no")
    behind = await accept(store)
    second = await hold.begin()
    assert second is not None
    assert await store.retry(first.turn_id, RETRY)
    assert await store.adopt(9) == []
    assert not await hold.record(turn(second))
    third = await hold.begin()
    assert third is not None
    assert [second.turn_id, third.turn_id] == [behind.turn_id, first.turn_id]
    assert await hold.record(turn(third))


async def test_a_dropped_letter_is_gone_and_its_message_still_known(store: Store) -> None:
    hold, first = await begun(store, message("m1"))
    await hold.bury(first.turn_id, "no")
    assert await hold.release()
    assert await store.drop(first.turn_id, DROP)
    assert not await store.drop(first.turn_id, DROP)
    assert not await store.drop("unknown", DROP)
    assert not await store.retry(first.turn_id, RETRY)
    assert await store.dead_letters() == []
    assert await store.deeds(LONG_AGO) == [(NOON, DROP)]
    assert (await accept(store, message("m1"))).status == "duplicate"
    assert (await store.depth())[0] == 0
    await answered(store, message("m2"))
    assert [one.message_id for one in await store.history(KEY, 9)] == ["m2"]


async def test_a_dropped_letter_that_was_asked_again_gives_its_messages_back(store: Store) -> None:
    hold, first = await begun(store, message("1"))
    await hold.save_part(first.turn_id, ref("p1"))
    assert await hold.record(turn(first, outcome="failed"))
    again = await accept(store, message("1"), key="again/1", parts=(ref("p1"),))
    assert again.hold is not None
    await again.hold.bury(again.turn_id, "no")
    assert await again.hold.release()
    assert await store.drop(again.turn_id, DROP)
    found = await store.of_message(ref("p1"))
    assert found is not None
    assert found.turn_id == first.turn_id
    third = await accept(store, message("1"), key="again/2", parts=(ref("p1"),))
    assert third.status == "accepted"


async def test_what_is_not_dead_is_not_dropped(store: Store) -> None:
    hold, first = await begun(store)
    assert not await store.drop(first.turn_id, DROP)
    await hold.record(turn(first))
    assert not await store.drop(first.turn_id, DROP)
    assert await store.deeds(LONG_AGO) == []
