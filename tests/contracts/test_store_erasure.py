"""A person is forgotten; the numbers stay, and so does everything of everybody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.conversation import Author
from core.ports import Erased
from core.turn import Said
from tests.contracts.stores import (
    ANN,
    BEN,
    FILE,
    KEY,
    LONG_AGO,
    NOON,
    accept,
    answered,
    begun,
    call,
    deed,
    message,
    ref,
    thumb,
    turn,
)
from tests.contracts.test_store_turns import EVER

if TYPE_CHECKING:
    from tests.contracts.stores import Place, Store

ANNS = ("slack", "T1", ANN.user_id)
DEED = deed("erase", "slack:T1:U-ann")
NOBODY = Author("", "")


async def erase(store: Store) -> Erased:
    return await store.erase(*ANNS, DEED)


async def use(store: Store, who: Author, name: str) -> None:
    """A question with an answer, a call, a rating, a setting, and a quote of each of both."""
    hold, queued = await begun(store, message(name, author=who, attachments=(FILE,)))
    await hold.save_part(queued.turn_id, ref(f"p{name}"))
    context = (Said(ANN, "Ann's secret", NOON, "0.1"), Said(BEN, "Ben's words", NOON, "0.2"))
    await hold.record(turn(queued, context=context, completions=(call(queued.turn_id),)))
    await store.rate(thumb(ref(f"p{name}"), "+1", author=who, reason="secret"))
    await store.write("person", "slack", "T1", who.user_id, "model", "m/one")
    await store.keep_place("slack", "T1", who.user_id, f"there, {name}")


async def test_all_that_a_person_said_and_set_goes_and_the_numbers_stay(store: Store) -> None:
    await use(store, ANN, "a")
    await use(store, BEN, "b")
    before = await store.summary(EVER)
    expected = Erased(0, messages=1, turns=1, calls=1, quotes=1, ratings=1, preferences=1, places=1)
    assert await store.count_of(*ANNS) == expected
    assert await store.summary(EVER) == before, "counting changes nothing"
    assert await erase(store) == expected

    anns, bens = await store.of_message(ref("pa")), await store.of_message(ref("pb"))
    assert anns is not None
    assert (anns.author, anns.question, anns.answer, anns.context) == (NOBODY, "", "", ())
    assert anns.message_id == ""
    assert bens is not None
    assert (bens.author, bens.question, bens.answer) == (BEN, "text of b", "answer to text of b")
    assert [said.author for said in bens.context] == [BEN]
    after = await store.summary(EVER)
    assert after == replace(before, up=before.up - 1)
    assert (await store.spent(*ANNS, LONG_AGO)).user_usd == 0.0
    assert (await store.spent(*ANNS, LONG_AGO)).workspace_usd == 0.5
    assert (await store.read("slack", "T1", "C1", ANN.user_id))["person"] == {}
    assert (await store.read("slack", "T1", "C1", BEN.user_id))["person"] == {"model": "m/one"}
    assert await store.place_of(*ANNS) is None
    assert await store.place_of("slack", "T1", BEN.user_id) == "there, b"


async def test_a_second_time_there_is_nothing_left(store: Store) -> None:
    await use(store, ANN, "a")
    await erase(store)
    assert await store.count_of(*ANNS) == Erased()
    assert await erase(store) == Erased()
    assert [one for _, one in await store.deeds(LONG_AGO)] == [DEED, DEED]


async def test_a_namesake_elsewhere_is_somebody_else(store: Store) -> None:
    there = replace(KEY, workspace="T2")
    await answered(store, message("a", conversation=there))
    assert await erase(store) == Erased()
    assert [one.author for one in await store.history(there, 9)] == [ANN]


async def test_what_waits_is_dropped_and_others_keep_their_place(
    store: Store, place: Place
) -> None:
    hold, first = await begun(store, message(author=BEN))
    await accept(store, message("a1"))
    bens = await accept(store, message(author=BEN))
    assert (await store.count_of(*ANNS)).waiting == 1
    assert (await erase(store)).waiting == 1
    assert not await hold.record(turn(first))
    queued = await hold.begin()
    assert queued is not None
    assert queued.turn_id == bens.turn_id
    assert await hold.record(turn(queued))
    assert (await store.depth())[0] == 0
    assert (await accept(store, message("a1"))).status == "duplicate", "it is known, without words"


async def test_what_runs_is_stopped_and_recorded_as_nobodys(store: Store) -> None:
    hold, first = await begun(store, message("a1"))
    await hold.save_part(first.turn_id, ref("p"))
    assert (await erase(store)).waiting == 1
    assert [mark.turn_id for mark in (await store.beat()).marks] == [first.turn_id]
    said = (Said(BEN, "words", NOON, "0.2"),)
    ended = turn(first, outcome="stopped", context=said, completions=(call(first.turn_id),))
    assert await hold.record(ended)
    assert list((await store.beat()).marks) == []
    recorded = await store.of_message(ref("p"))
    assert recorded is not None
    assert (recorded.author, recorded.question, recorded.answer) == (NOBODY, "", "")
    assert recorded.context == ()
    assert await store.count_of(*ANNS) == Erased()
    assert (await store.summary(EVER)).stopped == 1


async def test_a_question_that_a_crash_cut_does_not_come_back(store: Store, place: Place) -> None:
    await begun(store, message("a1"))
    store = await place.restart()
    assert (await erase(store)).waiting == 1
    assert await store.adopt(9) == []
    assert (await store.depth())[0] == 0


async def test_a_conversation_that_is_named_after_the_person_is_not_any_more(store: Store) -> None:
    private = replace(KEY, thread="100.0/private/U-ann")
    named = replace(KEY, thread="100.0/private/U-annabel")
    await answered(store, message("a", conversation=private))
    await answered(store, message("b", author=BEN, conversation=named))
    for _ in range(2):
        await erase(store)
        assert await store.forgotten_at(private) is None
        assert await store.history(private, 9) == []
        assert len(await store.history(named, 9)) == 1
    assert (await accept(store, message("c", conversation=private))).hold is not None


async def test_an_id_may_look_like_any_other(store: Store) -> None:
    """Also like the number of a row, a pattern, or a part of another one."""
    for user_id in (*(str(n) for n in range(1, 9)), "%", "U_ann", '"', "/"):
        who = Author(user_id, user_id)
        named = replace(KEY, thread=f"private/{user_id}")
        await answered(store, message(f"of {user_id}", author=who, conversation=named))
    await answered(store, message("of Ann", conversation=replace(KEY, thread="private/U-ann")))
    for user_id in ("1", "2", "%", "U_ann", '"', "/"):
        assert (await store.erase("slack", "T1", user_id, DEED)).turns == 1
        assert await store.count_of("slack", "T1", user_id) == Erased()
    assert len(await store.history(replace(KEY, thread="private/U-ann"), 9)) == 1
    assert len(await store.history(replace(KEY, thread="private/3"), 9)) == 1


async def test_a_chat_that_is_reached_at_the_same_address_goes_too(store: Store) -> None:
    """With what is named after it, for which the address may be an older one."""
    for who, chat in ((ANN, "a:1_%!"), (BEN, "a:12%!")):
        await store.keep_place("slack", "T1", who.user_id, f"at {chat}")
        await store.keep_place("slack", "T1", chat, f"at {chat}")
        await store.keep_place("slack", "T1", f"welcomed/{chat}", "at an older one")
    await store.keep_place("slack", "T1", "", "somewhere")
    await store.keep_place("slack", "T2", "a:1_%!", "at a:1_%!")
    assert (await store.count_of(*ANNS)).places == 3
    assert (await erase(store)).places == 3
    left = [
        name
        for name in ("", "U-ann", "U-ben", "a:1_%!", "a:12%!", "welcomed/a:1_%!", "welcomed/a:12%!")
        if await store.place_of("slack", "T1", name)
    ]
    assert left == ["", "U-ben", "a:12%!", "welcomed/a:12%!"]
    assert await store.place_of("slack", "T2", "a:1_%!")


async def test_a_dead_letter_goes_too(store: Store) -> None:
    hold, first = await begun(store)
    await hold.bury(first.turn_id, "no")
    assert await hold.release()
    assert (await erase(store)).messages == 1
    assert await store.dead_letters() == []


async def test_any_number_is_worked_through(store: Store) -> None:
    for n in range(3):
        await answered(store, message(f"b{n}", author=BEN), context=(Said(ANN, "x", NOON, f"{n}"),))
    for _ in range(250):
        await accept(store, slot=False)
    assert (await erase(store)).waiting == 250
    assert (await erase(store)).waiting == 0
    assert (await store.depth())[0] == 0
