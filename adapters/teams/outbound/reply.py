"""The way back to one message in Teams."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapters.teams.drawing.card import draw, to_attachment, to_summary
from adapters.teams.outbound.activities import SHELL_TEXT, to_message
from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable, delivery_error
from adapters.teams.outbound.outlet import LIMITS, TeamsOutlet, to_below
from adapters.teams.outbound.status import StatusLine
from adapters.teams.place import Place
from adapters.wire.answers import AnswerWriter
from core.document import Chart
from core.errors import DeliveryError
from core.reports.plain import to_plain_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from adapters.teams.outbound.connector import Connector
    from core.conversation import InboundMessage, MessageRef
    from core.document import Document
    from core.draft import Draft
    from core.ports import Clock
    from core.turn import QueuedMessage

    Save = Callable[[MessageRef], Awaitable[None]]

Json = dict[str, Any]


class TeamsReplies:
    """Opens replies; everything that they share is here."""

    def __init__(self, connector: Connector, clock: Clock) -> None:
        self.connector = connector
        self.clock = clock
        self.on_stop: Callable[[InboundMessage], None] = lambda _: None
        """Called with the question of an answer below which Teams' own stop button was pressed."""
        self.on_answer: Callable[[Place, MessageRef], None] = lambda *_: None
        """Called with each message of an answer, for those who rate it without saying which."""

    def open(self, queued: QueuedMessage) -> TeamsReply:
        message = queued.message
        return TeamsReply(self, Place.read(message.reply_to), lambda: self.on_stop(message))


class TeamsReply:
    """What a crash leaves between posting and saving is an empty message or a stream without
    text: Teams offers a bot no way to look for its own messages."""

    def __init__(
        self, replies: TeamsReplies, place: Place, on_stop: Callable[[], None] = lambda: None
    ) -> None:
        self._replies = replies
        self._on_stop = on_stop
        self._connector = replies.connector
        self._place = place

    async def write(self, draft: Draft, parts: Sequence[MessageRef], save: Save) -> None:
        replies, place = self._replies, self._place

        async def keep(ref: MessageRef) -> None:
            await save(ref)
            replies.on_answer(place, ref)

        outlet = TeamsOutlet(self._connector, replies.clock, place, self._on_stop)
        status = StatusLine(outlet, self._connector, place, replies.clock)
        outlet.on_begin = status.look
        status.begin(draft)
        writer = AnswerWriter(outlet, status, replies.clock, to_below, LIMITS)
        try:
            await writer.write(draft, parts, (), keep)
        finally:
            status.cancel()

    async def post(self, document: Document, parts: Sequence[MessageRef], save: Save) -> None:
        """One message: a shell first, as with an answer, unless a message is there already."""
        known = [part.message_id for part in parts]
        if await self._fill_first(known, document):
            return
        try:
            shell = to_message(self._place, SHELL_TEXT)
            message_id = await self._connector.create(self._place, shell)
        except (TeamsRefused, TeamsUnreachable) as failure:
            raise delivery_error("post", failure) from failure
        await save(self._place.ref(message_id))
        if not await self._fill_first([message_id], document):
            raise DeliveryError("the message of the report vanished", retryable=True)

    async def whisper(self, document: Document) -> None:
        """In a chat with others Teams can show a message to one person; where it refuses that,
        everybody sees it."""
        place = self._place
        private = place if place.kind == "personal" else replace(place, targeted=True)
        try:
            await self._say(private, document)
        except TeamsRefused as refusal:
            is_limited = refusal.retry_after_s is not None
            if private is place or refusal.is_place_gone or place.targeted or is_limited:
                raise delivery_error("whisper", refusal) from refusal
            await self._say_to_all(document)
        except TeamsUnreachable as failure:
            raise delivery_error("whisper", failure) from failure

    async def _say_to_all(self, document: Document) -> None:
        try:
            await self._say(self._place, document)
        except (TeamsRefused, TeamsUnreachable) as failure:
            raise delivery_error("whisper", failure) from failure

    async def _say(self, place: Place, document: Document) -> None:
        for activity in to_choices(place, document):
            try:
                await self._connector.post(place, activity)
            except TeamsRefused as refusal:
                if refusal.status == 400 and "attachments" in activity:
                    continue
                raise
            return

    async def _fill_first(self, known: Sequence[str], document: Document) -> bool:
        """Into the first message that is still there; the ones behind it go. False: none is."""
        for at, message_id in enumerate(known):
            if not await self._fill(message_id, document):
                continue
            for stale in known[at + 1 :]:
                outlet = TeamsOutlet(
                    self._connector, self._replies.clock, self._place, self._on_stop
                )
                await outlet.remove(stale)
            return True
        return False

    async def _fill(self, message_id: str, document: Document) -> bool:
        """False: the message is gone. A card that Teams refuses is tried in simpler forms."""
        for activity in to_choices(self._place, document):
            try:
                await self._connector.update(self._place, message_id, activity)
            except TeamsRefused as refusal:
                if refusal.is_message_gone:
                    return False
                if refusal.status != 400 or "attachments" not in activity:
                    raise delivery_error("edit", refusal) from refusal
            except TeamsUnreachable as failure:
                raise delivery_error("edit", failure) from failure
            else:
                return True
        return False


def to_choices(place: Place, document: Document) -> Iterator[Json]:
    """A report as a message, best first: a card, one without charts, plain text."""
    summary = to_summary(document)
    yield to_message(place, "", [to_attachment(draw(document))], summary=summary)
    if any(isinstance(block, Chart) for block in document.blocks):
        card = to_attachment(draw(document, charts=False))
        yield to_message(place, "", [card], summary=summary)
    yield to_message(place, f"```\n{to_plain_text(document)}\n```")
