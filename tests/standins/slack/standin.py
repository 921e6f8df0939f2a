"""The stand-in of the Slack platform: one server on loopback with everything behind it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

import aiohttp
from aiohttp import web

from tests.standins.slack.announcer import Announcer
from tests.standins.slack.api.call import Context
from tests.standins.slack.api.faults import Faults
from tests.standins.slack.api.front import Front
from tests.standins.slack.api.rates import Rates
from tests.standins.slack.clock import StandInClock
from tests.standins.slack.control import Control
from tests.standins.slack.delivery.http import HttpCarrier
from tests.standins.slack.delivery.outbox import ACK_TIMEOUT_S, Outbox
from tests.standins.slack.delivery.sockets import Sockets
from tests.standins.slack.people import People
from tests.standins.slack.web.files import FileServer
from tests.standins.slack.web.response_urls import ResponseUrls
from tests.standins.slack.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from tests.standins.slack.api.call import Call
    from tests.standins.slack.delivery.outbox import Carrier

T = TypeVar("T")
SCOPES = frozenset(
    [
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "groups:history",
        "im:history",
        "mpim:history",
        "channels:read",
        "groups:read",
        "im:read",
        "im:write",
        "mpim:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "reactions:read",
        "reactions:write",
        "users:read",
    ]
)
OUTSIDE_MARKETPLACE_PAGE = 15  # messages a call, docs.slack.dev/apis/web-api/rate-limits


class SlackStandIn:
    """Slack on 127.0.0.1. `async with SlackStandIn() as slack:` or start() and stop().

    `events_url`: where the bot takes events, interactions and commands by HTTP; None: Socket Mode.
    It may be set later. `time_scale` makes limits, waits between retries and lifetimes pass
    faster; the three seconds for an acknowledgement stay real. `tiers=False`: no rate limits.
    """

    def __init__(
        self,
        *,
        events_url: str | None = None,
        tiers: bool = True,
        time_scale: float = 1.0,
        port: int = 0,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        outside_marketplace: bool = False,
    ) -> None:
        self.bot_token = "xoxb-test"
        self.app_token = "xapp-test"
        self.signing_secret = "signing-secret-of-the-stand-in"
        self.events_url = events_url
        self.port = port
        self.scopes = set(SCOPES)
        self.clock = StandInClock(time_scale)
        self.workspace = Workspace()
        self.faults = Faults()
        self.outbox = Outbox(self.workspace.touch)
        self.sockets = Sockets(
            self.clock, self.workspace.app_id, self.workspace.touch, ack_timeout_s
        )
        self.rates = Rates(self.clock, enabled=tiers, outside_marketplace=outside_marketplace)
        self.announcer = Announcer(self.workspace, self.clock, self.outbox, self._carrier)
        self.files = FileServer(self.workspace, self.faults, self.bot_token, self.scopes)
        self.response_urls = ResponseUrls(self.workspace, self.announcer, self.clock, self.faults)
        self.context = Context(
            self.workspace,
            self.clock,
            self.announcer,
            self.sockets,
            self.scopes,
            self.announcer.subscriptions,
            ws_url="",
            page_limit=OUTSIDE_MARKETPLACE_PAGE if outside_marketplace else 1000,
        )
        self.people = People(
            self.workspace,
            self.announcer,
            self.outbox,
            self._carrier,
            self.files,
            self.response_urls,
            self.context,
        )
        self.api = Front(
            self.context,
            self.rates,
            self.faults,
            bot_token=self.bot_token,
            app_token=self.app_token,
        )
        self._ack_timeout_s = ack_timeout_s
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._session: aiohttp.ClientSession | None = None
        self._http: HttpCarrier | None = None
        populate(self.workspace)

    # --- running -------------------------------------------------------------------------------

    async def start(self) -> Self:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self.api.handle)
        app.router.add_get("/link/", self.sockets.handle)
        app.router.add_get("/files-pri/{key}/{name}", self.files.handle)
        app.router.add_get("/files-pri/download/{key}/{name}", self.files.handle)
        app.router.add_post("/commands/{team}/{key}", self.response_urls.handle)
        app.router.add_routes(Control(self).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.go_online()
        return self

    async def stop(self) -> None:
        await self.outbox.close()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

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
        self.files.base_url = self.response_urls.base_url = self.base_url
        self.context.ws_url = f"ws://127.0.0.1:{self.port}/link/"

    async def go_offline(self) -> None:
        """Refuse new connections and cut those that are there, as a dead network does."""
        if self._site is not None and self._runner is not None:
            await self._site.stop()
            self.sockets.cut()
            server = self._runner.server
            for handler in list(server.connections) if server else []:
                if handler.transport is not None:
                    handler.transport.abort()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        """For SLACK_API_URL and for slack_sdk's `base_url`."""
        return f"{self.base_url}/api/"

    def environment(self, *, socket_mode: bool | None = None) -> dict[str, str]:
        """The settings of a bot that talks to this stand-in. Socket Mode unless `events_url`."""
        settings = {"SLACK_API_URL": self.api_url, "SLACK_BOT_TOKEN": self.bot_token}
        if socket_mode if socket_mode is not None else self.events_url is None:
            return settings | {"SLACK_APP_TOKEN": self.app_token}
        return settings | {"SLACK_SIGNING_SECRET": self.signing_secret}

    def _carrier(self) -> Carrier:
        if self.events_url is None:
            return self.sockets
        if self._session is None:
            raise RuntimeError("not started")
        if self._http is None or self._http.url != self.events_url:
            self._http = HttpCarrier(
                self.events_url, self.signing_secret, self._session, self.clock, self._ack_timeout_s
            )
        return self._http

    # --- asking --------------------------------------------------------------------------------

    def calls(self, method: str | None = None, **args: Any) -> list[Call]:
        """The log, in order of arrival; `method` and arguments narrow it."""
        return [
            call
            for call in self.api.calls
            if (method is None or call.method == method)
            and all(call.args.get(name) == value for name, value in args.items())
        ]

    async def wait_for(self, predicate: Callable[[], T], timeout_s: float = 10.0) -> T:
        """See Workspace.wait_for; the error tells the last calls."""
        try:
            return await self.workspace.wait_for(predicate, timeout_s)
        except TimeoutError:
            now = time.monotonic()
            last = [f"{c.method} {c.error or 'ok'} {now - c.at:.1f} s ago" for c in self.calls()]
            raise TimeoutError(f"after {timeout_s} s; last calls: {last[-8:]}") from None


def populate(workspace: Workspace) -> None:
    """The people and channels that every stand-in has."""
    workspace.add_person("alice", tz="Europe/Berlin")
    workspace.add_person("bob", tz="America/New_York", tz_offset_s=-18000)
    workspace.add_person("carol", tz="Asia/Tokyo", tz_offset_s=32400, is_admin=True)
    workspace.add_person("guest", is_guest=True)
    workspace.add_channel("general")
    workspace.add_channel("random")
    workspace.add_channel("secret", "group")
    workspace.add_channel("old", archived=True)
    workspace.add_channel("outside", members=workspace.people)
    erin = workspace.add_person("erin", team="T0OTHER", display_name="Erin of Other")
    shared = workspace.add_channel("shared", shared_with="T0OTHER")
    shared.members.add(erin.id)
