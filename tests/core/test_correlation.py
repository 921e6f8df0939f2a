from __future__ import annotations

import asyncio

from core.correlation import correlated, current_id


async def test_an_id_reaches_tasks_started_inside_and_ends_outside():
    async def seen():
        await asyncio.sleep(0)
        return current_id()

    with correlated("outer"):
        with correlated("inner"):
            task = asyncio.create_task(seen())
        after = current_id()

    assert await task == "inner"
    assert after == "outer"
    assert current_id() == ""
