"""The Teams channel as one part: what it offers to core, its route, its life."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from adapters.teams.hosts import ServiceHosts
from adapters.teams.inbound.adapter import Authentication, TeamsAdapter
from adapters.teams.inbound.endpoint import Endpoint
from adapters.teams.inbound.gate import Gate
from adapters.teams.inbound.handler import Handler
from adapters.teams.inbound.keys import KeySet, KeysUnavailable
from adapters.teams.inbound.side import Side
from adapters.teams.inbound.tokens import Tokens
from adapters.teams.inbound.transcript import TeamsTranscript
from adapters.teams.outbound.attachments import TeamsAttachments
from adapters.teams.outbound.connector import Connector
from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable
from adapters.teams.outbound.pace import Pace
from adapters.teams.outbound.reply import TeamsReplies
from adapters.teams.outbound.token import BotToken
from adapters.teams.place import PLATFORM
from adapters.teams.places import KnownPlaces, TeamsAnnouncer
from adapters.wire.background import Background
from core.errors import NotStored
from core.ports import Platform

if TYPE_CHECKING:
    import aiohttp
    from aiohttp import web

    from adapters.teams.settings import TeamsSettings
    from core.conversation import InboundMessage
    from core.ports import Chatbot, Clock, Places

DRAIN_S: Final = 3.0
RETRY_S: Final = 10.0

log = logging.getLogger(__name__)


class TeamsChannel:
    """Made in two steps, because core needs the platform and the handler needs core: the
    constructor, then `connect`. Then `routes`, `start`; at the end `stop`.
    """

    def __init__(
        self,
        settings: TeamsSettings,
        clock: Clock,
        session: aiohttp.ClientSession,
        places: Places,
    ) -> None:
        """`session` stays the caller's to close, after `stop`."""
        self._settings = settings
        self._clock = clock
        self._background = Background()
        self._endpoint: Endpoint | None = None
        self._introduction: asyncio.Task[None] | None = None
        self._trouble = "Teams has not been reached yet"
        hosts = ServiceHosts(settings.service_hosts, any_loopback=settings.unauthenticated)
        token = BotToken(settings, session, clock)
        pace = Pace(clock)
        self.connector = Connector(session, token, hosts, pace, clock)
        self._keys = KeySet(session, settings.openid_url, clock)
        self._gate = Gate(settings, Tokens(settings, self._keys, clock), hosts)
        self._replies = TeamsReplies(self.connector, clock)
        known = KnownPlaces(places, self._background)
        self._side = Side(self.connector, self._replies, known, self._background)
        self._replies.on_answer = self._side.note_answer
        self.platform = Platform(
            name=PLATFORM,
            replies=self._replies,
            transcript=TeamsTranscript(),
            attachments=TeamsAttachments(session, self.connector, hosts),
            announcer=TeamsAnnouncer(known, self.connector),
            budget=pace,
        )

    def connect(self, chatbot: Chatbot) -> None:
        def on_stop(question: InboundMessage) -> None:
            self._background.start(_stop(chatbot, question))

        self._replies.on_stop = on_stop
        adapter = TeamsAdapter(Authentication(self.connector, self._settings.issuer))
        handler = Handler(chatbot, self._side, self._clock)
        self._endpoint = Endpoint(self._gate, adapter, handler)

    def routes(self) -> list[web.RouteDef]:
        return self._endpoint.routes() if self._endpoint else []

    async def start(self) -> None:
        """Returns at once; keys and token are fetched behind it."""
        if self._settings.unauthenticated:
            self._trouble = ""
            log.warning("Teams is open to whoever can reach this machine's port: no app id is set")
        else:
            self._introduction = asyncio.create_task(self._introduce())

    async def stop(self) -> None:
        """Running answers are core's to end before."""
        if self._introduction is not None:
            self._introduction.cancel()
            await asyncio.gather(self._introduction, return_exceptions=True)
        await self._keys.close()
        await self._background.drain(DRAIN_S)

    async def ready(self) -> str:
        """Empty when requests can be verified and answered, else what is missing."""
        return self._trouble

    async def _introduce(self) -> None:
        while self._trouble:
            self._trouble = await self._find_trouble()
            if self._trouble:
                log.error("%s", self._trouble)
                await self._clock.sleep(RETRY_S)
        log.info("in Teams as %s", self._settings.app_id)

    async def _find_trouble(self) -> str:
        try:
            await self._keys.find("")
        except KeysUnavailable:
            return "the keys that Teams signs with cannot be fetched"
        try:
            await self.connector.authorization()
        except (TeamsRefused, TeamsUnreachable) as failure:
            return f"the bot gets no token for Teams: {failure}"
        return ""


async def _stop(chatbot: Chatbot, question: InboundMessage) -> None:
    try:
        await chatbot.stop(question.conversation, question.author)
    except NotStored as error:
        log.warning("a stop could not be stored: %s", error)
