"""Questions wait while an admin has paused the bot; whoever can end it is heard."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.ports import Pause
from tests.contracts.stores import (
    ANN,
    BEN,
    KEY,
    LONG_AGO,
    NOON,
    accept,
    begun,
    deed,
    message,
    minutes,
    turn,
)

if TYPE_CHECKING:
    from core.ports import Hold
    from tests.contracts.stores import Place, Store

ELSEWHERE = replace(KEY, channel="C2")
HERE = ("slack", "T1", "C1")
EVERYWHERE = ("slack", "T1", "")


async def pause(store: Store, place: tuple[str, str, str] = HERE, reason: str = "") -> None:
    await store.pause(*place, reason, deed())


async def resume(store: Store, place: tuple[str, str, str] = HERE) -> bool:
    return await store.resume(*place, deed("resume"))


async def works_off(hold: Hold) -> list[str]:
    done = []
    while (queued := await hold.begin()) is not None:
        done.append(queued.turn_id)
        if await hold.record(turn(queued)):
            return done
    assert await hold.release()
    return done


@pytest.mark.parametrize("where", [HERE, EVERYWHERE])
async def test_new_questions_wait_and_are_answered_in_order_when_it_goes_on(
    store: Store, place: Place, where: tuple[str, str, str]
) -> None:
    await pause(store, where)
    receipts = [await accept(store) for _ in range(3)]
    assert [(one.status, one.hold, one.first) for one in receipts] == [("accepted", None, None)] * 3
    assert await store.adopt(9) == []
    store = await place.restart()
    assert await store.adopt(9) == []
    assert (await store.depth())[0] == 3
    assert await resume(store, where)
    (hold,) = await store.adopt(9)
    assert await works_off(hold) == [one.turn_id for one in receipts]


async def test_other_places_go_on(store: Store) -> None:
    await pause(store)
    await pause(store, ("slack", "T2", ""))
    await pause(store, ("teams", "T1", ""))
    hold, _ = await begun(store, message(conversation=ELSEWHERE))
    assert len(await works_off(hold)) == 1


async def test_what_runs_goes_on_and_what_is_behind_it_waits(store: Store) -> None:
    hold, first = await begun(store)
    behind = await accept(store)
    await pause(store)
    assert not await hold.record(turn(first))
    assert await hold.begin() is None
    assert await hold.release()
    assert await store.adopt(9) == []
    await resume(store)
    (hold,) = await store.adopt(9)
    assert await works_off(hold) == [behind.turn_id]


async def test_commands_are_heard_past_the_questions_that_wait(store: Store) -> None:
    await pause(store)
    waiting = await accept(store)
    command = await accept(store, kind="command")
    assert command.hold is not None
    assert command.first is None
    assert await works_off(command.hold) == [command.turn_id]
    later = await accept(store, kind="command", slot=False)
    (hold,) = await store.adopt(9)
    assert await works_off(hold) == [later.turn_id]
    await resume(store)
    (hold,) = await store.adopt(9)
    assert await works_off(hold) == [waiting.turn_id]


async def test_a_resume_in_the_last_moment_is_seen(store: Store) -> None:
    hold, first = await begun(store)
    await accept(store)
    await pause(store)
    assert not await hold.record(turn(first))
    assert await hold.begin() is None
    await resume(store)
    assert not await hold.release(), "there is something to begin again"
    assert len(await works_off(hold)) == 1


async def test_a_channel_stays_paused_when_its_workspace_goes_on(store: Store) -> None:
    await pause(store)
    await pause(store, EVERYWHERE)
    await accept(store)
    assert await resume(store, EVERYWHERE)
    assert await store.adopt(9) == []
    assert await resume(store)
    assert len(await store.adopt(9)) == 1


async def test_pauses_are_listed_and_a_second_one_changes_the_reason(
    store: Store, place: Place
) -> None:
    await pause(store, HERE, "lunch")
    await place.clock.advance(60)
    await pause(store, EVERYWHERE, "a fire")
    await pause(store, HERE, "dinner")
    store = await place.restart()
    assert await store.pauses() == [
        Pause(*HERE, "dinner", NOON),
        Pause(*EVERYWHERE, "a fire", NOON + minutes(1)),
    ]


async def test_each_is_on_record_and_what_changed_nothing_is_not(store: Store) -> None:
    assert not await resume(store)
    await pause(store)
    assert not await resume(store, EVERYWHERE)
    assert await resume(store)
    assert not await resume(store)
    assert [one.what for _, one in await store.deeds(LONG_AGO)] == ["pause", "resume"]


async def told(store: Store) -> list[tuple[str, str]]:
    """Who is to be told now, and why it is paused."""
    return [(queued.message.author.user_id, why.reason) for queued, why in await store.untold(9)]


async def test_each_asker_is_to_be_told_once(store: Store, place: Place) -> None:
    assert await told(store) == []
    await pause(store, HERE, "lunch")
    await accept(store)
    await accept(store)
    await accept(store, message(author=BEN))
    await accept(store, message(conversation=replace(KEY, thread="2")))
    assert sorted(await told(store)) == [(ANN.user_id, "lunch"), (BEN.user_id, "lunch")]
    store = await place.restart()
    await accept(store)
    assert await told(store) == []
    await pause(store, HERE, "dinner")
    assert await told(store) == []


async def test_of_the_next_pause_they_are_told_again(store: Store) -> None:
    await pause(store, HERE, "lunch")
    await accept(store)
    assert await told(store) == [(ANN.user_id, "lunch")]
    await resume(store)
    await pause(store, HERE, "dinner")
    assert await told(store) == [(ANN.user_id, "dinner")]


async def test_of_two_pauses_they_are_told_the_nearer(store: Store) -> None:
    await pause(store, EVERYWHERE, "a fire")
    await pause(store, HERE, "lunch")
    await accept(store)
    await accept(store, message(conversation=ELSEWHERE, author=BEN))
    assert sorted(await told(store)) == [(ANN.user_id, "lunch"), (BEN.user_id, "a fire")]
    assert await told(store) == []
    await resume(store)
    assert await told(store) == [(ANN.user_id, "a fire")]


async def test_no_more_are_told_at_once_than_wanted(store: Store) -> None:
    await pause(store)
    for n in range(5):
        await accept(store, message(author=replace(ANN, user_id=f"U{n}")))
    counts = [len(await store.untold(2)) for _ in range(4)]
    assert counts == [2, 2, 1, 0]


async def test_who_is_answered_is_not_told(store: Store) -> None:
    hold, first = await begun(store)
    await pause(store)
    await accept(store, message(conversation=ELSEWHERE), kind="command")
    assert await told(store) == []
    await accept(store, message(author=BEN))
    assert await told(store) == [], "not while somebody works there"
    assert not await hold.record(turn(first))
    assert await hold.begin() is None
    assert await hold.release()
    assert await told(store) == [(BEN.user_id, "")]
