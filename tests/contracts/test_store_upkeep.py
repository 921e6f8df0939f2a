from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.turn import Said
from tests.contracts.stores import (
    BEN,
    KEY,
    LONG_AGO,
    NOON,
    accept,
    answered,
    begun,
    call,
    message,
    minutes,
    ref,
    thumb,
    turn,
)
from tests.contracts.test_store_turns import EVER

if TYPE_CHECKING:
    from tests.contracts.stores import Place, Store


async def test_a_store_that_can_be_written_is_ready(store: Store) -> None:
    assert await store.ready() == ""
    assert await store.ready() == ""


async def test_pruning_forgets_old_words_and_keeps_the_numbers(store: Store, place: Place) -> None:
    hold, first = await begun(store, message("1"))
    await hold.save_part(first.turn_id, ref("p1"))
    said = (Said(BEN, "secret", NOON, "0.5"),)
    await hold.record(turn(first, context=said, completions=(call(first.turn_id),)))
    await place.clock.advance(60)
    young = await answered(store, message("2"))
    await accept(store)

    assert await store.prune(NOON) == 0, "before, not at"
    assert await store.prune(NOON + minutes(1)) == 3
    assert await store.prune(NOON + minutes(1)) == 0

    assert await store.history(KEY, 9) == [young]
    old = await store.of_message(ref("p1"))
    assert old is not None
    assert (old.question, old.answer, old.context) == ("", "", ())
    assert (await store.summary(EVER)).requests == 2
    assert (await store.spent("slack", "T1", "", LONG_AGO)).workspace_usd == 0.0
    assert (await store.depth())[0] == 1


async def test_pruning_leaves_open_messages_alone(store: Store, place: Place) -> None:
    hold, first = await begun(store)
    await place.clock.advance(3600)
    assert await store.prune(place.clock.now()) == 0
    assert await hold.record(turn(first))


async def test_a_report_of_any_age_is_known_and_sent_no_second_time(
    store: Store, place: Place
) -> None:
    report = message("digest/2026-03-02", text="")
    hold, first = await begun(store, report, kind="report")
    await hold.record(turn(first, outcome="command", answer=""))
    await place.clock.advance(400 * 86_400)
    await store.prune(place.clock.now())
    assert (await accept(store, report, kind="report")).status == "duplicate"


async def test_pruning_works_through_any_number(store: Store, place: Place) -> None:
    for _ in range(11):  # a crowd of all of them would be told to come again
        await asyncio.gather(*(accept(store, slot=False) for _ in range(100)))
    await store.stop(KEY, "U-ann")
    assert await store.prune(place.clock.now()) == 0
    assert await store.prune(place.clock.now() + minutes(1)) == 1_100


async def test_a_rating_outlives_the_words(store: Store, place: Place) -> None:
    hold, first = await begun(store)
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.record(turn(first))
    await store.rate(thumb(ref("p1"), "+1", reason="secret"))
    await store.prune(place.clock.now() + minutes(1))
    assert (await store.summary(EVER)).up == 1
