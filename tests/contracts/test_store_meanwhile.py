"""What goes on around a question that waits for the model: commands, pauses, stops, a reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.stores import ANN, BEN, KEY, accept, begun, deed, message, turn
from tests.contracts.test_store_waiting import parked, taken

if TYPE_CHECKING:
    from core.ports import Hold, Parked
    from tests.contracts.stores import Place, Store


async def ended(hold: Hold) -> list[str]:
    """Works off all that can be begun."""
    done = []
    while (queued := await hold.begin()) is not None:
        done.append(queued.turn_id)
        await hold.record(turn(queued), release=False)
    assert await hold.release()
    return done


async def test_a_command_behind_it_is_heard_at_once_and_it_goes_on_waiting(place: Place) -> None:
    store = place.store
    first = await parked(store)
    behind = await accept(store, message("behind"))
    command = await accept(store, message("stats"), kind="command")
    assert command.hold is not None
    assert command.first is None
    assert await ended(command.hold) == [command.turn_id]
    assert list(await store.adopt(5, parked="left")) == []
    assert list(await store.adopt(5)) == []
    await place.clock.advance(10)
    [hold] = await store.adopt(5)
    assert await ended(hold) == [first.turn_id, behind.turn_id]


@pytest.mark.parametrize("how", ["left", "due"])
async def test_a_command_that_found_no_slot_is_adopted_past_it(store: Store, how: Parked) -> None:
    await parked(store)
    command = await accept(store, message("resume"), kind="command", slot=False)
    [hold] = await store.adopt(5, parked=how)
    assert await ended(hold) == [command.turn_id]
    assert list(await store.adopt(5, parked=how)) == []


async def test_one_that_is_due_is_taken_before_the_command_behind_it(store: Store) -> None:
    first = await parked(store)
    await accept(store, message("stats"), kind="command", slot=False)
    assert (await taken(store))[1].turn_id == first.turn_id


async def pause(store: Store) -> None:
    await store.pause("slack", "T1", "C1", "", deed())


async def test_one_that_is_stopped_ends_although_its_place_is_paused(store: Store) -> None:
    first = await parked(store)
    await accept(store, message("behind"))
    await pause(store)
    assert list(await store.adopt(5, parked="all")) == []
    await store.stop(KEY, "U-admin")
    [hold] = await store.adopt(5, parked="left")
    queued = await hold.begin()
    assert queued is not None
    assert (queued.turn_id, queued.stop_asked) == (first.turn_id, True)
    await hold.record(turn(queued, outcome="stopped"))
    assert await ended(hold) == []
    assert list(await store.adopt(5, parked="all")) == [], "what is behind it waits for the pause"


async def test_one_that_was_cut_is_stopped_although_its_place_is_paused(place: Place) -> None:
    _, first = await begun(place.store)
    store = await place.restart()
    await pause(store)
    assert list(await store.adopt(5)) == []
    await store.stop(KEY, ANN.user_id)
    [hold] = await store.adopt(5)
    assert await ended(hold) == [first.turn_id]


async def test_who_asked_behind_somebody_who_is_forgotten_does_not_wait(store: Store) -> None:
    await parked(store)
    behind = await accept(store, message("behind", author=BEN))
    erased = await store.erase("slack", "T1", ANN.user_id, deed("erase"))
    assert erased.waiting == 1
    [hold] = await store.adopt(5, parked="left")
    assert await ended(hold) == [behind.turn_id]


async def test_a_reset_covers_it(store: Store) -> None:
    await parked(store)
    await accept(store, message("behind"))
    await store.forget(KEY)
    hold, queued = await taken(store)
    await hold.record(turn(queued), release=False)
    behind = await hold.begin()
    assert behind is not None
    assert await store.history(KEY, 9) == []
    await hold.record(turn(behind))
    assert [one.turn_id for one in await store.history(KEY, 9)] == [behind.turn_id]
