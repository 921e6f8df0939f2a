"""The way back to one message in Slack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.slack.outbound.answer import LIMITS, SlackOutlet, to_below
from adapters.slack.outbound.draw import draw, has_chart, to_text
from adapters.slack.outbound.messages import to_fallback
from adapters.slack.outbound.opening import SHELL_TEXT
from adapters.slack.outbound.removing import remove
from adapters.slack.outbound.status import StatusLine
from adapters.slack.place import Place
from adapters.slack.web.errors import SlackRefused, SlackUnreachable, delivery_error
from adapters.wire.answers import AnswerWriter, MessageGone
from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from adapters.slack.outbound.messages import BlockChoices
    from adapters.slack.outbound.opening import Opener
    from adapters.slack.outbound.status import StatusLines
    from adapters.slack.web.api import SlackApi
    from core.conversation import MessageRef
    from core.document import Document
    from core.draft import Draft
    from core.ports import Clock
    from core.turn import QueuedMessage

    Save = Callable[[MessageRef], Awaitable[None]]
    IsKnown = Callable[[MessageRef], Awaitable[bool]]

Json = dict[str, Any]


class SlackReplies:
    """Opens replies; everything that the workspace's replies share is here."""

    def __init__(self, api: SlackApi, clock: Clock, opener: Opener, lines: StatusLines) -> None:
        self.api = api
        self.clock = clock
        self.opener = opener
        self.lines = lines
        self.is_known: IsKnown | None = None
        """Whether a message belongs to a recorded answer; lets a crash between posting and
        recording be mended even for messages that carry text."""

    def open(self, queued: QueuedMessage) -> SlackReply:
        return SlackReply(self, queued)


class SlackReply:
    def __init__(self, replies: SlackReplies, queued: QueuedMessage) -> None:
        self._replies = replies
        self._place = Place.read(queued.message.reply_to)
        self._recovered = queued.recovered

    async def write(self, draft: Draft, parts: Sequence[MessageRef], save: Save) -> None:
        replies = self._replies
        status = StatusLine(replies.lines, self._place)
        status.begin_session()
        orphans = await self._orphans(parts)
        outlet = SlackOutlet(replies.api, replies.opener, self._place)
        writer = AnswerWriter(outlet, status, replies.clock, to_below, LIMITS)
        await writer.write(draft, parts, orphans, save)

    async def post(self, document: Document, parts: Sequence[MessageRef], save: Save) -> None:
        """One message: a shell first, as with an answer, unless a message is there already."""
        known = [part.message_id for part in parts]
        for ts in await self._orphans(parts):
            await save(self._place.ref(ts))
            known.append(ts)
        if await self._fill_first(known, document):
            return
        shell = {"markdown_text": SHELL_TEXT}
        ts = await self._replies.opener.post(self._place, shell, [])
        await save(self._place.ref(ts))
        if not await self._fill_first([ts], document):
            raise DeliveryError("the message of the report vanished", retryable=True)

    async def whisper(self, document: Document) -> None:
        place = self._place
        for blocks in _document_choices(document):
            arguments = {
                "channel": place.channel,
                "user": place.user,
                "thread_ts": place.thread_ts,
                "text": to_fallback(to_text(document)),
                "blocks": blocks,
            }
            method = "chat.postMessage" if place.direct else "chat.postEphemeral"
            try:
                await self._replies.api.call(
                    method, arguments | {"unfurl_links": False, "unfurl_media": False}
                )
            except SlackRefused as refusal:
                if blocks and refusal.code.startswith("invalid_"):
                    continue
                raise delivery_error(method, refusal) from refusal
            except SlackUnreachable as failure:
                raise delivery_error(method, failure) from failure
            return

    async def _fill_first(self, known: Sequence[str], document: Document) -> bool:
        """Into the first message that is still there; the ones behind it go. False: none is."""
        for at, ts in enumerate(known):
            message = self._replies.opener.reuse(self._place, ts)
            try:
                await message.finish("", _document_choices(document))
            except MessageGone:
                continue
            for stale in known[at + 1 :]:
                await remove(self._replies.api, self._place.channel, stale)
            return True
        return False

    async def _orphans(self, parts: Sequence[MessageRef]) -> Sequence[str]:
        if not self._recovered:
            return ()
        taken = {part.message_id for part in parts}
        replies = self._replies
        return await replies.opener.find_orphans(self._place, taken, replies.is_known)


def _document_choices(document: Document) -> BlockChoices:
    blocks = draw(document)
    if not has_chart(document):
        return (blocks, [])
    return (blocks, draw(document, charts=False), [])
