"""A message of an answer that is edited, and what stands below every one."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from adapters.teams.outbound.activities import to_message, to_stream_end
from adapters.teams.outbound.errors import (
    STREAM_REFUSED,
    TeamsRefused,
    TeamsUnreachable,
    delivery_error,
)
from adapters.wire.answers import MessageGone, MessageTooLong

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from adapters.teams.outbound.connector import Connector
    from adapters.teams.place import Place

    Json = dict[str, Any]

STOPPED_MARK: Final = "cancel"
"""In the refusal of a piece of text: the asker has pressed Stop."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below the text of a message."""

    choices: tuple[tuple[Json, ...], ...] = ((),)
    """Cards, best first; the next ones are for a Teams that refuses those before."""
    can_rate: bool = False


def is_stop(refusal: TeamsRefused) -> bool:
    """Whether the asker has pressed Teams' own stop button below the stream."""
    return refusal.code == STREAM_REFUSED and STOPPED_MARK in refusal.message.lower()


class EditedMessage:
    """The whole message is written anew each time, so no outcome is in doubt."""

    method = "edit"

    def __init__(
        self, connector: Connector, place: Place, message_id: str, on_stop: Callable[[], None]
    ) -> None:
        self._connector = connector
        self._place = place
        self._on_stop = on_stop
        self.message_id = message_id
        self.shown = ""

    async def show(self, text: str) -> bool:
        if not self._connector.pace.try_take(self._place.conversation):
            return False
        activity = to_message(self._place, text, by_model=True)
        try:
            await self._connector.update_now(self._place, self.message_id, activity)
        except TeamsUnreachable:
            return False
        except TeamsRefused as refusal:
            if refusal.retry_after_s is not None or refusal.is_too_large or refusal.status == 400:
                return False  # its end will show whether it is as bad as that
            await self._read_end(refusal, activity)
        self.shown = text
        return True

    async def finish(self, text: str, below: Below) -> None:
        for cards in below.choices:
            activity = to_message(
                self._place, text, cards, by_model=bool(text), can_rate=below.can_rate
            )
            try:
                await self._connector.update(self._place, self.message_id, activity)
            except TeamsRefused as refusal:
                if cards and refusal.status == 400:
                    log.warning("Teams refused a card (%s); trying a simpler one", refusal.code)
                    continue
                await self._read_end(refusal, activity)
            except TeamsUnreachable as failure:
                raise delivery_error("edit", failure) from failure
            self.shown = text
            return

    async def _read_end(self, refusal: TeamsRefused, activity: Json) -> None:
        """Returns when nothing is left to do; else raises what it means for the answer."""
        if is_stop(refusal):
            self._on_stop()
        elif refusal.code == STREAM_REFUSED:
            await self._end_stream(activity)
        elif refusal.is_message_gone:
            raise MessageGone from refusal
        elif refusal.is_too_large:
            raise MessageTooLong from refusal
        else:
            raise delivery_error("edit", refusal) from refusal

    async def _end_stream(self, activity: Json) -> None:
        """An earlier run, or a request without an answer, has left the stream of this message open:
        it ends with this text if that goes on from what is shown. Otherwise the message goes."""
        try:
            await self._connector.post(self._place, to_stream_end(activity, self.message_id))
        except TeamsUnreachable as failure:
            raise delivery_error("stream", failure) from failure
        except TeamsRefused as refusal:
            if refusal.is_place_gone:
                raise delivery_error("stream", refusal) from refusal
            log.info("an open stream does not go on; it is removed (%s)", refusal)
            with contextlib.suppress(TeamsRefused, TeamsUnreachable):
                await self._connector.delete(self._place, self.message_id)
            raise MessageGone from refusal
