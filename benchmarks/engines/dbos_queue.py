"""DBOS: a workflow for each message, in a queue with a partition for each conversation."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from benchmarks.engines.serving import SLOTS, Order, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.engines.serving import Accept

QUEUE = "messages"
NAME = "engine"
ORDER = Order.read()


@DBOS.step()
async def work(key: str, number: int) -> None:
    await ORDER.work(key, number)


@DBOS.workflow()
async def answer(key: str, number: int) -> None:
    await work(key, number)


@asynccontextmanager
async def engine(order: Order) -> AsyncIterator[Accept]:
    # Its executor has the same name in every life, so that it finds what the last one left.
    url = order.url.replace("+asyncpg", "").replace("+aiosqlite", "")
    DBOS(config={"name": NAME, "system_database_url": url, "console_log_level": "ERROR"})
    DBOS.launch()
    await DBOS.register_queue_async(
        QUEUE,
        worker_concurrency=SLOTS,
        partition_concurrency=1,
        polling_interval_sec=order.polls_s,
    )

    async def accept(key: str, number: int) -> None:
        with SetWorkflowID(f"{key}-{number}"), SetEnqueueOptions(queue_partition_key=key):
            await DBOS.enqueue_workflow_async(QUEUE, answer, key, number)

    yield accept
    DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(serve(engine))
