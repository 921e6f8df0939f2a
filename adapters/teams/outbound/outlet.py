"""How an answer is written in Teams: one chat or thread, and its messages."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Final

from adapters.teams.drawing.ending import to_attachments, to_line
from adapters.teams.drawing.message import MessageText
from adapters.teams.outbound.activities import SHELL_TEXT, to_message, to_stream
from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable, delivery_error
from adapters.teams.outbound.messages import Below, EditedMessage, SilencedMessage
from adapters.teams.outbound.streamed import StreamedMessage
from core.errors import DeliveryError
from core.text.flow import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from adapters.teams.outbound.connector import Connector
    from adapters.teams.place import Place
    from adapters.wire.answers import Message
    from core.conversation import MessageRef
    from core.draft import Draft
    from core.ports import Clock

THINKING: Final = "Thinking…"
_ESCAPED: Final = re.compile(r'["\\\n\t]')
"""JSON writes two signs for each of these."""
MESSAGE_BYTES: Final = 24_000
"""Teams takes about 28 KB, whatever else is in them, counted in UTF-16:
https://learn.microsoft.com/en-us/microsoftteams/limits-specifications-teams#chat"""

log = logging.getLogger(__name__)


def size_of(text: str) -> int:
    """Bytes of a text on its way and in Teams' own counting, whichever are more."""
    escapes = 2 * len(_ESCAPED.findall(text))
    if text.isascii():
        return 2 * len(text) + escapes
    return escapes + sum(2 if char < "\u0800" else 3 if char < "\U00010000" else 4 for char in text)


LIMITS: Final = Limits(message=MESSAGE_BYTES, smaller=6_000, size=size_of, dialect=MessageText)


class TeamsOutlet:
    """adapters.wire.answers.Outlet."""

    def __init__(
        self, connector: Connector, clock: Clock, place: Place, on_stop: Callable[[], None]
    ) -> None:
        self._connector = connector
        self._clock = clock
        self._place = place
        self._on_stop = on_stop
        self._may_stream = place.kind == "personal"
        self._may_open = True
        self._current_id = ""
        self._is_stopped = False
        self.on_begin: Callable[[], None] = lambda: None
        """Called when text may go into a message."""
        self.streamed: StreamedMessage | None = None
        """The message that is streamed now, or was last."""

    def ref(self, message_id: str) -> MessageRef:
        return self._place.ref(message_id)

    async def open_now(
        self,
        taken: Collection[str],  # noqa: ARG002 - Teams lists no messages to compare with
    ) -> Message[Below] | None:
        if self._is_stopped:
            return SilencedMessage(self._current_id)
        if not self._may_open:
            return None
        if self._may_stream:
            message = await self._start_stream()
            if message is not None or self._may_stream:
                self.streamed = message
                self._current_id = message.message_id if message else ""
                return message
        message_id = await self._post_shell()
        return self.reuse(message_id) if message_id else None

    def reuse(self, message_id: str) -> Message[Below]:
        self.streamed = None
        self._current_id = message_id
        return EditedMessage(self._connector, self._place, message_id, self._note_stop)

    def _note_stop(self) -> None:
        if not self._is_stopped:
            self._is_stopped = True
            self._on_stop()

    async def post_whole(
        self,
        text: str,
        below: Below,
        taken: Collection[str],  # noqa: ARG002 - Teams lists no messages to compare with
    ) -> str:
        for activity in below.written(self._place, text):
            try:
                return await self._connector.create(self._place, activity)
            except TeamsRefused as refusal:
                if "attachments" not in activity or refusal.status != 400:
                    raise delivery_error("post", refusal) from refusal
            except TeamsUnreachable as failure:
                raise delivery_error("post", failure) from failure
        raise DeliveryError("post: refused even without a card")

    async def remove(self, message_id: str) -> None:
        try:
            await self._connector.delete(self._place, message_id)
        except (TeamsRefused, TeamsUnreachable) as failure:
            log.info("a message was not removed: %s", failure)

    def enter(self, method: str) -> None:  # noqa: ARG002 - one budget for all
        self._connector.pace.enter()
        self.on_begin()

    def leave(self, method: str) -> None:  # noqa: ARG002 - one budget for all
        self._connector.pace.leave()

    def interval_s(self, method: str) -> float:  # noqa: ARG002 - one budget for all
        return self._connector.pace.interval_s()

    async def _start_stream(self) -> StreamedMessage | None:
        """None: Teams takes no stream here."""
        activity = to_stream(self._place, "informative", THINKING, 1)
        try:
            stream_id = await self._connector.create(self._place, activity)
        except TeamsRefused as refusal:
            if refusal.is_place_gone:
                raise delivery_error("stream", refusal) from refusal
            log.warning("Teams takes no stream (%s); editing instead", refusal)
            self._may_stream = False
            return None
        except TeamsUnreachable as failure:
            # If it was begun, Teams ends it by itself, and nothing was in it.
            self._may_stream = not failure.sent
            return None
        return StreamedMessage(
            self._connector, self._clock, self._place, stream_id, self._note_stop
        )

    async def _post_shell(self) -> str:
        """Empty: nobody knows whether there is one. Then no second one is tried, as Teams shows a
        bot no list of its messages: the answer is posted whole at its end."""
        try:
            return await self._connector.create(self._place, to_message(self._place, SHELL_TEXT))
        except TeamsRefused as refusal:
            raise delivery_error("post", refusal) from refusal
        except TeamsUnreachable as failure:
            log.warning("a message was perhaps not begun: %s", failure)
            self._may_open = not failure.sent
            return ""


def to_below(draft: Draft, is_last: bool) -> Below:
    if not is_last:
        return Below()
    if draft.ending is None:
        raise ValueError("the draft has not ended")
    ending = draft.ending
    cards = tuple(to_attachments(ending))
    return Below((cards, ()) if cards else ((),), to_line(ending), ending.can_rate)
