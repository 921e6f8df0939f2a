"""A stand-in of Slack, and the channel connected to it over HTTP."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from adapters.slack.channel import SlackChannel
from adapters.slack.settings import SlackSettings
from tests.adapters.chatbot import ScriptedChatbot
from tests.fakes.clock import LoopClock
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from core.ports import Clock


class Bot:
    """The parts of a running channel that tests touch."""

    def __init__(self, slack: SlackStandIn, channel: SlackChannel, chatbot: ScriptedChatbot):
        self.slack = slack
        self.channel = channel
        self.chatbot = chatbot
        self.url = ""

    async def ask(self, text: str = "Hi there", user: str = "U0ALICE") -> Any:
        return self.slack.people.say(user, "C0GENERAL", f"{self.slack.people.mention} {text}")


class WallClock(LoopClock):
    """The loop's time with the real wall clock, which signatures carry."""

    def now(self) -> Any:
        from datetime import UTC, datetime

        return datetime.now(UTC)


@asynccontextmanager
async def running_bot(
    *, socket_mode: bool = False, clock: Clock | None = None, pacing: str = "tiers", **standin: Any
) -> AsyncIterator[Bot]:
    async with SlackStandIn(**standin) as slack:
        settings = SlackSettings(
            bot_token=slack.bot_token,
            app_token=slack.app_token if socket_mode else "",
            signing_secret="" if socket_mode else slack.signing_secret,
            api_url=slack.api_url,
            pacing=pacing,  # type: ignore[arg-type]  # one of the two, by the tests
        )
        channel = SlackChannel.build(settings, clock or WallClock())
        chatbot = ScriptedChatbot(platform=channel.platform)
        channel.connect(chatbot)
        app = web.Application()
        app.add_routes(channel.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        bot = Bot(slack, channel, chatbot)
        bot.url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        if not socket_mode:
            slack.events_url = bot.url
        await channel.start()
        try:
            yield bot
        finally:
            for turn in chatbot.turns:
                turn.cancel()
            await channel.stop()
            await runner.cleanup()


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    async with running_bot() as running:
        yield running
