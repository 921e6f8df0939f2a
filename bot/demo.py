"""The demo model in this process: started where a model setting names it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.demo.server import DemoServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from adapters.litellm.targets import Target


@asynccontextmanager
async def demo_server(targets: Mapping[str, Target]) -> AsyncIterator[dict[str, Target]]:
    """Yields the targets with the address of the demo server in those that are it; without any,
    nothing is started."""
    if not any(target.lane == "demo" for target in targets.values()):
        yield dict(targets)
        return
    server = DemoServer()
    await server.start()
    try:
        yield {
            name: replace(target, base_url=server.base_url) if target.lane == "demo" else target
            for name, target in targets.items()
        }
    finally:
        await server.close()
