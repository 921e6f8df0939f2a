"""Microsoft's side, as light as it can be: keys, tokens, and a Bot Connector that takes everything.

The stand-in of the tests takes more than twice as long for a call, as it checks and keeps all of
it, and refuses what MSAL sends beyond what a token needs.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

from tests.standins.teams.identity.keys import Keys
from tests.standins.teams.standin import APP_ID, TENANT

if TYPE_CHECKING:
    from types import TracebackType

Json = dict[str, Any]
MICROSOFT = "https://login.microsoftonline.com"
TOKEN_LIFE_S = 86_400
CONVERSATION = "/emea/v3/conversations/{conversation}/activities"


@dataclass(slots=True)
class Counts:
    """Of what a bot asked for, until they are taken."""

    calls: int = 0
    """Of the Bot Connector."""
    tokens: int = 0
    discoveries: int = 0
    """Documents that say where keys and tokens are, and the keys."""
    connections: set[Any] = field(default_factory=set)
    """That were opened."""


class LightTeams:
    """On 127.0.0.1. Whoever waits for an answer puts a future into `waiting`."""

    def __init__(self) -> None:
        self.keys = Keys(APP_ID)
        self.waiting: dict[str, asyncio.Future[Json]] = {}
        """By conversation: gets the activity that ends the answer."""
        self._counts = Counts()
        self._known: set[Any] = set()
        self._ids = itertools.count(1_700_000_000_000)
        self._runner: web.AppRunner | None = None
        self.base_url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/.well-known/openidconfiguration", self._metadata)
        app.router.add_get("/v1/.well-known/keys", self._key_set)
        app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", self._authority)
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._token)
        app.router.add_post(CONVERSATION, self._post)
        app.router.add_post(CONVERSATION + "/{activity}", self._post)
        app.router.add_put(CONVERSATION + "/{activity}", self._put)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = "http://{}:{}".format(*self._runner.addresses[0])
        self.keys.service_url = self.service_url
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def service_url(self) -> str:
        return f"{self.base_url}/emea/"

    def environment(self) -> dict[str, str]:
        return {
            "MICROSOFT_APP_ID": APP_ID,
            "MICROSOFT_APP_PASSWORD": "secret-of-the-benchmark",
            "MICROSOFT_APP_TYPE": "SingleTenant",
            "MICROSOFT_APP_TENANT_ID": TENANT,
            "TEAMS_SERVICE_HOSTS": self.base_url.removeprefix("http://"),
            "TEAMS_LOGIN_URL": self.base_url,
            "TEAMS_OPENID_METADATA_URL": f"{self.base_url}/v1/.well-known/openidconfiguration",
        }

    def take_counts(self) -> Counts:
        """Since the last time."""
        counts, self._counts = self._counts, Counts()
        self._known |= counts.connections
        return counts

    def _note(self, request: web.Request) -> Counts:
        peer = request.transport.get_extra_info("peername") if request.transport else None
        if peer not in self._known:
            self._counts.connections.add(peer)
        return self._counts

    # --- who is who -----------------------------------------------------------------------------

    async def _metadata(self, request: web.Request) -> web.Response:
        self._note(request).discoveries += 1
        return await self.keys.metadata(request)

    async def _key_set(self, request: web.Request) -> web.Response:
        self._note(request).discoveries += 1
        return await self.keys.key_set(request)

    async def _authority(self, request: web.Request) -> web.Response:
        """What MSAL reads before it asks for a token."""
        self._note(request).discoveries += 1
        tenant = f"{MICROSOFT}/{request.match_info['tenant']}"
        return web.json_response(
            {
                "issuer": f"{tenant}/v2.0",
                "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
                "token_endpoint": f"{tenant}/oauth2/v2.0/token",
            }
        )

    async def _token(self, request: web.Request) -> web.Response:
        self._note(request).tokens += 1
        await request.read()
        token = {"token_type": "Bearer", "expires_in": TOKEN_LIFE_S, "access_token": "benchmark"}
        return web.json_response(token)

    # --- the Bot Connector ----------------------------------------------------------------------

    async def _post(self, request: web.Request) -> web.Response:
        await self._take(request)
        return web.json_response({"id": str(next(self._ids))}, status=201)

    async def _put(self, request: web.Request) -> web.Response:
        await self._take(request)
        return web.json_response({"id": request.match_info["activity"]})

    async def _take(self, request: web.Request) -> None:
        self._note(request).calls += 1
        activity = await request.json()
        if request.headers.get("Authorization") != "Bearer benchmark":
            raise web.HTTPUnauthorized
        waiting = self.waiting.get(request.match_info["conversation"])
        if waiting is not None and not waiting.done() and is_last(activity):
            waiting.set_result(activity)


def is_last(activity: Json) -> bool:
    """The message that ends an answer of ours can be rated; the documented bot sends but one,
    which says when it is as any other activity of the SDK."""
    if activity.get("type") != "message":
        return False
    return "feedbackLoop" in (activity.get("channelData") or {}) or "replyToId" in activity
