"""What the bot is shown to be doing before its first words."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from adapters.teams.outbound.activities import to_typing
from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable
from adapters.wire.answers import MessageGone, MessageTooLong, StreamOver
from core.errors import DeliveryError, OwnershipLost

if TYPE_CHECKING:
    from adapters.teams.outbound.connector import Connector
    from adapters.teams.outbound.outlet import TeamsOutlet
    from adapters.teams.place import Place
    from core.draft import Draft
    from core.ports import Clock

TYPING_S: Final = 3.5
"""Teams shows that somebody types for a few seconds."""

log = logging.getLogger(__name__)


class StatusLine:
    """adapters.wire.answers.Status: in a stream its own line, elsewhere that the bot is typing."""

    def __init__(
        self, outlet: TeamsOutlet, connector: Connector, place: Place, clock: Clock
    ) -> None:
        self._outlet = outlet
        self._connector = connector
        self._place = place
        self._clock = clock
        self._wanted = ""
        self._told = ""
        self._telling: asyncio.Task[None] | None = None
        self._typing: asyncio.Task[None] | None = None

    def begin(self, draft: Draft) -> None:
        if self._place.kind != "personal":
            self._typing = asyncio.create_task(self._type(draft))

    def show(self, status: str) -> None:
        self._wanted = status
        self.look()

    def look(self) -> None:
        """Whether there is something to show it in by now."""
        status = self._wanted
        is_new = bool(status) and status != self._told
        if is_new and (self._telling is None or self._telling.done()):
            self._telling = asyncio.create_task(self._tell())

    def end(self) -> None:
        self.cancel()

    def cancel(self) -> None:
        for task in (self._telling, self._typing):
            if task is not None:
                task.cancel()

    async def _tell(self) -> None:
        while self._wanted and self._wanted != self._told and (at := self._outlet.streamed):
            status = self._told = self._wanted
            try:
                await at.show_status(status)
            except (
                StreamOver,
                MessageGone,
                MessageTooLong,
                DeliveryError,
                OwnershipLost,
            ) as failure:
                log.debug("a status was not shown: %s", failure)
                return

    async def _type(self, draft: Draft) -> None:
        """Until the first text: then the message itself shows that it grows."""
        while draft.first_visible_at is None:
            try:
                if self._connector.pace.try_take(self._place.conversation):
                    await self._connector.say(self._place, to_typing(self._place))
            except (TeamsRefused, TeamsUnreachable, OwnershipLost) as failure:
                log.debug("that the bot is typing was not shown: %s", failure)
            await self._clock.sleep(TYPING_S)
