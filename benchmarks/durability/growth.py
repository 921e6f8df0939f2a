"""What a turn asks of the store, when a thousand turns are stored and when a million are."""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from adapters.sql.store import SqlStore
from benchmarks.durability.databases import BOTH, databases
from benchmarks.durability.filling import Filling, fill
from benchmarks.figures import Figure, Goal, median
from bot.clock import SortableIds, SystemClock
from core.completion import Completion, Usage
from core.conversation import Author, InboundMessage, MessageRef
from core.ports import Counted
from core.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from pathlib import Path

    from benchmarks.durability.databases import Databases
    from core.conversation import ConversationKey
    from core.turn import QueuedMessage

FEW, MANY = 1_000, 1_000_000
SHORT, LONG = 10, 10_000
WARM = 20
STRIDE = 7_919
"""A prime: neighbours in time are no neighbours on the disk."""
FLAT = Goal(most=1.5)
HISTORY = 40
"""HISTORY_MAX_MESSAGES as it comes."""
ASKER = Author("U0ASKER", "Ada")
T = TypeVar("T")


async def grow(
    folder: Path, rounds: int, many: int = MANY, long: int = LONG, pairs: int = 50
) -> list[Figure]:
    """`long`: a thread of so many messages, half of them questions, beside those of ten, which tell
    less than a history may be long."""
    figures: list[Figure] = []
    async with databases(folder) as both:
        for kind in BOTH:
            few = await _ledger(both, kind, FEW, long)
            large = await _ledger(both, kind, many, 0)
            small, grown, lengthy = Times(), Times(), Times()
            await _measure(few, large, WARM, (Times(), Times(), Times()))
            await _measure(few, large, rounds * pairs, (small, grown, lengthy))
            figures += _figures(f"{kind}: {many:,} turns", grown, small)
            figures += _figures(f"{kind}: a thread of {long:,}", lengthy, small)
            for ledger in (few, large):
                await ledger.store.close()
    return figures


async def _measure(few: Ledger, large: Ledger, pairs: int, to: tuple[Times, Times, Times]) -> None:
    """By turns, so that whatever else the machine does is in all of them."""
    small, grown, lengthy = to
    for _ in range(pairs):
        await few.measure(small)
        await large.measure(grown)
        await few.measure(lengthy, in_long_thread=True)


@dataclass(slots=True)
class Times:
    """Milliseconds: of each call by its name, and of the process's CPU by turn."""

    wall: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: list[float] = field(default_factory=list)

    async def of(self, name: str, call: Awaitable[T]) -> T:
        began = time.perf_counter()
        result = await call
        self.wall[name].append((time.perf_counter() - began) * 1000)
        return result

    def turn(self) -> float:
        """All that a turn asks for, one after the other."""
        return sum(median(values) for values in self.wall.values())


def _figures(name: str, grown: Times, small: Times) -> Iterator[Figure]:
    yield Figure(f"{name}: a turn", "ms", grown.turn(), small.turn(), FLAT)
    yield Figure(f"{name}: CPU", "ms", median(grown.cpu), median(small.cpu), FLAT)
    for call in small.wall:
        yield Figure(f"{name}: {call}", "ms", median(grown.wall[call]), median(small.wall[call]))


async def _ledger(both: Databases, kind: str, turns: int, long: int) -> Ledger:
    url = await both.new(kind)
    await (await open_store(url)).close()  # which makes the schema
    filling = Filling(turns, SHORT // 2)
    await fill(url, filling)
    thread = Filling(long // 2, long // 2, first=10 * MANY) if long else None
    if thread:
        await fill(url, thread)
    return Ledger(await open_store(url), filling, thread)


async def open_store(url: str) -> SqlStore:
    return await SqlStore.open(url, replica_id=SortableIds().new(), lease_s=60, clock=SystemClock())


@dataclass(slots=True)
class Ledger:
    store: SqlStore
    filling: Filling
    long_thread: Filling | None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def measure(self, to: Times, *, in_long_thread: bool = False) -> None:
        """Two questions, of which the second waits for the first."""
        await self.store.beat()
        cpu_s = time.process_time()
        if in_long_thread and self.long_thread:
            await self._pair(self.long_thread.key(0), to)
        else:
            n = next(self._numbers) * STRIDE % self.filling.conversations
            await self._pair(self.filling.key(n), to)
        to.cpu.append((time.process_time() - cpu_s) * 1000 / 2)

    async def _pair(self, key: ConversationKey, to: Times) -> None:
        store = self.store
        first = await to.of("accept", self._accept(key))
        second = await self._accept(key)
        assert first.hold is not None
        assert first.first is not None
        assert second.hold is None
        await self._turn(first.first, to)
        await to.of("record", first.hold.record(_answered(first.first, key)))
        queued = await to.of("begin", first.hold.begin())
        assert queued is not None
        assert len(await store.history(key, HISTORY)) > 1
        assert await first.hold.record(_answered(queued, key))

    def _accept(self, key: ConversationKey):
        message_id = f"{time.time_ns()}.{next(self._numbers)}"
        message = InboundMessage(
            ref=MessageRef(key.platform, key.workspace, key.channel, message_id),
            conversation=key,
            author=ASKER,
            text="And what does it mean for us?",
            address="mention",
            sent_at=datetime.now(UTC),
            twin=message_id,
        )
        turn_id = SortableIds().new()
        return self.store.accept(
            message, "question", turn_id=turn_id, slot=True, follow_ups="always"
        )

    async def _turn(self, queued: QueuedMessage, to: Times) -> None:
        """What is asked of the store between its beginning and its end."""
        ref, author, now = queued.message.ref, queued.message.author, datetime.now(UTC)
        where = ref.platform, ref.workspace
        counted = [
            (Counted(*where, user_id=author.user_id), now - timedelta(minutes=1)),
            (Counted(*where, channel=ref.channel), now - timedelta(minutes=1)),
            (Counted(*where), now - timedelta(minutes=1)),
        ]
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        await to.of("limits", self.store.count(counted))
        await to.of("budget", self.store.spent(*where, author.user_id, midnight))
        await to.of("history", self.store.history(queued.message.conversation, HISTORY))
        await to.of("reserve", self.store.reserve(queued.turn_id, "benchmark", 0.001))


def _answered(queued: QueuedMessage, key: ConversationKey) -> Turn:
    usage = Usage(60, 90)
    return Turn(
        turn_id=queued.turn_id,
        conversation=key,
        author=queued.message.author,
        kind="question",
        outcome="answered",
        received_at=queued.received_at,
        question=queued.message.text,
        message_id=queued.message.ref.message_id,
        answer="It means that nothing changes. " * 10,
        model="benchmark",
        usage=usage,
        cost_usd=0.001,
        completions=(Completion(queued.turn_id, 1, "benchmark", 0.001, usage, 0.001),),
    )
