"""Leaving a question until the model is back: who may take it when, and what people can do."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from core.completion import Usage
from core.conversation import ConversationKey
from core.errors import NotStored, OwnershipLost
from core.ports import Counted, StopMark
from core.turn import Said
from tests.contracts.stores import (
    ANN,
    BEN,
    KEY,
    NOON,
    accept,
    begun,
    deed,
    message,
    minutes,
    ref,
    turn,
)

if TYPE_CHECKING:
    from core.ports import Hold
    from core.turn import QueuedMessage, Turn
    from tests.contracts.stores import Place, Store

SOON = timedelta(seconds=10)


async def parked(store: Store, message_id: str = "q", **options: bool) -> QueuedMessage:
    """A question that waits until one o'clock, and is to be tried again in ten seconds."""
    hold, queued = await begun(store, message(message_id))
    await hold.save_part(queued.turn_id, ref("a"))
    await hold.park(
        queued.turn_id, until=NOON + minutes(60), retry_at=NOON + SOON, **{"told": True, **options}
    )
    return queued


async def taken(store: Store) -> tuple[Hold, QueuedMessage]:
    [hold] = await store.adopt(5, parked="all")
    queued = await hold.begin()
    assert queued is not None
    return hold, queued


async def test_it_is_taken_when_its_time_has_come_or_by_who_knows_better(place: Place) -> None:
    store = place.store
    await parked(store)
    assert list(await store.adopt(5, parked="left")) == []
    assert list(await store.adopt(5)) == []
    await place.clock.advance(10)
    assert list(await store.adopt(5, parked="left")) == []
    [hold] = await store.adopt(5)
    assert await hold.begin() is not None


async def test_all_can_be_taken_at_once(store: Store) -> None:
    await parked(store)
    assert len(await store.adopt(5, parked="all")) == 1


async def test_after_its_last_moment_it_is_open_like_any_other(place: Place) -> None:
    await parked(place.store)
    await place.clock.advance(3600)
    assert len(await place.store.adopt(5, parked="left")) == 1


async def test_its_start_does_not_count_and_all_that_was_shown_is_known(store: Store) -> None:
    await parked(store)
    _, queued = await taken(store)
    assert (queued.starts, queued.failures, queued.recovered) == (1, 0, True)
    assert queued.told
    assert queued.parts == (ref("a"),)


async def test_an_asker_who_was_not_told_is_remembered(store: Store) -> None:
    await parked(store, told=False)
    _, queued = await taken(store)
    assert not queued.told


async def test_it_waits_over_a_restart(place: Place) -> None:
    await parked(place.store)
    store = await place.restart()
    assert list(await store.adopt(5)) == []
    assert (await taken(store))[1].told


async def test_what_comes_behind_it_takes_nothing_and_keeps_its_place(store: Store) -> None:
    first = await parked(store)
    receipt = await accept(store, message("behind"))
    assert (receipt.status, receipt.hold, receipt.first) == ("accepted", None, None)
    hold, queued = await taken(store)
    assert queued.turn_id == first.turn_id
    await hold.record(turn(queued), release=False)
    second = await hold.begin()
    assert second is not None
    assert (second.message.text, second.told, second.seq) == ("text of behind", False, 2)


async def test_the_oldest_question_is_taken_first(place: Place) -> None:
    store = place.store
    for n in range(3):
        key = ConversationKey("slack", "T1", "C1", f"thread-{n}")
        hold, queued = await begun(store, message(f"q{n}", conversation=key))
        await place.clock.advance(1)
        later = NOON + timedelta(seconds=10 - n)
        await hold.park(queued.turn_id, until=NOON + minutes(60), retry_at=later, told=True)
    await place.clock.advance(20)
    holds = [hold for _ in range(3) for hold in await store.adopt(1)]
    threads = [hold.conversation.thread for hold in holds]
    assert threads == ["thread-0", "thread-1", "thread-2"]


async def test_a_stop_opens_it_for_whoever_shows_its_end(store: Store) -> None:
    queued = await parked(store)
    mark = await store.stop(KEY, BEN.user_id)
    assert mark == StopMark(KEY, queued.turn_id)
    [hold] = await store.adopt(5, parked="left")
    again = await hold.begin()
    assert again is not None
    assert again.stop_asked
    await hold.record(turn(again, outcome="stopped"))
    assert (await store.beat()).marks == ()


async def test_a_stop_drops_what_the_same_person_asked_behind_it(store: Store) -> None:
    await parked(store)
    await accept(store, message("mine"))
    await accept(store, message("yours", author=BEN))
    await store.stop(KEY, ANN.user_id)
    hold, queued = await taken(store)
    await hold.record(turn(queued, outcome="stopped"), release=False)
    left = await hold.begin()
    assert left is not None
    assert left.message.text == "text of yours"


async def test_one_that_was_stopped_before_it_waits_is_open_at_once(store: Store) -> None:
    hold, queued = await begun(store)
    await store.stop(KEY, ANN.user_id)
    await hold.park(queued.turn_id, until=NOON + minutes(60), retry_at=NOON + SOON, told=True)
    [taken_by] = await store.adopt(5, parked="left")
    again = await taken_by.begin()
    assert again is not None
    assert again.stop_asked


async def test_an_edit_replaces_its_words_until_it_is_tried_again(store: Store) -> None:
    await parked(store)
    assert await store.edit(ref("q"), "other words")
    _, queued = await taken(store)
    assert queued.message.text == "other words"
    assert not await store.edit(ref("q"), "too late")


async def test_one_that_is_deleted_is_dropped_and_its_message_named(store: Store) -> None:
    await parked(store)
    await accept(store, message("behind"))
    deleted = await store.delete(ref("q"))
    assert (deleted.state, deleted.parts) == ("dropped", (ref("a"),))
    [hold] = await store.adopt(5, parked="left")
    queued = await hold.begin()
    assert queued is not None
    assert queued.message.text == "text of behind"


async def keeping(store: Store) -> Turn:
    """An answer that could not be shown; returned as it is kept, without words of others."""
    hold, queued = await begun(store, message("q"))
    whole = turn(
        queued,
        answer="The answer.",
        model="m/one",
        usage=Usage(1, 2, 3, 4),
        cost_usd=0.5,
        context=(Said(BEN, "before", NOON, "s1"),),
        first_token_s=0.25,
        attempts=2,
    )
    await hold.park(
        queued.turn_id, until=NOON + minutes(15), retry_at=NOON + SOON, told=False, kept=whole
    )
    return replace(whole, context=())


async def test_an_answer_is_kept_whole_until_it_can_be_shown(place: Place) -> None:
    whole = await keeping(place.store)
    store = await place.restart()
    hold, queued = await taken(store)
    assert queued.kept == whole
    await hold.record(whole)
    found = await store.recorded(queued.turn_id)
    assert found is not None
    assert found[0] == whole


async def test_a_kept_answer_outlives_failures_and_a_dead_letter(store: Store) -> None:
    whole = await keeping(store)
    hold, queued = await taken(store)
    await hold.give_back(queued.turn_id, failed=True)
    again = await hold.begin()
    assert again is not None
    assert again.kept == whole
    await hold.bury(queued.turn_id, "it failed too often")
    await hold.release()
    assert await store.retry(queued.turn_id, deed())
    assert (await taken(store))[1].kept == whole


async def test_words_that_are_changed_want_another_answer(store: Store) -> None:
    await keeping(store)
    assert await store.edit(ref("q"), "other words")
    assert (await taken(store))[1].kept is None


async def test_no_word_of_a_kept_answer_outlives_its_question(place: Place) -> None:
    await keeping(place.store)
    assert (await place.store.delete(ref("q"))).state == "dropped"
    assert list(await place.store.adopt(5, parked="all")) == []


async def test_a_former_owner_parks_nothing(place: Place) -> None:
    hold, queued = await begun(place.store)
    await place.restart()
    [now] = await place.store.adopt(5)
    with pytest.raises((OwnershipLost, NotStored)):  # a closed store says so in its own way
        await hold.park(queued.turn_id, until=NOON, retry_at=NOON, told=True)
    again = await now.begin()
    assert again is not None
    assert not again.told


async def test_limits_count_it_as_begun(store: Store) -> None:
    await parked(store)
    person = Counted("slack", "T1", user_id=ANN.user_id)
    assert list(await store.count([(person, NOON - SOON)], NOON + SOON)) == [1]


async def test_a_recorded_turn_is_found_with_the_messages_of_its_answer(store: Store) -> None:
    hold, queued = await begun(store)
    await hold.save_part(queued.turn_id, ref("a"))
    assert await store.recorded(queued.turn_id) is None
    await hold.record(turn(queued, answer="The answer."))
    found = await store.recorded(queued.turn_id)
    assert found is not None
    assert (found[0].answer, found[1]) == ("The answer.", (ref("a"),))


async def test_a_process_that_is_alone_says_so(store: Store) -> None:
    assert (await store.beat()).replicas == 1
