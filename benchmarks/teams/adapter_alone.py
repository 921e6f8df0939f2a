"""The Teams adapter without a bot behind it: a message is taken, its echo is the answer.

All the adapter does is done: tokens are checked, activities read, answers opened and ended within
the limits of Teams. Time passes faster for it, so that no limit makes it wait.
"""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.teams.channel import TeamsChannel
from adapters.teams.settings import TeamsSettings
from adapters.wire.sessions import build_session
from core.draft import Draft, Ending
from core.turn import QueuedMessage

if TYPE_CHECKING:
    from core.conversation import InboundMessage, MessageRef
    from core.ports import Platform

SPEED = 100


class FastClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class NoPlaces:
    async def keep_place(self, *_: str) -> bool:
        return False


class EchoChatbot:
    """As much of core.ports.Chatbot as a message needs."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._turns: set[asyncio.Task[None]] = set()

    async def accept(self, message: InboundMessage) -> str:
        turn = asyncio.create_task(self._answer(message))
        self._turns.add(turn)
        turn.add_done_callback(self._turns.discard)
        return "accepted"

    async def _answer(self, message: InboundMessage) -> None:
        draft = Draft()
        draft.append(f"Echo: {message.text}")
        draft.end(Ending("answered", can_rate=True))
        queued = QueuedMessage("turn", 1, "question", message, message.sent_at)
        await self._platform.replies.open(queued).write(draft, (), _save)


async def _save(_: MessageRef) -> None:
    pass


async def main() -> None:
    settings = TeamsSettings(
        app_id=os.environ["MICROSOFT_APP_ID"],
        app_password=os.environ["MICROSOFT_APP_PASSWORD"],
        tenant_id=os.environ["MICROSOFT_APP_TENANT_ID"],
        service_hosts=(os.environ["TEAMS_SERVICE_HOSTS"],),
        login_url=os.environ["TEAMS_LOGIN_URL"],
        openid_url=os.environ["TEAMS_OPENID_METADATA_URL"],
    )
    async with build_session() as session:
        channel = TeamsChannel(settings, FastClock(), session, NoPlaces())
        channel.connect(EchoChatbot(channel.platform))
        app = web.Application()
        app.add_routes(channel.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await channel.start()
        await web.TCPSite(runner, "127.0.0.1", int(os.environ["PORT"])).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
