from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.rating import Rating
from tests.contracts.stores import ANN, BEN, NOON, begun, minutes, ref, thumb, turn

if TYPE_CHECKING:
    from core.rating import Value
    from tests.contracts.stores import Place, Store


async def answer(store: Store, *parts: str) -> str:
    hold, first = await begun(store)
    for part in parts:
        await hold.save_part(first.turn_id, ref(part))
    await hold.record(turn(first))
    return first.turn_id


def ann(turn_id: str, value: Value | None) -> Rating:
    return Rating(turn_id, ANN, value, asked_at=NOON)


async def test_a_thumb_rates_the_turn(store: Store) -> None:
    turn_id = await answer(store, "p1")
    assert await store.rate(thumb(ref("p1"), "+1")) == ann(turn_id, 1)
    assert await store.rate(thumb(ref("p1"), "+1")) == ann(turn_id, 1)


async def test_a_thumb_on_another_message_rates_nothing(store: Store) -> None:
    await answer(store, "p1")
    assert await store.rate(thumb(ref("other"), "+1")) is None


async def test_the_newest_of_both_thumbs_counts_and_one_withdrawn_leaves_the_other(
    store: Store,
) -> None:
    turn_id = await answer(store, "p1", "p2")
    await store.rate(thumb(ref("p1"), "+1"))
    down = thumb(ref("p2"), "-1", at=NOON + minutes(1))
    assert await store.rate(down) == ann(turn_id, -1)
    withdrawn = thumb(ref("p2"), "-1", at=NOON + minutes(2), active=False)
    assert await store.rate(withdrawn) == ann(turn_id, 1)
    withdrawn = thumb(ref("p1"), "+1", at=NOON + minutes(3), active=False)
    assert await store.rate(withdrawn) == ann(turn_id, None)


async def test_an_older_event_that_comes_late_changes_nothing(store: Store) -> None:
    turn_id = await answer(store, "p1")
    await store.rate(thumb(ref("p1"), "+1", at=NOON + minutes(2), active=False))
    assert await store.rate(thumb(ref("p1"), "+1", at=NOON + minutes(1))) == ann(turn_id, None)


async def test_people_rate_apart(store: Store) -> None:
    turn_id = await answer(store, "p1")
    await store.rate(thumb(ref("p1"), "+1"))
    rated = await store.rate(thumb(ref("p1"), "-1", author=BEN))
    assert rated == Rating(turn_id, BEN, -1, asked_at=NOON)
    assert await store.rate(thumb(ref("p1"), "+1")) == ann(turn_id, 1)


async def test_a_thumb_may_come_before_its_turn_and_even_before_its_message(store: Store) -> None:
    hold, first = await begun(store)
    assert await store.rate(thumb(ref("p2"), "+1")) is None
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.save_part(first.turn_id, ref("p2"))
    late = thumb(ref("p1"), "tada", at=NOON + minutes(1), active=False)
    assert await store.rate(late) == ann(first.turn_id, 1), "the early one counts now"


async def test_a_rating_says_when_its_question_was_stored_whenever_it_comes(
    store: Store, place: Place
) -> None:
    hold, first = await begun(store)
    await hold.save_part(first.turn_id, ref("p1"))
    early = await store.rate(thumb(ref("p1"), "+1"))
    await place.clock.advance(3600)
    await hold.record(turn(first))
    late = await store.rate(thumb(ref("p1"), "+1", at=NOON + minutes(70), active=False))
    await store.prune(place.clock.now())
    latest = await store.rate(thumb(ref("p1"), "-1", at=NOON + minutes(80)))
    assert [one and one.asked_at for one in (early, late, latest)] == [NOON] * 3


async def test_a_rating_of_what_the_store_has_forgotten_has_no_time(
    store: Store, place: Place
) -> None:
    hold, first = await begun(store)
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.bury(first.turn_id, "it failed too often")
    await store.prune(NOON + minutes(1))
    rated = await store.rate(thumb(ref("p1"), "-1"))
    assert rated == Rating(first.turn_id, ANN, -1, asked_at=None)


async def test_the_reason_is_that_of_the_thumb_that_counts(store: Store) -> None:
    await answer(store, "p1")
    first = await store.rate(thumb(ref("p1"), "+1", reason="clear"))
    second = await store.rate(thumb(ref("p1"), "-1", at=NOON + minutes(1), reason="wrong"))
    off = thumb(ref("p1"), "-1", at=NOON + minutes(2), active=False)
    third = await store.rate(off)
    assert [one and one.reason for one in (first, second, third)] == ["clear", "wrong", "clear"]


async def test_preferences_are_kept_by_scope(store: Store) -> None:
    assert await store.read("slack", "T1", "C1", "U1") == {
        "person": {},
        "channel": {},
        "workspace": {},
    }
    await store.write("person", "slack", "T1", "U1", "temperature", "0.1")
    await store.write("channel", "slack", "T1", "C1", "temperature", "0.2")
    await store.write("workspace", "slack", "T1", "", "temperature", "0.3")
    await store.write("workspace", "slack", "T1", "", "model", "m/one")
    await store.write("person", "slack", "T1", "U1", "temperature", "0.4")
    assert await store.read("slack", "T1", "C1", "U1") == {
        "person": {"temperature": "0.4"},
        "channel": {"temperature": "0.2"},
        "workspace": {"temperature": "0.3", "model": "m/one"},
    }
    await store.write("person", "slack", "T1", "U1", "temperature", None)
    await store.write("person", "slack", "T1", "U1", "temperature", None)
    assert (await store.read("slack", "T1", "C1", "U1"))["person"] == {}


async def test_preferences_of_others_are_not_read(store: Store) -> None:
    for place in (("teams", "T1"), ("slack", "T2")):
        await store.write("person", *place, "U1", "temperature", "2")
        await store.write("workspace", *place, "", "temperature", "2")
    await store.write("person", "slack", "T1", "C1", "temperature", "2")
    await store.write("channel", "slack", "T1", "U1", "temperature", "2")
    found = await store.read("slack", "T1", "C1", "U1")
    assert [dict(settings) for settings in found.values()] == [{}, {}, {}]


async def test_the_newest_place_is_kept_until_it_is_forgotten(place: Place) -> None:
    store = place.store
    assert await store.place_of("teams", "T1", "19:a@thread.v2") is None
    await store.keep_place("teams", "T1", "19:a@thread.v2", "old")
    await store.keep_place("teams", "T1", "19:a@thread.v2", '{"new": "\ud800"}')
    store = await place.restart()
    assert await store.place_of("teams", "T1", "19:a@thread.v2") == '{"new": "\ud800"}'
    await store.forget_place("teams", "T1", "19:a@thread.v2")
    await store.forget_place("teams", "T1", "19:a@thread.v2")
    assert await store.place_of("teams", "T1", "19:a@thread.v2") is None


async def test_of_those_who_keep_a_place_at_once_one_is_told_that_it_is_new(store: Store) -> None:
    where = ("teams", "T1", "19:a@thread.v2")
    told = await asyncio.gather(*(store.keep_place(*where, str(n)) for n in range(5)))
    assert sorted(told) == [False] * 4 + [True]
    assert not await store.keep_place(*where, "again")
    await store.forget_place(*where)
    assert await store.keep_place(*where, "anew")


async def test_places_of_others_are_left_alone(store: Store) -> None:
    places = [
        ("teams", "T1", "a"),
        ("slack", "T1", "a"),
        ("teams", "T2", "a"),
        ("teams", "T1", "b"),
    ]
    for where in places:
        await store.keep_place(*where, "/".join(where))
    await store.forget_place(*places[0])
    found = [await store.place_of(*where) for where in places]
    assert found == [None, *("/".join(where) for where in places[1:])]
