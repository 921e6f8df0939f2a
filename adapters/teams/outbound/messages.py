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
from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from adapters.teams.outbound.connector import Connector
    from adapters.teams.place import Place

    Json = dict[str, Any]

END_TRIES: Final = 4
STOPPED_MARK: Final = "cancel"
"""In the refusal of a piece of text: the asker has pressed Stop."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Below:
    """What stands below the text of a message."""

    choices: tuple[tuple[Json, ...], ...] = ((),)
    """Cards, best first; the next ones are for a Teams that refuses those before."""
    line: str = ""
    """Markdown that ends the text, apart from it."""
    can_rate: bool = False

    def written(self, place: Place, text: str) -> Iterator[Json]:
        """The message with this below its text, best first; those with a card have attachments."""
        by_model = bool(text)
        text = "\n\n".join(filter(None, (text.rstrip(), self.line))) if self.line else text
        for cards in self.choices:
            yield to_message(place, text, cards, by_model=by_model, can_rate=self.can_rate)


class SilencedMessage:
    """Stands for all that would follow a message that its reader has stopped."""

    method = "edit"
    next_in_s = 0.0

    def __init__(self, stopped_id: str) -> None:
        self.message_id = stopped_id
        self.shown = ""

    async def show(self, text: str) -> bool:
        self.shown = text
        return True

    async def finish(self, text: str, below: Below) -> None:  # noqa: ARG002 - the protocol's
        self.shown = text


def is_open_stream(refusal: TeamsRefused) -> bool:
    """Whether an edit was refused because the message is still being streamed."""
    return refusal.code == STREAM_REFUSED and not is_stop(refusal)


def is_stop(refusal: TeamsRefused) -> bool:
    """Whether the asker has pressed Teams' own stop button below the stream."""
    return refusal.code == STREAM_REFUSED and STOPPED_MARK in refusal.message.lower()


class EditedMessage:
    """The whole message is written anew each time, so no outcome is in doubt."""

    method = "edit"
    next_in_s = 0.0

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
            if is_open_stream(refusal):
                if not await self._end_stream(activity):
                    return False
            else:
                self._read_end(refusal)
        self.shown = text
        return True

    async def finish(self, text: str, below: Below) -> None:
        for activity in below.written(self._place, text):
            try:
                await self._put(activity)
            except TeamsRefused as refusal:
                if "attachments" in activity and refusal.status == 400:
                    log.warning("Teams refused a card (%s); trying a simpler one", refusal.code)
                    continue
                self._read_end(refusal)
            except TeamsUnreachable as failure:
                raise delivery_error("edit", failure) from failure
            self.shown = text
            return

    async def _put(self, activity: Json) -> None:
        for _ in range(END_TRIES):
            try:
                await self._connector.update(self._place, self.message_id, activity)
            except TeamsRefused as refusal:
                if not is_open_stream(refusal):
                    raise
                if await self._end_stream(activity):
                    return
            else:
                return
        raise DeliveryError("stream: no answer whether it has ended", retryable=True)

    def _read_end(self, refusal: TeamsRefused) -> None:
        """Returns when nothing is left to do; else raises what it means for the answer."""
        if is_stop(refusal):
            self._on_stop()
        elif refusal.is_message_gone:
            raise MessageGone from refusal
        elif refusal.is_too_large:
            raise MessageTooLong from refusal
        else:
            raise delivery_error("edit", refusal) from refusal

    async def _end_stream(self, activity: Json) -> bool:
        """An earlier run, or a request without an answer, has left the stream of this message open:
        it ends with this text if that goes on from what is shown. Otherwise the message goes.
        False: again no answer."""
        try:
            await self._connector.post(self._place, to_stream_end(activity, self.message_id))
        except TeamsUnreachable:
            return False
        except TeamsRefused as refusal:
            if refusal.is_place_gone:
                raise delivery_error("stream", refusal) from refusal
            log.info("an open stream does not go on; it is removed (%s)", refusal)
            with contextlib.suppress(TeamsRefused, TeamsUnreachable):
                await self._connector.delete(self._place, self.message_id)
            raise MessageGone from refusal
        return True
