"""What only a server can do to the store: break connections, restart, hang."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from adapters.sql.postgres import database as postgres_database
from core.errors import NotStored
from tests.adapters.sql.test_group_commit import database_of
from tests.contracts.stores import KEY, accept, begun, message, turn
from tests.tooling.databases import connect, postgres_server

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from adapters.sql.store import SqlStore
    from tests.adapters.sql.postgres.conftest import Replicas
    from tests.tooling.relay import Relay

FREEZE = "UPDATE conversations SET epoch = epoch"


# Broken connections


async def test_broken_connections_are_replaced_and_nobody_notices(
    replicas: Replicas, store: SqlStore
) -> None:
    hold, first = await begun(store)
    await replicas.break_connections()
    await store.beat()
    assert (await store.depth())[0] == 1
    assert await hold.record(turn(first))


@pytest.mark.parametrize("word", [b"BEGIN", b"INSERT INTO inbox"])
async def test_a_connection_that_breaks_before_the_commit_is_nobodys_trouble(
    far: SqlStore, relay: Relay, word: bytes
) -> None:
    relay.cut_at(word, "after")
    receipt = await accept(far, message("1"))
    assert (receipt.status, (await far.depth())[0]) == ("accepted", 1)
    assert receipt.first is not None


@pytest.mark.parametrize(("when", "known"), [("before", "accepted"), ("after", "duplicate")])
async def test_a_connection_that_breaks_in_the_commit_leaves_it_to_the_next_delivery(
    far: SqlStore, relay: Relay, when: Any, known: str
) -> None:
    relay.cut_at(b"COMMIT;", when)
    with pytest.raises(NotStored, match="did not say"):
        await accept(far, message("1"))
    assert (await accept(far, message("1"))).status == known
    assert (await far.depth())[0] == 1


async def test_a_message_whose_commit_nobody_was_told_of_is_adopted_by_its_own_process(
    far: SqlStore, relay: Relay
) -> None:
    relay.cut_at(b"COMMIT;", "after")
    with pytest.raises(NotStored):
        await accept(far, message("1"))
    gc.collect()
    [hold] = await far.adopt(5)
    queued = await hold.begin()
    assert queued is not None
    assert await hold.record(turn(queued))


async def test_a_turn_whose_commit_nobody_was_told_of_is_recorded_once(
    far: SqlStore, relay: Relay
) -> None:
    hold, first = await begun(far)
    relay.cut_at(b"COMMIT;", "after")
    with pytest.raises(NotStored):
        await hold.record(turn(first), release=False)
    assert not await hold.record(turn(first), release=False)
    assert len(await far.history(KEY, 9)) == 1
    assert await hold.release()


async def test_a_server_that_has_become_a_standby_is_left_for_the_one_that_takes_writes(
    replicas: Replicas, store: SqlStore
) -> None:
    outside = await connect()
    read_only = f"ALTER DATABASE {replicas.name} SET default_transaction_read_only"
    await outside.execute(f"{read_only} = on")
    await replicas.break_connections()
    accepting = asyncio.create_task(accept(store))
    await asyncio.wait({accepting}, timeout=0.2)
    assert not accepting.done()
    await outside.execute(f"{read_only} = off")
    assert (await accepting).status == "accepted"
    await outside.close()


# A caller that leaves


async def test_a_cancelled_caller_finds_what_it_asked_for_before(store: SqlStore) -> None:
    hold, first = await begun(store)
    recording = asyncio.create_task(hold.record(turn(first), release=False))
    await asyncio.sleep(0)
    recording.cancel()
    with pytest.raises(asyncio.CancelledError):
        await recording
    assert await hold.give_back(first.turn_id, failed=False) == 0
    assert await hold.begin() is None, "it was recorded first"
    assert await hold.release()


async def test_what_a_cancelled_caller_asked_for_is_over_before_the_next(store: SqlStore) -> None:
    """Also if it takes a while to reach the database."""
    database = database_of(store)

    def slow(connection: Connection) -> None:
        connection.execute(text("SELECT pg_sleep(0.2)"))
        connection.execute(text("INSERT INTO probes (filling) VALUES ('')"))

    leaving = asyncio.create_task(database.write(slow))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait({leaving})
    assert leaving.cancelled()
    count = text("SELECT count(*) FROM probes")
    assert await database.write(lambda connection: connection.execute(count).scalar()) == 1


async def test_what_fails_after_its_caller_has_left_is_one_line_in_the_log(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    database = database_of(store)

    def broken(connection: Connection) -> None:
        connection.execute(text("SELECT pg_sleep(0.1)"))
        raise NotStored("for a test")

    leaving = asyncio.create_task(database.write(broken))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait({leaving})
    await database.write(lambda connection: connection.execute(text("SELECT 1")).scalar())
    gc.collect()
    [record] = [one for one in caplog.records if "for a test" in one.getMessage()]
    assert record.levelname == "WARNING"
    assert not [one for one in caplog.records if one.name == "asyncio"]


# A server that is away


@pytest.fixture
def quick_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    lanes = {
        lane: replace(limits, within_s=2.0, answer_s=1.0)
        for lane, limits in postgres_database.LANES.items()
    }
    monkeypatch.setattr(postgres_database, "LANES", lanes)


async def test_a_restart_of_the_server_is_waited_out(store: SqlStore) -> None:
    hold, first = await begun(store)
    server = postgres_server()
    await asyncio.to_thread(server.stop)
    waiting = [
        asyncio.create_task(hold.record(turn(first))),
        asyncio.create_task(accept(store, message(conversation=replace(KEY, thread="2")))),
        asyncio.create_task(store.beat()),
    ]
    await asyncio.to_thread(server.start)
    recorded, receipt, _ = await asyncio.gather(*waiting)
    assert recorded
    assert receipt.status == "accepted"


async def test_a_server_that_stays_away_is_not_stored_and_comes_back_alone(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_database, "PAUSES_S", (0.0,))
    server = postgres_server()
    await asyncio.to_thread(server.stop)
    try:
        with pytest.raises(NotStored, match="the server cannot be reached"):
            await accept(store)
        assert await store.ready() == "the server cannot be reached"
    finally:
        await asyncio.to_thread(server.start)
    assert await store.ready() == ""
    assert (await accept(store)).status == "accepted"


async def test_a_network_that_swallows_everything_holds_nobody_for_long(
    quick_to_give_up: None, far: SqlStore, relay: Relay
) -> None:
    """And a beat that is given up returns at once: own turns have to end before the lease does."""
    await accept(far)
    relay.mute("all")
    loop = asyncio.get_running_loop()
    started = loop.time()
    beating = asyncio.create_task(far.beat())
    accepting = asyncio.create_task(accept(far))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await far.beat()
    beating.cancel()
    await asyncio.wait({beating})
    assert loop.time() - started < 0.5
    with pytest.raises(NotStored, match="does not answer"):
        await accepting
    assert loop.time() - started < 3
    relay.mute("none")
    assert (await accept(far)).status == "accepted"


async def test_a_network_that_swallows_everything_does_not_keep_a_process_from_ending(
    quick_to_give_up: None, far: SqlStore, relay: Relay
) -> None:
    await accept(far)
    relay.mute("all")
    async with asyncio.timeout(3):
        await far.close()


async def test_connections_that_a_firewall_has_forgotten_are_replaced(
    quick_to_give_up: None, far: SqlStore, relay: Relay
) -> None:
    await accept(far, message("1"))
    relay.mute("old")
    assert (await accept(far, message("2"))).status == "accepted"
    assert (await far.depth())[0] == 2


async def test_who_is_frozen_with_a_conversation_delays_no_other_and_no_more_than_a_second(
    replicas: Replicas, store: SqlStore
) -> None:
    await accept(store, slot=False)
    await accept(store, message(conversation=replace(KEY, thread="2")), slot=False)
    frozen = await replicas.outside()
    await frozen.execute("BEGIN")
    await frozen.execute(f"{FREEZE} WHERE thread = '{KEY.thread}'")
    started = asyncio.get_running_loop().time()
    accepting = asyncio.create_task(accept(store))
    adopted = await store.adopt(5)
    assert [hold.conversation.thread for hold in adopted] == ["2"]
    with pytest.raises(NotStored, match="lock timeout"):
        await accepting
    with pytest.raises(NotStored, match="lock timeout"):
        await store.adopt(5)
    assert asyncio.get_running_loop().time() - started < 4
    await frozen.execute("ROLLBACK")
    assert [hold.conversation for hold in await store.adopt(5)] == [KEY]


async def test_a_crowd_that_waits_for_a_lock_keeps_no_process_from_beating(
    replicas: Replicas, store: SqlStore
) -> None:
    await accept(store)
    frozen = await replicas.outside()
    await frozen.execute("BEGIN")
    await frozen.execute(FREEZE)
    crowd = [asyncio.create_task(accept(store)) for _ in range(20)]
    await asyncio.sleep(0)
    started = asyncio.get_running_loop().time()
    await store.beat()
    assert asyncio.get_running_loop().time() - started < 0.5
    await frozen.execute("ROLLBACK")
    await asyncio.wait(crowd)


async def test_a_process_that_stops_inside_a_transaction_loses_it(
    replicas: Replicas, store: SqlStore
) -> None:
    """As one whose event loop hangs: what it has locked is free soon, and it tries again."""
    await accept(store, slot=False)
    database: Any = database_of(store)
    raw = await database._engines["usual"].connect()
    await raw.execute(text(FREEZE))
    begun_at = asyncio.get_running_loop().time()
    outside = await replicas.outside()
    await outside.execute("SET lock_timeout = 4000")
    await outside.execute(FREEZE)
    assert asyncio.get_running_loop().time() - begun_at < 3
    await raw.invalidate()
    await raw.close()
