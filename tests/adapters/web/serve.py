"""The playground with the scripted bot: `python -m tests.adapters.web.serve [PORT] [FOLDER]`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.web.channel import WebChannel
from tests.adapters.web.clocks import RealClock
from tests.adapters.web.scripted_bot import ScriptedBot, build_bot
from tests.adapters.web.switchboard import FakeFaults, FakeMenu

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Site:
    url: str
    channel: WebChannel
    bot: ScriptedBot
    menu: FakeMenu
    faults: FakeFaults


@asynccontextmanager
async def serving(folder: Path, port: int = 0, speed: float = 1.0) -> AsyncIterator[Site]:
    menu, faults = FakeMenu(), FakeFaults()
    channel = WebChannel(folder, RealClock(), menu, faults)
    app = web.Application()
    app.add_routes(channel.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", port)
    await listener.start()
    await channel.start()
    bot = build_bot(channel.platform, channel.playground.clock, speed)
    channel.connect(bot)
    try:
        yield Site(f"http://127.0.0.1:{runner.addresses[0][1]}/", channel, bot, menu, faults)
    finally:
        await bot.close()
        await channel.stop()
        await runner.cleanup()


async def main(port: int, folder: Path) -> None:
    async with serving(folder, port) as site:
        print(f"open {site.url}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    port = int((sys.argv[1:2] or ["3979"])[0])
    folder = (sys.argv[2:3] or [tempfile.mkdtemp()])[0]
    asyncio.run(main(port, Path(folder)))
