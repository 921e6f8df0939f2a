from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from adapters.web.channel import WebChannel
from tests.adapters.web.scripted_bot import ScriptedBot, build_bot
from tests.adapters.web.switchboard import FakeFaults, FakeMenu
from tests.adapters.web.visitor import Visitor
from tests.fakes.clock import LoopClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def channel(tmp_path: Path) -> AsyncIterator[WebChannel]:
    """Not started, not connected."""
    channel = WebChannel(tmp_path, LoopClock(), FakeMenu(), FakeFaults())
    yield channel
    await channel.stop()


@pytest.fixture
async def visitor(channel: WebChannel) -> AsyncIterator[Visitor]:
    app = web.Application()
    app.add_routes(channel.routes())
    async with TestClient(TestServer(app)) as client:
        yield Visitor(client, channel.playground.rooms.feed)


@pytest.fixture
async def bot(channel: WebChannel) -> AsyncIterator[ScriptedBot]:
    """With it, the playground is open."""
    await channel.start()
    bot = build_bot(channel.platform, channel.playground.clock, speed=100)
    channel.connect(bot)
    yield bot
    await bot.close()
