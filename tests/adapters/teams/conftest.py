"""A stand-in of Teams, and the channel connected to it; time runs faster on both sides."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from adapters.teams.channel import TeamsChannel
from adapters.teams.settings import TeamsSettings
from adapters.wire.sessions import build_session
from tests.adapters.chatbot import ScriptedChatbot
from tests.fakes.clock import LoopClock
from tests.fakes.store import FakeStore
from tests.standins.teams import TeamsStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.ports import Clock

SCALE = 50.0


class FastClock(LoopClock):
    """SCALE seconds pass in one of the loop's. The date is the stand-in's, which it names messages
    by."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return super().monotonic() * SCALE

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / SCALE)


class Bot:
    """The parts of a running channel that tests touch."""

    def __init__(
        self,
        teams: TeamsStandIn,
        channel: TeamsChannel,
        chatbot: ScriptedChatbot,
        store: FakeStore,
    ) -> None:
        self.teams = teams
        self.channel = channel
        self.chatbot = chatbot
        self.store = store
        self.url = ""


def settings_of(teams: TeamsStandIn, **changes: Any) -> TeamsSettings:
    own: dict[str, Any] = {
        "app_id": teams.app_id,
        "app_password": teams.secret,
        "tenant_id": teams.tenant,
        "service_hosts": (f"127.0.0.1:{teams.port}",),
        "login_url": teams.base_url,
        "openid_url": teams.metadata_url,
    }
    return TeamsSettings(**own | changes)


@asynccontextmanager
async def running_bot(
    *,
    clock: Clock | None = None,
    settings: dict[str, Any] | None = None,
    store: FakeStore | None = None,
    **standin: Any,
) -> AsyncIterator[Bot]:
    standin = {"rates": False, "time_scale": SCALE} | standin
    async with TeamsStandIn(**standin) as teams, build_session() as session:
        clock = clock or FastClock()
        store = store or FakeStore(clock)
        channel = TeamsChannel(settings_of(teams, **settings or {}), clock, session, store)
        chatbot = ScriptedChatbot(platform=channel.platform)
        channel.connect(chatbot)
        app = web.Application(client_max_size=2**21)
        app.add_routes(channel.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        bot = Bot(teams, channel, chatbot, store)
        bot.url = teams.bot_url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/messages"
        await channel.start()
        try:
            yield bot
        finally:
            for turn in chatbot.turns:
                turn.cancel()
            await asyncio.gather(*chatbot.turns, return_exceptions=True)
            await channel.stop()
            await runner.cleanup()


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with running_bot() as running:
        yield running
