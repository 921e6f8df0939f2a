"""The stand-in of Microsoft Teams: one server on loopback with everything behind it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

from aiohttp import web

from tests.standins.slack.clock import StandInClock
from tests.standins.teams.connector import streams
from tests.standins.teams.connector.activities import Activities
from tests.standins.teams.connector.call import Context, Limits
from tests.standins.teams.connector.conversations import Conversations
from tests.standins.teams.connector.faults import Faults
from tests.standins.teams.connector.front import SERVICE_PREFIX, Front
from tests.standins.teams.connector.rates import Rates
from tests.standins.teams.delivery import Outbox
from tests.standins.teams.files import FileShelf
from tests.standins.teams.identity.keys import Keys
from tests.standins.teams.identity.login import Login
from tests.standins.teams.people import People
from tests.standins.teams.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tests.standins.teams.connector.call import Call
    from tests.standins.teams.workspace import Conversation, Message

Json = dict[str, Any]
T = TypeVar("T")
APP_ID = "0a1b2c3d-0000-4000-8000-00000000b070"
TENANT = "7e7a0000-1111-4222-8333-444455556666"


class TeamsStandIn:
    """Teams on 127.0.0.1. `async with TeamsStandIn() as teams:` or start() and stop().

    `bot_url`: the bot's /api/messages; it may be set later. `time_scale` makes limits, lifetimes
    and waits between deliveries pass faster; the time for an answer stays real. `rates=False`: no
    rate limits except that of streams, which is `limits.stream_gap_s`.
    """

    def __init__(
        self,
        *,
        bot_url: str | None = None,
        rates: bool = True,
        time_scale: float = 1.0,
        port: int = 0,
    ) -> None:
        self.app_id = APP_ID
        self.secret = "secret-of-the-stand-in"
        self.tenant = TENANT
        self.port = port
        self.clock = StandInClock(time_scale)
        self.limits = Limits()
        self.calls_made: list[Call] = []
        self.workspace = Workspace(app_id=self.app_id, tenant=self.tenant)
        self.keys = Keys(self.app_id)
        self.login = Login(self.app_id, self.secret, self.tenant, self.clock)
        self.faults = Faults()
        self.rates = Rates(self.clock, enabled=rates)
        self.files = FileShelf()
        self.outbox = Outbox(self.keys, self.clock, self.workspace.touch)
        self.outbox.url = bot_url
        context = Context(self.workspace, self.clock, self.limits, self.calls_made)
        self.people = People(context, self.outbox, self.files, lambda: self.service_url)
        self._context = context
        self.activities = Activities(context)
        self._conversations = Conversations(context, self.activities)
        self._front = Front(context, self.rates, self.faults, self.login)
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        populate(self.workspace)

    # --- running --------------------------------------------------------------------------------

    async def start(self) -> Self:
        self.outbox.start()
        app = web.Application(middlewares=[self._front.handle], client_max_size=2**22)
        app.router.add_routes(self._routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.go_online()
        return self

    def _routes(self) -> list[web.RouteDef]:
        below = f"{SERVICE_PREFIX}/v3"
        conversation = below + "/conversations/{conversation}"
        activity = conversation + "/activities/{activity}"
        return [
            web.get("/v1/.well-known/openidconfiguration", self.keys.metadata),
            web.get("/v1/.well-known/keys", self.keys.key_set),
            web.post("/{tenant}/oauth2/v2.0/token", self.login.handle),
            web.post(below + "/conversations", self._conversations.create),
            web.post(conversation + "/activities", self.activities.post),
            web.post(activity, self.activities.reply),
            web.put(activity, self.activities.put),
            web.delete(activity, self.activities.delete),
            web.get(conversation + "/pagedmembers", self._conversations.paged_members),
            web.get(conversation + "/members/{member}", self._conversations.member),
            web.get(below + "/attachments/{key}/views/{view}", self.files.serve_image),
            web.get("/files/{key}/{name}", self.files.serve_file),
        ]

    async def stop(self) -> None:
        await self.outbox.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def go_online(self) -> None:
        """Listen, after `go_offline` on the port of before."""
        if self._runner is None:
            raise RuntimeError("not started")
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()
        self.port = self._runner.addresses[0][1]
        self.files.base_url = self.base_url
        self.files.service_url = self.keys.service_url = self.service_url

    async def go_offline(self) -> None:
        """Refuse new connections and cut those that are there, as a dead network does."""
        if self._site is not None and self._runner is not None:
            await self._site.stop()
            server = self._runner.server
            for handler in list(server.connections) if server else []:
                if handler.transport is not None:
                    handler.transport.abort()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def service_url(self) -> str:
        return f"{self.base_url}{SERVICE_PREFIX}/"

    @property
    def metadata_url(self) -> str:
        return f"{self.base_url}/v1/.well-known/openidconfiguration"

    @property
    def bot_url(self) -> str | None:
        return self.outbox.url

    @bot_url.setter
    def bot_url(self, url: str | None) -> None:
        self.outbox.url = url

    def environment(self) -> dict[str, str]:
        """The settings of a bot that talks to this stand-in."""
        return {
            "MICROSOFT_APP_ID": self.app_id,
            "MICROSOFT_APP_PASSWORD": self.secret,
            "MICROSOFT_APP_TYPE": "SingleTenant",
            "MICROSOFT_APP_TENANT_ID": self.tenant,
            "TEAMS_SERVICE_HOSTS": f"127.0.0.1:{self.port}",
            "TEAMS_LOGIN_URL": self.base_url,
            "TEAMS_OPENID_METADATA_URL": self.metadata_url,
        }

    # --- keys and tokens ------------------------------------------------------------------------

    def roll_keys(self) -> str:
        """From now on another key signs; the old one is no longer published."""
        return self.keys.roll()

    def token(self, **changes: Any) -> str:
        """See Keys.token: a genuine token with claims, key, kid or alg changed."""
        return self.keys.token(**changes)

    def sign(self, claims: Json, **how: Any) -> str:
        return self.keys.sign(claims, **how)

    # --- asking ---------------------------------------------------------------------------------

    def messages(self, where: Conversation | str, **which: Any) -> list[Message]:
        """See Workspace.messages. Streams that are too old have ended."""
        found = self.workspace.messages(where, **which)
        for message in found:
            streams.settle(message, self._context)
        return found

    def answers(self, where: Conversation | str, **which: Any) -> list[Message]:
        """The bot's messages among them."""
        bot = self.workspace.bot.id
        return [message for message in self.messages(where, **which) if message.sender == bot]

    def typing(self, where: Conversation | str) -> list[float]:
        """When the bot was seen typing there, by the machine's monotonic clock."""
        conversation = self.workspace.conversation(where)
        return [at for at, seen in self.activities.typing if seen == conversation.id]

    def calls(self, method: str | None = None, path: str | None = None) -> list[Call]:
        """The log, in order of arrival; `path` is one that the call's ends with."""
        return [
            call
            for call in self.calls_made
            if (method is None or call.method == method)
            and (path is None or call.path.endswith(path))
        ]

    async def settled(self) -> None:
        """Returns when everything that people did is taken by the bot or given up."""
        await self.outbox.settled()

    async def wait_for(self, predicate: Callable[[], T], timeout_s: float = 10.0) -> T:
        """See Workspace.wait_for; the error tells the last calls."""
        try:
            return await self.workspace.wait_for(predicate, timeout_s)
        except TimeoutError:
            now = time.monotonic()
            last = [
                f"{c.method} {c.path[-40:]} {c.status} {c.error or ''} {now - c.at:.1f} s ago"
                for c in self.calls_made
            ]
            raise TimeoutError(f"after {timeout_s} s; last calls: {last[-8:]}") from None


def populate(workspace: Workspace) -> None:
    """The people and conversations that every stand-in has."""
    for name in ("alice", "bob", "carol"):
        workspace.add_person(name)
    workspace.add_person("guest", guest=True)
    workspace.add_group("Lunch", "alice", "bob")
    workspace.add_channel("General")
    workspace.add_channel("Random")
    workspace.add_channel("Outside", installed=False)
