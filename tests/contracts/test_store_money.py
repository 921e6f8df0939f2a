from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.completion import Completion
from core.ports import Counted, Spent, StatsQuery
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
    turn,
)

if TYPE_CHECKING:
    from tests.contracts.stores import Place, Store

PLACE = ("slack", "T1")


async def spent(store: Store, user_id: str = "") -> float:
    return _of(user_id, await store.spent(*PLACE, user_id, LONG_AGO))


def _of(user_id: str, found: Spent) -> float:
    return found.user_usd if user_id else found.workspace_usd


async def test_calls_of_a_turn_are_numbered(store: Store) -> None:
    _, first = await begun(store)
    one = await store.reserve(first.turn_id, "m/one", 0.5)
    assert one == Completion(first.turn_id, 1, "m/one", 0.5)
    assert (await store.reserve(first.turn_id, "m/two", None)).n == 2
    assert (await store.reserve("another", "m/one", 0.5)).n == 1


async def test_reservations_made_at_once_are_numbered_apart(store: Store) -> None:
    _, first = await begun(store)
    made = await asyncio.gather(*(store.reserve(first.turn_id, "m", 0.5) for _ in range(20)))
    assert sorted(one.n for one in made) == list(range(1, 21))


async def test_a_reservation_counts_until_it_is_settled(store: Store) -> None:
    _, first = await begun(store)
    row = await store.reserve(first.turn_id, "m/one", 0.5)
    assert await spent(store) == 0.5
    await store.settle(replace(row, cost_usd=0.125, outcome="answered", source="exact"))
    assert await spent(store) == 0.125


async def test_a_call_without_a_price_spends_nothing_known(store: Store) -> None:
    _, first = await begun(store)
    row = await store.reserve(first.turn_id, "m/one", None)
    assert await spent(store) == 0.0
    await store.settle(replace(row, outcome="answered"))
    assert await spent(store) == 0.0


async def test_recording_a_turn_settles_its_calls(store: Store) -> None:
    hold, first = await begun(store)
    row = await store.reserve(first.turn_id, "m/one", 0.5)
    unreserved = call(first.turn_id, 2, cost_usd=0.25)
    settled = replace(row, cost_usd=0.125, outcome="answered", source="exact")
    await hold.record(turn(first, completions=(settled, unreserved)))
    assert await spent(store) == 0.375


async def test_a_call_that_a_crash_cut_costs_what_was_reserved(place: Place) -> None:
    _, first = await begun(place.store)
    await place.store.reserve(first.turn_id, "m/one", 0.5)
    store = await place.restart()
    (hold,) = await store.adopt(1)
    queued = await hold.begin()
    assert queued is not None
    second = await store.reserve(first.turn_id, "m/one", 0.5)
    assert second.n == 2
    await hold.record(
        turn(queued, completions=(replace(second, cost_usd=0.25, outcome="answered"),))
    )
    assert await spent(store) == 0.75
    summary = await store.summary(StatsQuery(LONG_AGO, NOON + minutes(1)))
    assert summary.cost_usd == 0.75, "the cut one is settled, not for ever running"


async def test_the_calls_of_a_dead_letter_are_settled(store: Store) -> None:
    hold, first = await begun(store)
    await store.reserve(first.turn_id, "m/one", 0.5)
    await hold.bury(first.turn_id, "no")
    row = await store.reserve(first.turn_id, "m/one", 0.0)
    assert row.n == 2
    assert await spent(store) == 0.5


async def test_money_is_counted_by_person_workspace_and_time(store: Store, place: Place) -> None:
    async def pay(cost_usd: float, **changes: Any) -> None:
        hold, first = await begun(store, message(**changes))
        paid = call(first.turn_id, cost_usd=cost_usd)
        await hold.record(turn(first, completions=(paid,)))

    await pay(1.0)
    await place.clock.advance(60)
    await pay(2.0, author=BEN)
    await pay(4.0, conversation=replace(KEY, workspace="T2"))
    await pay(8.0, conversation=replace(KEY, platform="teams"))
    await pay(16.0, conversation=replace(KEY, channel="C2"))
    assert await spent(store) == 19.0
    assert await spent(store, "U-ann") == 17.0
    assert await store.spent(*PLACE, "U-ann", NOON + minutes(1)) == Spent(16.0, 18.0)
    assert await spent(store, "U-nobody") == 0.0


async def count(store: Store, channel: str = "", user_id: str = "") -> int:
    [found] = await store.count([(Counted(*PLACE, channel, user_id), LONG_AGO)])
    return found


async def test_arrivals_are_questions_that_have_begun_and_were_not_refused(store: Store) -> None:
    await answered(store)
    await answered(store, outcome="failed")
    await answered(store, outcome="refused")
    hold, command = await begun(store, kind="command")
    await hold.record(turn(command, outcome="command"))
    await begun(store)
    await accept(store)
    assert await count(store) == 3


async def test_arrivals_are_counted_by_place_person_and_time(store: Store, place: Place) -> None:
    await answered(store)
    await place.clock.advance(60)
    await answered(store, message(author=BEN))
    await answered(store, message(conversation=replace(KEY, channel="C2")))
    await answered(store, message(conversation=replace(KEY, workspace="T2")))
    assert await count(store) == 3
    assert await count(store, "C1") == 2
    assert await count(store, user_id="U-ann") == 2
    assert await count(store, "C1", "U-ann") == 1
    several = [(Counted(*PLACE, channel), LONG_AGO) for channel in ("C2", "C1", "C0")]
    assert list(await store.count(several)) == [1, 2, 0]

    async def between(since: float, until: float | None) -> int:
        end = None if until is None else NOON + minutes(until)
        since_at = NOON + minutes(since)
        [found] = await store.count([(Counted(*PLACE), since_at)], end)
        return found

    assert await between(0, 1) == 1, "the end is not within"
    assert await between(1, None) == 2
    assert await between(0.5, 2) == 2
