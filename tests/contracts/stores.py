"""Every implementation of the store, behind one way to open it, kill it and open it again."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from adapters.sql.schema.upgrading import prepare
from adapters.sql.sqlite.connecting import connect_writer, immediately
from adapters.sql.store import SqlStore
from core.completion import Completion, Usage
from core.conversation import Attachment, Author, ConversationKey, InboundMessage, MessageRef
from core.ports import (
    Arrivals,
    Audit,
    Completions,
    DeadLetters,
    Deed,
    Erasure,
    Inbox,
    Pauses,
    Places,
    Preferences,
    Ratings,
    Stops,
    Turns,
    Upkeep,
)
from core.rating import Mark
from core.turn import QueuedMessage, Turn
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore
from tests.tooling.databases import lent_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.ports import Hold, Receipt
    from core.ports.operating import Deeds

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
KEY = ConversationKey("slack", "T1", "C1", "100.0")
ANN = Author("U-ann", "Ann")
BEN = Author("U-ben", "Ben")
_ids = itertools.count(1)


class Store(
    Inbox,
    Stops,
    Turns,
    Completions,
    Arrivals,
    Ratings,
    Preferences,
    Places,
    Upkeep,
    Audit,
    Pauses,
    DeadLetters,
    Erasure,
    Protocol,
):
    """All ports in one object."""


class Place(Protocol):
    """Where a store keeps its data."""

    clock: FakeClock
    store: Store

    async def restart(self) -> Store:
        """The process dies, and the next one opens what it left."""
        ...


class FakePlace:
    def __init__(self) -> None:
        self.clock = FakeClock(NOON)
        self.fake = FakeStore(self.clock)
        self.store: Store = self.fake

    async def restart(self) -> Store:
        self.fake = self.fake.reopened()
        self.store = self.fake
        return self.store


class SqlPlace:
    """A file for SQLite, or a URL."""

    def __init__(self, where: Path | str) -> None:
        self.clock = FakeClock(NOON)
        self.url = where if isinstance(where, str) else f"sqlite+aiosqlite:///{where}"
        self.store: Store
        self.sql: SqlStore | None = None

    async def restart(self) -> Store:
        await self.close()
        self.sql = await self.open()
        self.store = self.sql
        return self.store

    async def open(self, *, lease_s: float = 10) -> SqlStore:
        """One more process on the same data, which SQLite does not allow."""
        replica_id = f"process-{next(_ids)}"
        return await SqlStore.open(
            self.url, replica_id=replica_id, lease_s=lease_s, clock=self.clock
        )

    async def close(self) -> None:
        if self.sql is not None:
            await self.sql.close()
        self.sql = None


@cache
def migrated() -> bytes:
    """A new database: made once, as most tests are about what happens in it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        connection = connect_writer(path)
        prepare(connection, alone=immediately)
        connection.close()
        return path.read_bytes()


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Place]:
    if kind == "fake":
        yield FakePlace()
        return
    if kind == "postgres":
        async with lent_database() as url, closing(SqlPlace(url)) as place:
            await place.restart()
            yield place
        return
    (folder / "store.db").write_bytes(migrated())
    async with closing(SqlPlace(folder / "store.db")) as place:
        await place.restart()
        yield place


@asynccontextmanager
async def closing(place: SqlPlace) -> AsyncIterator[SqlPlace]:
    try:
        yield place
    finally:
        await place.close()


def ref(message_id: str, key: ConversationKey = KEY) -> MessageRef:
    return MessageRef(key.platform, key.workspace, key.channel, message_id)


def message(message_id: str = "", **changes: Any) -> InboundMessage:
    message_id = message_id or f"m{next(_ids)}"
    key = changes.pop("conversation", KEY)
    given: dict[str, Any] = {
        "ref": ref(message_id, key),
        "conversation": key,
        "author": ANN,
        "text": f"text of {message_id}",
        "address": "mention",
        "sent_at": NOON,
    }
    return InboundMessage(**given | changes)


FILE = Attachment("a.txt", "text/plain", 12, "https://example.org/a.txt")


async def accept(store: Inbox, *given: InboundMessage, **options: Any) -> Receipt:
    wanted: dict[str, Any] = {
        "turn_id": f"t{next(_ids)}",
        "slot": True,
        "follow_ups": "alone",
    }
    kind = options.pop("kind", "question")
    return await store.accept(given[0] if given else message(), kind, **wanted | options)


async def begun(store: Inbox, *given: InboundMessage, **options: Any) -> tuple[Hold, QueuedMessage]:
    """Accept into a free conversation."""
    receipt = await accept(store, *given, **options)
    assert receipt.hold is not None
    assert receipt.first is not None
    return receipt.hold, receipt.first


def turn(queued: QueuedMessage, **changes: Any) -> Turn:
    given: dict[str, Any] = {
        "turn_id": queued.turn_id,
        "conversation": queued.message.conversation,
        "author": queued.message.author,
        "kind": queued.kind,
        "outcome": "answered",
        "received_at": queued.received_at,
        "question": queued.message.text,
        "message_id": queued.message.ref.message_id,
        "address": queued.message.address,
        "answer": f"answer to {queued.message.text}",
    }
    return Turn(**given | changes)


async def answered(store: Inbox, *given: InboundMessage, **changes: Any) -> Turn:
    """Accept into a free conversation, answer, let go."""
    hold, queued = await begun(store, *given)
    recorded = turn(queued, **changes)
    assert await hold.record(recorded)
    return recorded


def thumb(message_ref: MessageRef, emoji: str, **changes: Any) -> Mark:
    given: dict[str, Any] = {
        "ref": message_ref,
        "author": ANN,
        "emoji": emoji,
        "value": -1 if "-1" in emoji or "down" in emoji else 1,
        "active": True,
        "at": NOON,
        "source": "emoji",
    }
    return Mark(**given | changes)


def call(turn_id: str, n: int = 1, **changes: Any) -> Completion:
    given: dict[str, Any] = {
        "turn_id": turn_id,
        "n": n,
        "model": "m/one",
        "reserved_usd": 0.5,
        "usage": Usage(10, 20, 5, 1),
        "cost_usd": 0.25,
        "source": "exact",
        "outcome": "answered",
    }
    return Completion(**given | changes)


def deed(what: Deeds = "pause", subject: str = "slack:T1:C1") -> Deed:
    return Deed("slack:T1:U-admin", what, subject)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)
