"""The store and the workers of the bot, with a pause in place of the engine that answers."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.sql.store import SqlStore
from benchmarks.engines.serving import LEASE_S, SLOTS, serve
from bot.clock import SortableIds, SystemClock
from core.conversation import Author, ConversationKey, InboundMessage, MessageRef
from core.turns.progress import begin_turn
from core.turns.workers import Workers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.engines.serving import Accept, Order
    from core.document import Document
    from core.ports import Hold
    from core.turn import QueuedMessage, Turn
    from core.turns.running import Running

BEAT_S = 1.0
ASKER = Author("U0ASKER", "Ada")


class Pausing:
    """core.turns.workers.Runs."""

    def __init__(self, order: Order) -> None:
        self._order = order

    async def run(self, queued: QueuedMessage, hold: Hold, running: Running) -> Turn:
        del hold, running
        await self._order.work(queued.message.conversation.thread, int(queued.message.text))
        return begin_turn(queued, "answered")

    async def tell_failure(self, queued: QueuedMessage, hold: Hold, notice: Document) -> None:
        raise NotImplementedError


@asynccontextmanager
async def engine(order: Order) -> AsyncIterator[Accept]:
    clock, ids = SystemClock(), SortableIds()
    store = await SqlStore.open(order.url, replica_id=ids.new(), lease_s=LEASE_S, clock=clock)
    workers = Workers(inbox=store, engine=Pausing(order), clock=clock, slots=SLOTS, lease_s=LEASE_S)
    numbers = itertools.count(time.time_ns())

    async def accept(key: str, number: int) -> None:
        message_id = str(next(numbers))
        message = InboundMessage(
            ref=MessageRef("slack", "T1", "C1", message_id),
            conversation=ConversationKey("slack", "T1", "C1", key),
            author=ASKER,
            text=str(number),
            address="mention",
            sent_at=datetime.now(UTC),
        )
        with workers.slot() as slot:
            receipt = await store.accept(
                message, "question", turn_id=ids.new(), slot=slot, follow_ups="always"
            )
            if receipt.hold is not None:
                workers.take(receipt.hold, receipt.first)
            elif not slot:
                workers.note_backlog()

    beating = asyncio.create_task(_beat(workers))
    yield accept
    beating.cancel()


async def _beat(workers: Workers) -> None:
    """As the bot does."""
    while True:
        await workers.sweep()
        await asyncio.sleep(BEAT_S)
        await workers.beat()


if __name__ == "__main__":
    asyncio.run(serve(engine))
