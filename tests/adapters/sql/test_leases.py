"""Who may take a conversation from whom: shown here for owners that share one database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from adapters.sql.store import SqlStore
from core.errors import OwnershipLost
from tests.adapters.sql.test_group_commit import Gate, database_of
from tests.contracts.stores import KEY, accept, begun, message, turn

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tests.contracts.stores import SqlPlace

LEASE_S = 10  # as tests.contracts.stores opens it
GIVE = text("UPDATE conversations SET owner = :owner")
LEASE = text(
    "INSERT OR REPLACE INTO replicas (id, expires_at_us) VALUES "
    "(:owner, CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER) + :ahead_us)"
)


async def give_to(store: SqlStore, owner: str, ahead_s: float) -> None:
    """As if another process had the conversation, its lease ending in so many seconds."""

    def operation(connection: Connection) -> None:
        connection.execute(GIVE, {"owner": owner})
        connection.execute(LEASE, {"owner": owner, "ahead_us": int(ahead_s * 1_000_000)})

    await database_of(store).write(operation)


@pytest.mark.parametrize(
    ("ahead_s", "alive"),
    [(5, True), (-1, False), (2 * LEASE_S - 1, True), (2 * LEASE_S + 5, False)],
)
async def test_a_conversation_is_taken_only_from_the_dead(
    store: SqlStore, ahead_s: float, alive: bool
) -> None:
    hold, first = await begun(store)
    await give_to(store, "other", ahead_s)
    with pytest.raises(OwnershipLost):
        await hold.record(turn(first))
    assert len(await store.adopt(5)) == (not alive)


@pytest.mark.parametrize(("ahead_s", "alive"), [(5, True), (-1, False)])
async def test_a_message_takes_its_conversation_only_from_the_dead(
    store: SqlStore, ahead_s: float, alive: bool
) -> None:
    hold, first = await begun(store)
    await give_to(store, "other", ahead_s)
    receipt = await accept(store)
    assert (receipt.hold is None) == alive
    assert receipt.first is None, "the one before it is still open"
    if receipt.hold is not None:
        queued = await receipt.hold.begin()
        assert queued is not None
        assert (queued.turn_id, queued.recovered) == (first.turn_id, True)
        with pytest.raises(OwnershipLost):
            await hold.release()


async def test_a_living_owner_of_another_conversation_keeps_nobody_alive(store: SqlStore) -> None:
    await begun(store)
    await give_to(store, "dead", -1)

    await begun(store, message(conversation=replace(KEY, thread="2")))
    assert (await accept(store)).hold is not None


async def test_nobody_takes_from_himself_however_late_his_beats_are(store: SqlStore) -> None:
    hold, first = await begun(store)
    await give_to(store, store._replica_id, -3600)
    assert (await accept(store)).hold is None
    assert list(await store.adopt(5)) == []
    assert not await hold.record(turn(first))


async def test_a_beat_renews_the_lease(store: SqlStore) -> None:
    await give_to(store, store._replica_id, -3600)
    await store.beat()
    rows = await database_of(store).read(
        lambda connection: connection.execute(
            text(
                "SELECT (expires_at_us - (julianday('now') - 2440587.5) * 86400000000) / 1e6 "
                "FROM replicas"
            )
        ).all()
    )
    assert [LEASE_S - 2 < row[0] <= LEASE_S + 0.1 for row in rows] == [True]


async def test_a_conversation_taken_while_it_is_being_adopted_stays_taken(store: SqlStore) -> None:
    await accept(store, slot=False)
    async with Gate(database_of(store)):
        accepting = asyncio.create_task(accept(store))
        await asyncio.sleep(0)  # it waits for the writer, and will take the conversation
        adopting = asyncio.create_task(store.adopt(5))
        # The sweep has seen a free conversation once a later reading of each reader is answered.
        for _ in range(10):
            await store.depth()
    receipt, adopted = await asyncio.gather(accepting, adopting)
    assert receipt.hold is not None
    assert list(adopted) == []
    assert await receipt.hold.begin() is not None


async def test_a_process_that_reuses_an_id_does_not_inherit_what_the_dead_one_held(
    place: SqlPlace,
) -> None:
    for expected in (1, 2):
        assert place.sql is not None
        await place.sql.close()
        place.sql = await SqlStore.open(
            place.url, replica_id="reused", lease_s=LEASE_S, clock=place.clock
        )
        receipt = await accept(place.sql)
        assert receipt.hold is not None
        assert (await place.sql.depth())[0] == expected


async def test_a_conflict_that_only_the_insert_sees_takes_no_place(store: SqlStore) -> None:
    """As when two processes are told of one message at once: neither finds it beforehand."""
    hold, first = await begun(store, message("1"), turn_id="same")
    receipt = await accept(store, message("2"), turn_id="same")
    assert (receipt.status, receipt.hold) == ("duplicate", None)
    assert await hold.record(turn(first)), "released: the order has not moved"
