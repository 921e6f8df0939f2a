"""Procrastinate: a job for each message, with the conversation as its lock."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from procrastinate import App, PsycopgConnector

from benchmarks.engines.serving import LEASE_S, SLOTS, Order, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.engines.serving import Accept

ORDER = Order.read()
BEAT_S = 1.0
app = App(connector=PsycopgConnector(conninfo=ORDER.url.replace("+asyncpg", "")))


@app.task(name="answer")
async def answer(key: str, number: int) -> None:
    await ORDER.work(key, number)


@asynccontextmanager
async def engine(order: Order) -> AsyncIterator[Accept]:
    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        working = asyncio.create_task(
            app.run_worker_async(
                concurrency=SLOTS,
                fetch_job_polling_interval=order.polls_s,
                update_heartbeat_interval=BEAT_S,
                stalled_worker_timeout=LEASE_S,
                install_signal_handlers=False,
            )
        )
        rescuing = asyncio.create_task(_rescue())

        async def accept(key: str, number: int) -> None:
            await answer.configure(lock=key).defer_async(key=key, number=number)

        yield accept
        for task in (rescuing, working):
            task.cancel()


async def _rescue() -> None:
    """What its pages say to do with jobs whose worker is gone; as often as our bot looks."""
    manager = app.job_manager
    while True:
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=LEASE_S):
            await manager.retry_job(job)
        await asyncio.sleep(BEAT_S)


if __name__ == "__main__":
    asyncio.run(serve(engine))
