from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.errors import OwnershipLost
from core.turn import Said
from tests.contracts.stores import (
    ANN,
    BEN,
    KEY,
    NOON,
    accept,
    answered,
    begun,
    message,
    ref,
    turn,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.ports import Hold
    from core.turn import QueuedMessage
    from tests.contracts.stores import Place, Store

WRITES: dict[str, Callable[[Hold, QueuedMessage], Awaitable[object]]] = {
    "begin": lambda hold, queued: hold.begin(),
    "save_part": lambda hold, queued: hold.save_part(queued.turn_id, ref("p9")),
    "record": lambda hold, queued: hold.record(turn(queued)),
    "give_back": lambda hold, queued: hold.give_back(queued.turn_id, failed=True),
    "bury": lambda hold, queued: hold.bury(queued.turn_id, "no"),
    "release": lambda hold, queued: hold.release(),
    "force": lambda hold, queued: hold.release(force=True),
}


@pytest.mark.parametrize("write", WRITES)
async def test_a_former_owner_changes_nothing(store: Store, write: str) -> None:
    old, queued = await begun(store)
    assert await old.release(force=True)
    (new,) = await store.adopt(1)
    await new.begin()
    with pytest.raises(OwnershipLost):
        await WRITES[write](old, queued)
    assert await store.conversation_of(ref("p9")) is None
    assert await store.history(KEY, 10) == []
    assert await new.give_back(queued.turn_id, failed=True) == 1, "the old one was not counted"
    assert (await store.depth())[0] == 1


async def test_begin_takes_the_oldest_and_ends_with_none(store: Store) -> None:
    hold, first = await begun(store)
    ids = [(await accept(store)).turn_id for _ in range(3)]
    assert not await hold.record(turn(first))
    for turn_id in ids:
        queued = await hold.begin()
        assert queued is not None
        assert queued.turn_id == turn_id
        await hold.record(turn(queued), release=False)
    assert await hold.begin() is None
    assert await hold.release()


async def test_record_can_keep_the_conversation(store: Store) -> None:
    hold, first = await begun(store)
    assert not await hold.record(turn(first), release=False)
    assert (await accept(store)).hold is None, "still ours"
    assert await hold.begin() is not None


async def test_after_letting_go_the_next_message_takes_the_conversation(store: Store) -> None:
    hold, first = await begun(store)
    assert await hold.record(turn(first))
    with pytest.raises(OwnershipLost):
        await hold.release()
    _, second = await begun(store)
    assert second.seq == 2


async def test_release_sees_what_arrived_meanwhile(store: Store) -> None:
    hold, first = await begun(store)
    await hold.record(turn(first), release=False)
    await accept(store)
    assert not await hold.release()
    second = await hold.begin()
    assert second is not None
    assert await hold.record(turn(second))


async def test_parts_keep_their_order_and_are_saved_once(place: Place) -> None:
    hold, first = await begun(place.store)
    parts = [ref(part) for part in ("z", "a", "m")]
    for part in (*parts, parts[0]):
        await hold.save_part(first.turn_id, part)
    await hold.give_back(first.turn_id, failed=True)
    queued = await hold.begin()
    assert queued is not None
    assert queued.parts == tuple(parts)
    assert await place.store.conversation_of(parts[1]) == KEY
    assert await place.store.conversation_of(ref("other")) is None


async def test_failures_and_starts_are_counted_apart(store: Store) -> None:
    hold, first = await begun(store)
    assert await hold.give_back(first.turn_id, failed=True) == 1
    second = await hold.begin()
    assert second is not None
    assert (second.starts, second.failures, second.recovered) == (2, 1, True)
    assert await hold.give_back(first.turn_id, failed=False) == 1
    third = await hold.begin()
    assert third is not None
    assert (third.starts, third.failures) == (2, 1), "the start was taken back"


async def test_a_turn_is_recorded_once(store: Store) -> None:
    hold, first = await begun(store)
    await accept(store)
    assert not await hold.record(turn(first, answer="one"))
    assert not await hold.record(turn(first, answer="two")), "the second message is still open"
    assert [told.answer for told in await store.history(KEY, 9)] == ["one"]
    second = await hold.begin()
    assert second is not None
    assert await hold.record(turn(second))


async def test_a_buried_message_does_not_block_the_next(store: Store) -> None:
    hold, first = await begun(store)
    behind = await accept(store)
    await hold.bury(first.turn_id, "it failed too often")
    await hold.save_part(first.turn_id, ref("notice"))
    second = await hold.begin()
    assert second is not None
    assert second.turn_id == behind.turn_id
    assert await hold.record(turn(second))
    assert await store.history(KEY, 9) != []
    ((letter, reason),) = await store.dead_letters()
    assert (letter.turn_id, reason) == (first.turn_id, "it failed too often")
    assert letter.parts == (ref("notice"),)
    assert letter.message == first.message


async def test_others_in_the_read_context_end_being_alone(store: Store) -> None:
    said = Said(BEN, "by the way", NOON, "98.0")
    await answered(store, context=(said,))
    assert (await accept(store, message(address="thread"))).status == "not_for_us"


async def test_own_words_in_the_read_context_do_not(store: Store) -> None:
    said = Said(ANN, "by the way", NOON, "98.0")
    await answered(store, context=(said,))
    assert (await accept(store, message(address="thread"))).status == "accepted"


async def test_conversations_do_not_block_each_other(store: Store) -> None:
    first, one = await begun(store)
    other, two = await begun(store, message(conversation=replace(KEY, thread="2")))
    assert await other.record(turn(two))
    assert await first.record(turn(one))
