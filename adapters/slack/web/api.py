"""Calls of the Web API: paced, waited for where Slack limits them, repeated where that is safe."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary

from adapters.slack.web.door import READS
from adapters.slack.web.errors import SlackRefused, SlackUnreachable
from adapters.slack.web.pacer import Urgency
from core.lease import require_lease

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.slack.web.door import SlackDoor
    from adapters.slack.web.pacer import Pacer
    from core.ports import Clock

Json = dict[str, Any]

REPEATABLE: Final = READS | {
    "agents.sessions.setStatus",
    "assistant.threads.setStatus",
    "assistant.threads.setSuggestedPrompts",
    "chat.delete",
    "chat.update",
    "conversations.open",
}
"""Doing it twice is doing it once."""
ONE_AT_A_TIME: Final = frozenset({"chat.postMessage"})
"""Per channel: the next one waits until it is known whether this one was too many."""
RETRY_WAITS_S: Final = (0.5, 1.0, 2.0, 4.0)
RATE_LIMIT_TRIES: Final = 12

log = logging.getLogger(__name__)


class SlackApi:
    """Calls with the bot's token.

    A rate limit is waited for; a call that may be repeated is, after any passing failure. Of the
    others the caller alone knows what to do when the outcome is unknown.
    """

    def __init__(self, door: SlackDoor, pacer: Pacer, clock: Clock) -> None:
        self._door = door
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
        if method not in READS:
            require_lease()
        try:
            return (await self._door.send(method, arguments)).data
        except SlackRefused as refusal:
            if refusal.retry_after_s is not None:
                log.warning("Slack limits %s: paused for %.1f s", method, refusal.retry_after_s)
                self.pacer.pause(method, channel, refusal.retry_after_s)
            raise


def _channel(arguments: Mapping[str, Any]) -> str:
    return str(arguments.get("channel") or arguments.get("channel_id") or "")
