"""The Slack channel as one part: what it offers to core, its routes, its life."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from adapters.slack.announcing import SlackAnnouncer
from adapters.slack.client import build_client, build_session
from adapters.slack.inbound.bolt import Bolt
from adapters.slack.inbound.endpoint import Endpoint
from adapters.slack.inbound.gate import Gate
from adapters.slack.inbound.intake import Intake
from adapters.slack.inbound.listeners import Listeners
from adapters.slack.inbound.responding import Responder
from adapters.slack.inbound.socket import Socket
from adapters.slack.outbound.attachments import SlackAttachments
from adapters.slack.outbound.files import SlackFiles
from adapters.slack.outbound.opening import Opener
from adapters.slack.outbound.reply import SlackReplies
from adapters.slack.outbound.status import StatusLines
from adapters.slack.outbound.transcript import SlackTranscript
from adapters.slack.place import PLATFORM
from adapters.slack.twins import Twins
from adapters.slack.web.api import SlackApi
from adapters.slack.web.door import SlackDoor
from adapters.slack.web.errors import SlackRefused, SlackUnreachable
from adapters.slack.web.identity import WhoAmI
from adapters.slack.web.names import Names
from adapters.slack.web.pacer import Pacer
from adapters.wire.background import Background
from adapters.wire.sessions import proxy_for
from core.ports import Platform

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp
    from aiohttp import web
    from slack_sdk.web.async_client import AsyncWebClient

    from adapters.slack.settings import SlackSettings
    from core.conversation import MessageRef
    from core.ports import Chatbot, Clock

DRAIN_S: Final = 3.0
WHOAMI_RETRY_S: Final = 10.0

log = logging.getLogger(__name__)


class SlackChannel:
    """Made in two steps, because core needs the platform and the listeners need core:
    `build`, then `connect`. Then `routes`, `start`; at the end `stop`.
    """

    def __init__(
        self,
        settings: SlackSettings,
        clock: Clock,
        session: aiohttp.ClientSession,
        client: AsyncWebClient,
        is_known: Callable[[MessageRef], Awaitable[bool]] | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._session = session
        self._client = client
        self._background = Background()
        self._endpoint: Endpoint | None = None
        self._socket: Socket | None = None
        self._socket_is_up = False
        self._chores: list[asyncio.Task[None]] = []
        self.pacer = Pacer(clock, paced=settings.pacing != "off")
        door = SlackDoor(session, settings.base_url, settings.bot_token)
        self.api = SlackApi(door, self.pacer, clock)
        self._whoami = WhoAmI(self.api)
        self._names = Names(self.api, clock)
        self._twins = Twins()
        self._replies = SlackReplies(
            self.api, clock, Opener(self.api, clock), StatusLines(self.api, self._background)
        )
        self._replies.is_known = is_known
        self.platform = Platform(
            name=PLATFORM,
            replies=self._replies,
            transcript=SlackTranscript(self.api, self._names),
            attachments=SlackAttachments(
                self.api, session, settings.bot_token, settings.own_host, proxy_for
            ),
            people=self._names,
            files=SlackFiles(self.api, self._twins),
            announcer=SlackAnnouncer(self.api, self._whoami, clock),
            budget=self.pacer,
        )

    @classmethod
    def build(
        cls,
        settings: SlackSettings,
        clock: Clock,
        is_known: Callable[[MessageRef], Awaitable[bool]] | None = None,
    ) -> SlackChannel:
        """Call inside the running loop. `is_known`: whether a message belongs to a recorded
        answer."""
        session = build_session()
        return cls(settings, clock, session, build_client(settings, session), is_known)

    def connect(self, chatbot: Chatbot) -> None:
        intake = Intake(chatbot, self.api, self._names, self._twins, self._background)
        responder = Responder(self._session, self._settings.own_host, proxy_for)
        listeners = Listeners(
            chatbot, self.api, self._whoami, self._names, responder, self._background
        )
        bolt = Bolt(self._client, listeners)
        if self._settings.signing_secret:
            gate = Gate(self._settings.signing_secret, self._clock)
            self._endpoint = Endpoint(gate, intake, bolt)
        if self._settings.app_token:
            self._socket = Socket(bolt, intake, self._settings.app_token, self._client, self._clock)

    def routes(self) -> list[web.RouteDef]:
        """None without a signing secret: then nothing can be verified over HTTP."""
        return self._endpoint.routes() if self._endpoint else []

    async def start(self) -> None:
        """Returns at once; connecting goes on behind it."""
        self._chores.append(asyncio.create_task(self._introduce()))
        if self._socket is not None:
            self._socket.start()
            self._chores.append(asyncio.create_task(self._watch_socket()))

    async def stop(self) -> None:
        """The socket first, so that nothing more comes in that way; over HTTP the server decides
        what is still taken. Running answers are core's to end before."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        if self._socket is not None:
            await self._socket.stop()
        await self._background.drain(DRAIN_S)
        await self._names.close()
        await self._session.close()

    async def close_socket(self) -> None:
        """The first step of draining: the rest goes on."""
        if self._socket is not None:
            await self._socket.stop()

    async def ready(self) -> str:
        """Empty when Slack can reach us and knows us, else what is missing."""
        if self._socket is not None and not self._socket_is_up:
            return "the Slack socket is not connected"
        if self._whoami.known is None:
            return "Slack has not accepted the bot token yet"
        return ""

    async def _introduce(self) -> None:
        while self._whoami.known is None:
            try:
                who = await self._whoami.get()
                log.info("in Slack as %s of %s", who.user_name, who.team_name)
            except (SlackRefused, SlackUnreachable) as failure:
                log.error("Slack does not know the bot: %s", failure)
                await self._clock.sleep(WHOAMI_RETRY_S)

    async def _watch_socket(self) -> None:
        while self._socket is not None:
            self._socket_is_up = await self._socket.is_connected()
            await self._clock.sleep(0.25 if not self._socket_is_up else 1.0)
