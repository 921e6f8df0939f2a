"""Far more at once than there are slots: nothing is lost, nobody starves, order stays."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from adapters.sql.schema.tables import turns
from bot.clock import SystemClock
from core.completion import Delta, Finished
from core.conversation import Author, ConversationKey, InboundMessage, MessageRef
from core.errors import NotStored
from tests.contracts.stores import NOON, SqlPlace, closing, migrated
from tests.core.turns.office import Office
from tests.fakes.model import USAGE, ScriptedModel
from tests.tooling.databases import lent_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sqlalchemy import Connection

    from adapters.sql.store import SqlStore
    from tests.conftest import Count

SLOTS = 16
CONVERSATIONS = 250
STUCK = 7
"""The conversation whose first answer never ends."""


class Answers(ScriptedModel):
    """At once, but for the one that hangs."""

    def __init__(self) -> None:
        super().__init__()
        self.hanging = asyncio.Event()
        self.let_go = asyncio.Event()

    async def stream(self, request):
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            if request.messages[-1].text.startswith(f"{STUCK}/0 "):
                self.hanging.set()
                await self.let_go.wait()
            yield Delta("Ok.")
            yield Finished(USAGE, request.model, "stop")
        finally:
            self.running -= 1


def question(conversation: int, n: int) -> InboundMessage:
    key = ConversationKey("fake", "T1", f"C{conversation % 20}", f"thread-{conversation}")
    ref = MessageRef("fake", "T1", key.channel, f"q-{conversation}-{n}")
    author = Author(f"U{conversation}", f"Person {conversation}")
    # Most are typed commands: they go the same way, and cost the test no calls.
    text = f"{conversation}/{n} ?" if n == 0 else "ping"
    return InboundMessage(ref, key, author, text, "mention", NOON)


def places_of(connection: Connection) -> dict[str, int]:
    """Which place each message got in its conversation."""
    return {
        row.turn_id: row.seq for row in connection.execute(select(turns.c.turn_id, turns.c.seq))
    }


@asynccontextmanager
async def beating(office: Office) -> AsyncIterator[None]:
    """As the real process does, once a second."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(1)
            await office.workers.beat()
            with contextlib.suppress(NotStored):
                await office.workers.sweep()

    task = asyncio.create_task(beat())
    yield
    task.cancel()


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    async with AsyncExitStack() as stack:
        if request.param == "sqlite":
            (tmp_path / "store.db").write_bytes(migrated())
            where: str | Path = tmp_path / "store.db"
        else:
            where = await stack.enter_async_context(lent_database())
        place = await stack.enter_async_context(closing(SqlPlace(where)))
        place.clock = SystemClock()  # type: ignore[assignment]  # time passes here
        await place.restart()
        assert place.sql is not None
        yield place.sql


async def recorded(office: Office, turns: int) -> None:
    async with asyncio.timeout(60):
        while len(office.turns) < turns:  # noqa: ASYNC110 - an observer tells nobody
            await asyncio.sleep(0.02)


async def test_a_storm_is_answered_whole_in_order_and_around_whoever_is_stuck(
    store: SqlStore, request: pytest.FixtureRequest, count: Count
) -> None:
    postgres = "postgres" in request.node.name
    events = count(short=500 if postgres else 5_000, long=5_000)
    each = events // CONVERSATIONS
    office = Office(store=store, slots=SLOTS, clock=SystemClock())  # type: ignore[arg-type]  # the real one
    office.model = office.breaking._inner._inner = Answers()  # type: ignore[attr-defined]  # a wrapper's inner
    async with beating(office):
        given = [question(c, n) for n in range(each) for c in range(CONVERSATIONS)]
        taken = await asyncio.gather(*(office.desk.accept(one) for one in given))
        assert Counter(taken) == {"accepted": events}
        await recorded(office, events - each)
        assert office.model.hanging.is_set()
        office.model.let_go.set()
        await recorded(office, events)

    assert {turn.outcome for turn in office.turns} == {"answered", "command"}
    assert Counter(turn.conversation.thread for turn in office.turns) == {
        f"thread-{c}": each for c in range(CONVERSATIONS)
    }
    places = await store._database.read(places_of)
    for conversation in {turn.conversation for turn in office.turns}:
        own = [turn.turn_id for turn in office.turns if turn.conversation == conversation]
        assert [places[turn_id] for turn_id in own] == list(range(1, each + 1))
    assert office.model.most_running <= SLOTS
    assert await store.depth() == (0, 0.0)
    assert office.dead_letters == 0


async def test_a_storm_of_one_person_holds_up_nobody_for_long(store: SqlStore) -> None:
    office = Office(store=store, slots=2, clock=SystemClock())  # type: ignore[arg-type]  # the real one
    office.model = office.breaking._inner._inner = Answers()  # type: ignore[attr-defined]  # a wrapper's inner
    async with beating(office):
        await asyncio.gather(*(office.desk.accept(question(1, n + 1)) for n in range(100)))
        await asyncio.gather(*(office.desk.accept(question(c, 0)) for c in range(10, 20)))
        await recorded(office, 110)
    threads = [turn.conversation.thread for turn in office.turns]
    last_of_others = max(at for at, thread in enumerate(threads) if thread != "thread-1")
    assert last_of_others < 60


async def test_what_cannot_be_stored_is_refused_and_taken_when_it_comes_again(
    store: SqlStore,
) -> None:
    """NotStored is what every channel answers with 503."""
    office = Office(store=store, slots=SLOTS, clock=SystemClock())  # type: ignore[arg-type]  # the real one
    given = [question(c, 0) for c in range(100)]
    write = store._database.write

    async def fail(*_: object, **__: object) -> None:
        raise NotStored("the disk is full")

    store._database.write = fail  # type: ignore[method-assign,assignment]  # as a full disk
    taken = await asyncio.gather(
        *(office.desk.accept(one) for one in given), return_exceptions=True
    )
    assert all(isinstance(one, NotStored) for one in taken)
    store._database.write = write  # type: ignore[method-assign]  # as it was
    async with beating(office):
        assert set(await asyncio.gather(*map(office.desk.accept, given))) == {"accepted"}
        await recorded(office, 100)
