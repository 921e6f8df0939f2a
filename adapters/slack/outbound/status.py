"""The line under a thread that says what the bot is doing, and Slack's own stop button."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from adapters.slack.web.errors import SlackRefused, SlackUnreachable
from adapters.slack.web.limits import STATUS_CHARS
from adapters.slack.web.pacer import Urgency
from core.errors import OwnershipLost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.slack.place import Place
    from adapters.slack.web.api import SlackApi
    from adapters.wire.background import Background

UNAVAILABLE = frozenset({"unknown_method", "missing_scope", "not_allowed_token_type"})

log = logging.getLogger(__name__)


class StatusLines:
    """For the whole workspace: what Slack does not offer here is not asked for again."""

    def __init__(self, api: SlackApi, background: Background) -> None:
        self.api = api
        self.background = background
        self.refused: set[str] = set()


class StatusLine:
    """Best effort, in the background: text never waits for it. One status at a time; the newest
    wins."""

    def __init__(self, lines: StatusLines, place: Place) -> None:
        self._lines = lines
        self._place = place
        self._wanted = ""
        self._sent = ""
        self._sending: asyncio.Task[None] | None = None
        self._session: asyncio.Task[None] | None = None

    def show(self, status: str) -> None:
        """An empty status takes the line away; outside of threads there is none."""
        if not self._place.thread_ts:
            return
        self._wanted = status[:STATUS_CHARS]
        if self._wanted != self._sent and (self._sending is None or self._sending.done()):
            self._sending = asyncio.create_task(self._send())

    def begin_session(self) -> None:
        """Slack offers its stop button while the session is processing; in its agent pane only."""
        if self._place.direct and self._place.thread_ts and self._session is None:
            self._session = asyncio.create_task(self._set_session("processing"))

    def end(self) -> None:
        """The answer is complete."""
        self.show("")
        if self._session is not None:
            self._lines.background.start(self._end_session(self._session))

    def cancel(self) -> None:
        for task in (self._sending, self._session):
            if task is not None:
                task.cancel()

    async def _send(self) -> None:
        while self._sent != self._wanted:
            status = self._wanted
            await self._try(
                "assistant.threads.setStatus",
                {
                    "channel_id": self._place.channel,
                    "thread_ts": self._place.thread_ts,
                    "status": status,
                },
            )
            self._sent = status

    async def _end_session(self, begun: asyncio.Task[None]) -> None:
        await asyncio.wait({begun})
        await self._set_session("active")

    async def _set_session(self, status: str) -> None:
        await self._try(
            "agents.sessions.setStatus",
            {
                "channel_id": self._place.channel,
                "thread_ts": self._place.thread_ts,
                "status": status,
            },
        )

    async def _try(self, method: str, arguments: Mapping[str, Any]) -> None:
        if method in self._lines.refused:
            return
        try:
            await self._lines.api.call_now(method, arguments, Urgency.FIRST)
        except SlackRefused as refusal:
            if refusal.code in UNAVAILABLE:
                self._lines.refused.add(method)
            log.debug("%s: %s", method, refusal)
        except (SlackUnreachable, OwnershipLost) as failure:
            log.debug("%s: %s", method, failure)
