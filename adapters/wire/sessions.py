"""The one HTTP session that adapters share, and the proxy that an address is reached through."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from adapters.wire.urls import is_loopback

CONNECT_S = 10.0
"""For name, connection and TLS; how long an answer may take is for whoever waits for it."""
KEEPALIVE_S = 30.0


def build_session() -> aiohttp.ClientSession:
    """A session without a limit on connections, cookies, or a total time. Close it at the end.

    It does not look for proxies itself (`trust_env` would also read passwords from ~/.netrc):
    pass `proxy=proxy_for(url)` with each request.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=CONNECT_S),
    )


def proxy_for(url: str) -> str | None:
    """The proxy of HTTP_PROXY, HTTPS_PROXY and NO_PROXY; never one for loopback."""
    parts = urlsplit(url)
    if is_loopback(url) or not parts.hostname or proxy_bypass(parts.hostname):
        return None
    return getproxies().get(parts.scheme)
