"""The one HTTP request behind a call of the Web API.

Not the SDK's client: with its preparations for retries, files and debugging it takes as long again
as the request itself, and an answer is several calls.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from yarl import URL

from adapters.slack.web.errors import SlackRefused, SlackUnreachable
from adapters.wire.retry_after import read_retry_after
from adapters.wire.sessions import proxy_for

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]

READS: Final = frozenset(
    {
        "auth.test",
        "conversations.history",
        "conversations.info",
        "conversations.replies",
        "files.info",
        "users.info",
    }
)
"""Called with GET: these take no JSON."""
UNKNOWN_OUTCOME: Final = frozenset({"fatal_error", "internal_error", "request_timeout"})
"""Slack's page on errors: some part of it may have been done."""


@dataclass(frozen=True, slots=True)
class Answer:
    data: Json
    headers: Mapping[str, str]
    """Names in any case."""


class SlackDoor:
    """Sends each call once, whatever happens; the session bounds how long it may take."""

    def __init__(self, session: aiohttp.ClientSession, base_url: str, token: str) -> None:
        self._session = session
        self._base_url = base_url
        self._proxy = proxy_for(base_url)
        self._headers = {"Authorization": f"Bearer {token}"}
        self._json_headers = {**self._headers, "Content-Type": "application/json;charset=utf-8"}
        self._urls: dict[str, URL] = {}

    async def send(self, method: str, arguments: Mapping[str, Any]) -> Answer:
        """Raises SlackRefused, SlackUnreachable."""
        if self._session.closed:  # an event may come in the very end, and ask for a name
            raise SlackUnreachable(f"{method}: the session is closed")
        url = self._urls.get(method)
        if url is None:
            url = self._urls[method] = URL(self._base_url + method)
        if method in READS:
            verb, headers, body = "GET", self._headers, None
            url = url.with_query({name: _to_query(value) for name, value in arguments.items()})
        else:
            verb, headers, body = "POST", self._json_headers, json.dumps(arguments).encode()
        try:
            async with self._session.request(
                verb, url, data=body, headers=headers, proxy=self._proxy, allow_redirects=False
            ) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SlackUnreachable(f"{method}: {type(error).__name__}") from error
        data = _read(content)
        if response.status == 200 and data.get("ok") is True:
            return Answer(data, response.headers)
        raise read_failure(response.status, response.headers, data)


def read_failure(
    status: int, headers: Mapping[str, str], data: Json
) -> SlackRefused | SlackUnreachable:
    """Told apart by what is known: refused for sure, or perhaps done."""
    code = data.get("error")
    if status == 429 or code in ("ratelimited", "rate_limited"):
        wait_s = read_retry_after(headers.get("Retry-After"))
        return SlackRefused("ratelimited", retry_after_s=wait_s)
    if not isinstance(code, str) or status >= 500 or code in UNKNOWN_OUTCOME:
        known = code if isinstance(code, str) else "without an answer"
        return SlackUnreachable(f"HTTP {status} {known}")
    return SlackRefused(code)


def _read(content: bytes) -> Json:
    """Empty: that was no JSON object."""
    try:
        data = json.loads(content.decode())
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _to_query(value: Any) -> str:
    """Slack takes 0 and 1 for a flag."""
    return str(int(value)) if isinstance(value, bool) else str(value)
