"""Several processes on one database, alive, dead, or somewhere in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from adapters.slack.web.pacer import Pacer, Urgency
from core.completion import Completion
from core.errors import BudgetUsedUp, OwnershipLost
from core.people.limits import Limits, LimitSettings
from tests.adapters.sql.test_group_commit import database_of
from tests.contracts.stores import (
    ANN,
    KEY,
    NOON,
    SqlPlace,
    accept,
    begun,
    closing,
    deed,
    message,
    turn,
)
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy import Connection

    from adapters.sql.database import Database, Lane
    from adapters.sql.store import SqlStore
    from core.conversation import ConversationKey
    from core.ports import Hold
    from tests.adapters.sql.postgres.conftest import Replicas


async def test_a_dead_process_is_adopted_after_its_lease_and_changes_nothing_any_more(
    replicas: Replicas, store: SqlStore
) -> None:
    hold, first = await begun(store, message("1"))
    other = await replicas.one()
    assert list(await other.adopt(5)) == [], "it is alive"
    await replicas.expire(store)
    [adopted] = await other.adopt(5)
    queued = await adopted.begin()
    assert queued is not None
    assert (queued.turn_id, queued.recovered) == (first.turn_id, True)
    before = await rows(replicas)
    for late in (
        hold.begin,
        lambda: hold.save_part(first.turn_id, message("p").ref),
        lambda: hold.record(turn(first)),
        lambda: hold.give_back(first.turn_id, failed=True),
        lambda: hold.bury(first.turn_id, "late"),
        lambda: hold.release(force=True),
        hold.release,
    ):
        with pytest.raises(OwnershipLost):
            await late()
    assert await rows(replicas) == before
    assert await adopted.record(turn(queued))


async def rows(replicas: Replicas) -> dict[str, list[Any]]:
    outside = await replicas.outside()
    return {
        table: await outside.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in ("conversations", "inbox", "turns", "reply_refs")
    }


async def test_a_process_that_ends_leaves_its_conversations_at_once(replicas: Replicas) -> None:
    async with closing(SqlPlace(replicas.url)) as place:
        await place.restart()
        await accept(place.store)
    other = await replicas.one()
    assert len(await other.adopt(5)) == 1


async def test_starting_a_process_takes_nothing_from_a_living_one(
    replicas: Replicas, store: SqlStore
) -> None:
    hold, first = await begun(store)
    other = await replicas.one()
    assert (await accept(other)).hold is None
    assert not await hold.record(turn(first))


async def test_processes_whose_clocks_are_an_hour_apart_agree_on_who_is_alive(
    replicas: Replicas,
) -> None:
    fast = await replicas.one(ahead=timedelta(hours=1))
    slow = await replicas.one(ahead=timedelta(hours=-1))
    for owner, other in ((fast, slow), (slow, fast)):
        key = replace(KEY, thread=owner._replica_id)
        hold, first = await begun(owner, message(conversation=key))
        assert (await accept(other, message(conversation=key))).hold is None
        assert list(await other.adopt(5)) == []
        assert not await hold.record(turn(first))
        queued = await hold.begin()
        assert queued is not None
        assert await hold.record(turn(queued))


async def test_long_dead_processes_are_forgotten(replicas: Replicas, store: SqlStore) -> None:
    for _ in range(3):
        async with closing(SqlPlace(replicas.url)) as place:
            await place.restart()
            outside = await replicas.outside()
            await outside.execute("UPDATE replicas SET id = id || '-killed', expires_at_us = 1")
    await store.beat()
    await replicas.one()
    ids = await (await replicas.outside()).fetch("SELECT id FROM replicas")
    assert len(ids) == 2


async def test_letting_go_while_a_message_arrives_strands_neither(
    replicas: Replicas, store: SqlStore
) -> None:
    """Whoever commits second sees what the first has done."""
    other = await replicas.one()
    for n in range(30):
        key = replace(KEY, thread=f"race-{n}")
        hold, first = await begun(store, message(conversation=key))
        await hold.record(turn(first), release=False)
        accepting = asyncio.create_task(accept(other, message(conversation=key)))
        for _ in range(2 * n):  # each round the message is a little further on its way
            await asyncio.sleep(0)
        released = await hold.release()
        receipt = await accepting
        assert released == (receipt.hold is not None)
        working: Hold = receipt.hold or hold
        queued = receipt.first or await working.begin()
        assert queued is not None
        assert await working.record(turn(queued))


async def test_a_message_cannot_overtake_one_that_is_not_committed_yet(
    replicas: Replicas, store: SqlStore
) -> None:
    await begun(store)
    other = await replicas.one()
    database: Any = database_of(store)
    at_commit, go_on = asyncio.Event(), asyncio.Event()
    committed: list[str] = []

    async def slowly() -> None:
        async with database._engines["usual"].connect() as connection:
            await connection.run_sync(join)
            at_commit.set()
            await go_on.wait()
            await connection.commit()
            committed.append("first")

    def join(connection: Connection) -> None:
        connection.execute(text("UPDATE conversations SET next_seq = next_seq + 1"))

    async def overtaking() -> None:
        await accept(other)
        committed.append("second")

    first = asyncio.create_task(slowly())
    await at_commit.wait()
    second = asyncio.create_task(overtaking())
    await asyncio.wait({second}, timeout=0.2)
    go_on.set()
    await asyncio.gather(first, second)
    assert committed == ["first", "second"]


async def test_a_crowd_on_two_processes_keeps_its_order(replicas: Replicas) -> None:
    stores = [await replicas.one(), await replicas.one()]
    keys = [replace(KEY, thread=f"{n}") for n in range(5)]
    told: dict[str, list[str]] = {key.thread: [] for key in keys}

    async def say(n: int) -> None:
        key = keys[n % 5]
        receipt = await accept(stores[n % 2], message(f"m{n}", conversation=key), slot=False)
        told[key.thread].append(receipt.turn_id)

    await asyncio.gather(*(say(n) for n in range(400)))
    outside = await replicas.outside()
    stored = await outside.fetch(
        "SELECT thread, array_agg(seq ORDER BY seq) AS seqs FROM inbox JOIN conversations c "
        "ON c.id = conversation_id GROUP BY thread"
    )
    assert {row["thread"]: row["seqs"] for row in stored} == {
        key.thread: list(range(1, 81)) for key in keys
    }
    await asyncio.gather(*(work_off(store) for store in stores))
    assert (await stores[0].depth())[0] == 0
    for key in keys:
        history = await stores[0].history(key, 100)
        assert [one.answer for one in history] == [str(n) for n in range(1, 81)]


async def work_off(store: SqlStore) -> None:
    while holds := await store.adopt(2):
        for hold in holds:
            while (queued := await hold.begin()) is not None:
                await hold.record(turn(queued, answer=str(queued.seq)), release=False)
            await hold.release()


async def test_a_dead_letter_that_two_operators_retry_is_open_once(
    replicas: Replicas, store: SqlStore
) -> None:
    other = await replicas.one()
    hold, first = await begun(store)
    await hold.bury(first.turn_id, "for a test")
    for _ in range(10):
        revived = await asyncio.gather(
            *(one.retry(first.turn_id, deed("dead-letter retry")) for one in (store, other))
        )
        assert sorted(revived) == [False, True]
        assert (await store.depth())[0] == 1
        queued = await hold.begin()
        assert queued is not None
        await hold.bury(queued.turn_id, "for a test")
        assert await hold.begin() is None
    assert await hold.release()


async def test_of_processes_that_reserve_the_last_money_at_once_one_gets_it(
    replicas: Replicas,
) -> None:
    stores = [await replicas.one() for _ in range(3)]
    for n in range(20):
        key = replace(KEY, workspace=f"T-{n}")
        asked = [await reserving(one, replace(key, thread=one._replica_id)) for one in stores]
        told = await asyncio.gather(*asked, return_exceptions=True)
        outcomes = [type(one) for one in told]
        assert (outcomes.count(Completion), outcomes.count(BudgetUsedUp)) == (1, 2)


async def reserving(store: SqlStore, key: ConversationKey) -> Awaitable[Completion]:
    """A question that was let through, about to reserve a workspace's whole budget."""
    settings = LimitSettings(budget_workspace_usd=1.0)
    limits = Limits(settings, store, store, FakeClock(NOON))
    _, queued = await begun(store, message(conversation=key))
    assert await limits.check(queued) is None
    return limits.guard(store).reserve(queued.turn_id, "m", 1.0)


async def test_a_message_delivered_to_all_processes_is_stored_once(replicas: Replicas) -> None:
    stores = [await replicas.one() for _ in range(3)]
    for n in range(10):
        receipts = await asyncio.gather(*(accept(store, message(f"m{n}")) for store in stores))
        assert sorted(one.status for one in receipts) == ["accepted", "duplicate", "duplicate"]
    assert (await stores[0].depth())[0] == 10


async def test_a_pause_holds_in_every_process_and_each_asker_is_told_by_one(
    replicas: Replicas, store: SqlStore
) -> None:
    other = await replicas.one()
    await store.pause("slack", "T1", "", "a fire", deed())
    people = [replace(ANN, user_id=f"U{n}") for n in range(6)]
    for person in people:
        assert (await accept(other, message(author=person))).hold is None
    assert [*await store.adopt(9), *await other.adopt(9)] == []
    for _ in range(2):
        told = await asyncio.gather(*(one.untold(9) for one in (store, other) * 3))
        users = [queued.message.author.user_id for some in told for queued, _ in some]
        assert sorted(users) == sorted(person.user_id for person in people)
        people = []
    assert await other.resume("slack", "T1", "", deed("resume"))
    adopted = await asyncio.gather(store.adopt(9), other.adopt(9))
    assert len([hold for holds in adopted for hold in holds]) == 1


async def test_a_beat_tells_how_many_share_the_work_and_a_budget(
    replicas: Replicas, store: SqlStore
) -> None:
    pacers = [Pacer(FakeClock()), Pacer(FakeClock())]
    other = await replicas.one()
    counted = [await one.beat() for one in (store, other)]
    assert [pulse.replicas for pulse in counted] == [2, 2]
    for pacer, pulse in zip(pacers, counted, strict=True):
        pacer.share(pulse.replicas)
    assert [calls_of(pacer) for pacer in pacers] == [25, 25]  # of 50 a minute
    await replicas.expire(other)
    assert (await store.beat()).replicas == 1
    assert (await other.beat()).replicas == 2, "it is alive again"
    await other.leave()
    assert (await store.beat()).replicas == 1


def calls_of(pacer: Pacer) -> int:
    calls = 0
    while pacer.try_take("chat.update", f"C{calls}", Urgency.FINAL):
        calls += 1
    return calls


async def test_a_question_that_waits_is_gone_on_with_by_another_process(
    replicas: Replicas, store: SqlStore
) -> None:
    hold, first = await begun(store)
    await hold.save_part(first.turn_id, message("answer").ref)
    until, retry_at = NOON + timedelta(hours=1), NOON + timedelta(seconds=10)
    await hold.park(first.turn_id, until=until, retry_at=retry_at, told=True)
    other, slow = await replicas.one(), await replicas.one(ahead=timedelta(seconds=11))
    assert list(await other.adopt(5)) == []
    assert (await accept(other)).hold is None
    [adopted] = await slow.adopt(5)
    queued = await adopted.begin()
    assert queued is not None
    assert (queued.turn_id, queued.told, queued.recovered) == (first.turn_id, True, True)
    assert not await adopted.record(turn(queued)), "one waits behind it"


async def test_a_stop_and_the_beginning_of_a_wait_meet_in_either_order(replicas: Replicas) -> None:
    """Whoever commits second sees what the first has done, so the stop is never slept through."""
    store, other = await replicas.one(), await replicas.one()
    for n in range(20):
        key = replace(KEY, thread=f"wait-{n}")
        hold, first = await begun(store, message(conversation=key))
        until = NOON + timedelta(hours=1)
        parking = asyncio.create_task(
            hold.park(first.turn_id, until=until, retry_at=until, told=True)
        )
        for _ in range(2 * n):
            await asyncio.sleep(0)
        mark = await other.stop(key, "U-ben")
        await parking
        assert mark is not None
        [adopted] = await other.adopt(5, parked="left")
        queued = await adopted.begin()
        assert queued is not None
        assert queued.stop_asked
        assert await adopted.record(turn(queued, outcome="stopped"))


class Overtaken:
    """The database of a process that is slow after it has read, once."""

    def __init__(self, database: Database, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._database = database
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile
        self.write = database.write
        self.close = database.close

    async def read(self, *operation: Any, lane: Lane = "usual") -> Any:
        found = await self._database.read(*operation, lane=lane)
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile()
        return found


async def test_who_was_second_to_a_conversation_takes_the_next_one(
    replicas: Replicas, store: SqlStore
) -> None:
    for thread in ("first", "second"):
        await accept(store, message(conversation=replace(KEY, thread=thread)), slot=False)
    other = await replicas.one()
    taken: list[Hold] = []

    async def take_the_first() -> None:
        taken.extend(await other.adopt(1))

    store._database = Overtaken(database_of(store), take_the_first)
    [hold] = await store.adopt(1)
    assert [one.conversation.thread for one in taken] == ["first"]
    assert hold.conversation.thread == "second"
