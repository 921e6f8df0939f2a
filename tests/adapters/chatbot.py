"""A chatbot that does what a test tells it: keeps what it is told, and answers by a script."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.document import Document, Text
from core.draft import Draft, Ending
from core.errors import NotStored
from core.ports import CommandSummary
from core.turn import QueuedMessage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.conversation import (
        Author,
        CommandCall,
        ConversationKey,
        InboundMessage,
        MessageRef,
        Reaction,
    )
    from core.ports import Acceptance, Platform

    Script = Callable[[Draft], Awaitable[None]]

RATED = Ending("answered", can_rate=True)


def says(*deltas: str, ending: Ending = RATED) -> Script:
    async def script(draft: Draft) -> None:
        for delta in deltas:
            draft.append(delta)
            await asyncio.sleep(0)
        draft.end(ending)

    return script


@dataclass
class ScriptedChatbot:
    """Implements core.ports.Chatbot; answers every new message with `script`."""

    script: Script = field(default_factory=lambda: says("Hello."))
    platform: Platform | None = None
    stored: bool = True
    document: Document = field(default_factory=lambda: Document("Title", (Text("Body"),)))
    accepted: list[InboundMessage] = field(default_factory=list)
    duplicates: list[InboundMessage] = field(default_factory=list)
    reactions: list[Reaction] = field(default_factory=list)
    calls: list[CommandCall] = field(default_factory=list)
    stops: list[tuple[ConversationKey, Author]] = field(default_factory=list)
    retries: list[tuple[MessageRef, str, str]] = field(default_factory=list)
    edits: list[tuple[MessageRef, str]] = field(default_factory=list)
    deletions: list[MessageRef] = field(default_factory=list)
    to_remove: Sequence[MessageRef] = ()
    saved: dict[str, list[MessageRef]] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)
    turns: list[asyncio.Task[None]] = field(default_factory=list)

    async def accept(self, message: InboundMessage) -> Acceptance:
        self._fail_if_told()
        if any(message.ref == known.ref for known in self.accepted):
            self.duplicates.append(message)
            return "duplicate"
        self.accepted.append(message)
        if self.platform is not None and message.address != "thread":
            self.turns.append(asyncio.create_task(self.answer(message)))
        return "accepted"

    async def answer(self, message: InboundMessage, **changes: object) -> Draft:
        """Run a turn as the engine does; `changes` are those of the queued message."""
        if self.platform is None:
            raise ValueError("no platform to answer on")
        queued = QueuedMessage("turn-1", 1, "question", message, message.sent_at, **changes)  # type: ignore[arg-type]  # fields of the dataclass, by name
        parts = self.saved.setdefault(message.ref.message_id, list(queued.parts))

        async def save(ref: MessageRef) -> None:
            parts.append(ref)

        draft = Draft()
        self.drafts.append(draft)
        reply = self.platform.replies.open(queued)
        script = asyncio.ensure_future(self.script(draft))
        try:
            await reply.write(draft, queued.parts, save)
        finally:
            script.cancel()
        return draft

    async def react(self, reaction: Reaction) -> None:
        self._fail_if_told()
        self.reactions.append(reaction)

    async def run(self, call: CommandCall) -> Document:
        self.calls.append(call)
        return self.document

    async def stop(self, conversation: ConversationKey, author: Author) -> bool:
        self.stops.append((conversation, author))
        return True

    async def again(self, ref: MessageRef, author: Author, click_id: str) -> bool:
        self.retries.append((ref, author.user_id, click_id))
        return True

    async def edited(
        self, ref: MessageRef, text: str, question: InboundMessage | None = None
    ) -> None:
        if question is not None and all(question.ref != known.ref for known in self.accepted):
            await self.accept(question)
        else:
            self.edits.append((ref, text))

    async def deleted(self, ref: MessageRef) -> Sequence[MessageRef]:
        self.deletions.append(ref)
        return self.to_remove

    def commands(self) -> Sequence[CommandSummary]:
        return [CommandSummary("stats", "Numbers", "stats [24h]")]

    def _fail_if_told(self) -> None:
        if not self.stored:
            raise NotStored("told to")
