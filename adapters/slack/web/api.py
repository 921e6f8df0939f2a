"""One door to the Web API: paced, never sent twice by itself, and its failures read."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

import aiohttp
from slack_sdk.errors import SlackApiError

from adapters.slack.web.errors import SlackRefused, SlackUnreachable
from adapters.slack.web.pacer import Urgency, read_retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slack_sdk.web.async_client import AsyncWebClient

    from adapters.slack.web.pacer import Pacer
    from core.ports import Clock

Json = dict[str, Any]

READS: Final = frozenset(
    {"auth.test", "conversations.history", "conversations.replies", "files.info", "users.info"}
)
"""Called with GET: these take no JSON."""
REPEATABLE: Final = READS | {
    "agents.sessions.setStatus",
    "assistant.threads.setStatus",
    "assistant.threads.setSuggestedPrompts",
    "chat.delete",
    "chat.update",
}
"""Doing it twice is doing it once."""
ONE_AT_A_TIME: Final = frozenset({"chat.postMessage"})
"""Per channel: the next one waits until it is known whether this one was too many."""
RETRY_WAITS_S: Final = (0.5, 1.0, 2.0, 4.0)
RATE_LIMIT_TRIES: Final = 12
UNKNOWN_OUTCOME: Final = frozenset({"fatal_error", "internal_error", "request_timeout"})
"""Slack's page on errors: some part of it may have been done."""

log = logging.getLogger(__name__)


class SlackApi:
    """Calls with the bot's token.

    A rate limit is waited for; a call that may be repeated is, after any passing failure. Of the
    others the caller alone knows what to do when the outcome is unknown. That is why the client
    comes without retry handlers.
    """

    def __init__(self, client: AsyncWebClient, pacer: Pacer, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._turnstiles: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.pacer = pacer

    async def call(
        self,
        method: str,
        arguments: Mapping[str, Any],
        urgency: Urgency = Urgency.FINAL,
        *,
        has_place: bool = False,
    ) -> Json:
        """Wait for a place in the budget, then call. Raises SlackRefused, SlackUnreachable.

        `has_place`: the caller has taken one from the pacer already.
        """
        if method not in ONE_AT_A_TIME:
            return await self._call_patiently(method, arguments, urgency, has_place)
        turnstile = f"{method} {_channel(arguments)}"
        async with self._turnstiles.setdefault(turnstile, asyncio.Lock()):
            return await self._call_patiently(method, arguments, urgency, has_place)

    async def call_now(
        self, method: str, arguments: Mapping[str, Any], urgency: Urgency = Urgency.FINAL
    ) -> Json:
        """Call once, if there is a place in the budget; otherwise refused as by Slack itself."""
        channel = _channel(arguments)
        if (wait_s := self.pacer.wait_s(method, channel, urgency)) > 0:
            raise SlackRefused("ratelimited", retry_after_s=wait_s)
        self.pacer.spend(method, channel)
        return await self._send(method, arguments, channel)

    async def call_started(self, method: str, arguments: Mapping[str, Any]) -> Json:
        """Call once, for a place in the budget that the caller has taken already."""
        return await self._send(method, arguments, _channel(arguments))

    async def _call_patiently(
        self, method: str, arguments: Mapping[str, Any], urgency: Urgency, has_place: bool
    ) -> Json:
        channel = _channel(arguments)
        limited = failed = 0
        while True:
            if not has_place:
                await self.pacer.take(method, channel, urgency)
            has_place = False
            try:
                return await self._send(method, arguments, channel)
            except SlackRefused as refusal:
                if refusal.retry_after_s is None or limited >= RATE_LIMIT_TRIES:
                    raise
                limited += 1
            except SlackUnreachable:
                if method not in REPEATABLE or failed >= len(RETRY_WAITS_S):
                    raise
                await self._clock.sleep(RETRY_WAITS_S[failed])
                failed += 1

    async def _send(self, method: str, arguments: Mapping[str, Any], channel: str) -> Json:
        try:
            if method in READS:
                response = await self._client.api_call(
                    method, http_verb="GET", params=dict(arguments)
                )
            else:
                response = await self._client.api_call(method, json=dict(arguments))
        except SlackApiError as error:
            failure = read_failure(error)
            if isinstance(failure, SlackRefused) and failure.retry_after_s is not None:
                log.warning("Slack limits %s: paused for %.1f s", method, failure.retry_after_s)
                self.pacer.pause(method, channel, failure.retry_after_s)
            raise failure from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, AttributeError) as error:
            # The last two: what the SDK makes of an answer that is no JSON object.
            raise SlackUnreachable(f"{method}: {type(error).__name__}") from error
        data: Json = response.data if isinstance(response.data, dict) else {}
        return data


def read_failure(error: SlackApiError) -> SlackRefused | SlackUnreachable:
    """Told apart by what is known: refused for sure, or perhaps done."""
    response = error.response
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    data = getattr(response, "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    if status == 429 or code in ("ratelimited", "rate_limited"):
        headers = getattr(response, "headers", {})
        return SlackRefused("ratelimited", retry_after_s=read_retry_after(_retry_after(headers)))
    if not isinstance(code, str) or status >= 500 or code in UNKNOWN_OUTCOME:
        return SlackUnreachable(f"HTTP {status} {code or 'without an answer'}")
    return SlackRefused(code)


def _retry_after(headers: Mapping[str, str]) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == "retry-after"), None)


def _channel(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("channel") or arguments.get("channel_id") or "")
