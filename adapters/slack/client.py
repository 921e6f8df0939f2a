"""How Slack's client is made: one session for all calls, a proxy where one is right, no retries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.wire.sessions import proxy_for

if TYPE_CHECKING:
    from adapters.slack.settings import SlackSettings

CALL_TIMEOUT_S: Final = 30.0


def build_session() -> aiohttp.ClientSession:
    """Bounds each call: the SDK's own limit does not count for a session that it is given."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT_S),
    )


def build_client(settings: SlackSettings, session: aiohttp.ClientSession) -> AsyncWebClient:
    """Without a session the SDK opens one for each call; with its own retries it would send a
    post again that Slack has taken already."""
    client = AsyncWebClient(
        token=settings.bot_token,
        base_url=settings.base_url,
        session=session,
        retry_handlers=[],
    )
    # The SDK takes a proxy from the environment even for loopback.
    client.proxy = proxy_for(settings.base_url)
    return client
