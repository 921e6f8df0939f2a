"""A chat platform for tests: it keeps what it was shown, and refuses when told to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from core.conversation import MessageRef
from core.errors import DeliveryError
from core.lease import require_lease
from core.ports import Platform

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.conversation import Attachment, Author, InboundMessage
    from core.document import Document
    from core.draft import Draft, Ending
    from core.ports import Clock
    from core.turn import QueuedMessage, Said


@dataclass
class Shown:
    """One message on the screen."""

    ref: MessageRef
    text: str = ""
    states: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    ending: Ending | None = None
    document: Document | None = None
    turn_id: str = ""


class FakeReply:
    def __init__(self, chat: FakeChat, queued: QueuedMessage) -> None:
        self._chat = chat
        self._queued = queued

    async def write(
        self,
        draft: Draft,
        parts: Sequence[MessageRef],
        save: Callable[[MessageRef], Awaitable[None]],
    ) -> None:
        shown = await self._shell(parts, save)
        seen = -1
        while draft.ending is None:
            seen = await draft.changed(seen)
            require_lease()
            shown.text = draft.text
            shown.states.append(draft.text)
            if draft.status:
                shown.statuses.append(draft.status)
            if draft.text and draft.first_visible_at is None:
                draft.first_visible_at = self._chat.clock.monotonic()
            self._chat.note()
        require_lease()
        shown.text, shown.ending, shown.document = draft.text, draft.ending, None
        self._chat.note()

    async def post(
        self,
        document: Document,
        parts: Sequence[MessageRef],
        save: Callable[[MessageRef], Awaitable[None]],
    ) -> None:
        shown = await self._shell(parts, save)
        shown.document = document
        self._chat.note()

    async def whisper(self, document: Document) -> None:
        self._chat.fail_if_told()
        self._chat.whispers.append((self._queued.message.author.user_id, document))
        self._chat.note()

    async def _shell(
        self, parts: Sequence[MessageRef], save: Callable[[MessageRef], Awaitable[None]]
    ) -> Shown:
        self._chat.fail_if_told()
        there = [ref for ref in dict.fromkeys(parts) if ref in self._chat.shown]
        for stale in there[1:]:
            del self._chat.shown[stale]
        if there:
            return self._chat.shown[there[0]]
        if self._queued.recovered and (lost := self._lost()):
            await save(lost.ref)
            return lost
        self._chat.counter += 1
        asked = self._queued.message.ref
        channel = self._queued.message.reply_to or asked.channel
        ref = MessageRef(asked.platform, asked.workspace, channel, f"answer-{self._chat.counter}")
        shown = self._chat.shown[ref] = Shown(ref, turn_id=self._queued.turn_id)
        await save(ref)
        return shown

    def _lost(self) -> Shown | None:
        """An empty message that an earlier run made and could not store."""
        found = self._chat.shown.values()
        return next((one for one in found if one.turn_id == self._queued.turn_id), None)


class FakeChat:
    """Replies, Transcript, Attachments and Announcer in one; `platform` is what the engine gets."""

    def __init__(self, clock: Clock, name: str = "fake") -> None:
        self.clock = clock
        self.counter = 0
        self.shown: dict[MessageRef, Shown] = {}
        self.whispers: list[tuple[str, Document]] = []
        self.said: list[Said] = []
        self.deleted: set[str] = set()
        """Ids among those in `said`."""
        self.files: dict[str, bytes] = {}
        self.failures: list[DeliveryError] = []
        """Raised one by one, before anything is shown."""
        self.unreadable: DeliveryError | None = None
        """Raised instead of what was said."""
        self.asked_since: list[str | None] = []
        self.names: dict[str, str] = {}
        """Learned when an answer begins; who is not in it keeps the name of the message."""
        self.not_there: set[str] = set()
        """Channels without the bot."""
        self.platform = Platform(name, self, self, self, self, announcer=self)
        self._noted = asyncio.Event()

    def open(self, queued: QueuedMessage) -> FakeReply:
        return FakeReply(self, queued)

    async def before(
        self, message: InboundMessage, since: str | None, limit: int
    ) -> Sequence[Said]:
        self.asked_since.append(since)
        if self.unreadable is not None:
            raise self.unreadable
        ids = [one.message_id for one in self.said]
        end = ids.index(message.ref.message_id) if message.ref.message_id in ids else len(ids)
        start = ids.index(since) + 1 if since in ids else 0
        said = [one for one in self.said[start:end] if one.message_id not in self.deleted]
        return said[-limit:] if limit > 0 else []

    async def read(
        self, message: InboundMessage, attachment: Attachment, limit_bytes: int
    ) -> bytes:
        data = self.files.get(attachment.locator)
        if data is None or len(data) > limit_bytes:
            raise DeliveryError("no such file, or too large")
        return data

    async def named(self, author: Author) -> Author:
        return replace(author, name=self.names.get(author.user_id, author.name))

    async def place(self, workspace: str, channel: str) -> str:
        self.fail_if_told()
        if channel in self.not_there:
            raise DeliveryError(f"not in {channel}")
        return f"dm-of-{channel}" if channel.startswith("person-") else channel

    @property
    def answers(self) -> list[Shown]:
        """Messages in the order in which they appeared."""
        return list(self.shown.values())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something on the screen makes the condition true."""
        while not condition():
            self._noted.clear()
            await self._noted.wait()

    def note(self) -> None:
        self._noted.set()

    def fail_if_told(self) -> None:
        require_lease()
        if self.failures:
            raise self.failures.pop(0)
