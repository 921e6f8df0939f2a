"""The one door of core: what channel adapters call (core.ports.Chatbot), and nothing behind it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.correlation import correlated
from core.errors import DeliveryError
from core.notices import build_notice
from core.turn import QueuedMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.commands import Commands
    from core.conversation import (
        Author,
        CommandCall,
        ConversationKey,
        InboundMessage,
        MessageRef,
        Reaction,
    )
    from core.document import Document
    from core.feedback import Feedback
    from core.people.access import Access
    from core.ports import (
        Acceptance,
        Clock,
        CommandSummary,
        FollowUps,
        Ids,
        Inbox,
        Platform,
        Receipt,
        Stops,
        Turns,
    )
    from core.turns.workers import Workers

logger = logging.getLogger(__name__)

NOT_ALLOWED_NOTICE_S = 3600.0
"""A person without access is told once in this time, not at every message."""
REMEMBERED_PEOPLE = 1000


@dataclass(frozen=True, slots=True)
class DeskParts:
    inbox: Inbox
    stops: Stops
    turns: Turns
    workers: Workers
    commands: Commands
    feedback: Feedback
    access: Access
    platforms: Mapping[str, Platform]
    clock: Clock
    ids: Ids
    follow_ups: FollowUps
    on_duplicate: Callable[[str], None]
    """Called with the platform's name for each delivery that was known already."""
    on_acknowledged: Callable[[float], None]
    """Called with the seconds from a delivery to the moment it may be acknowledged."""


class Desk:
    """Takes in what people do and passes it on: to the inbox, the workers, commands, feedback."""

    def __init__(self, parts: DeskParts) -> None:
        self._parts = parts
        self._told: dict[tuple[str, str, str], float] = {}
        self._whispers: set[asyncio.Task[None]] = set()

    async def accept(self, message: InboundMessage) -> Acceptance:
        status = await self._take_in(message)
        if status == "duplicate":
            self._parts.on_duplicate(message.ref.platform)
        return status

    async def react(self, reaction: Reaction) -> None:
        if not self._parts.access.may_react(reaction):
            return
        if self._parts.feedback.is_stop(reaction):
            conversation = await self._parts.stops.conversation_of(reaction.ref)
            if conversation is not None:
                await self.stop(conversation, reaction.author)
            return
        await self._parts.feedback.rate(reaction)

    async def run(self, call: CommandCall) -> Document:
        if not self._parts.access.may_call(call):
            return build_notice("not_allowed", "")
        return await self._parts.commands.run(call)

    async def stop(self, conversation: ConversationKey, author: Author) -> bool:
        mark = await self._parts.stops.stop(conversation, author.user_id)
        if mark is None:
            return False
        self._parts.workers.stop(mark)
        return True

    async def again(self, ref: MessageRef, author: Author, click_id: str) -> bool:
        parts = self._parts
        turn = await parts.turns.of_message(ref)
        queued = await parts.turns.again(turn.turn_id) if turn else None
        if queued is None:
            return False
        message = replace(queued.message, address="mention")
        if not parts.access.may_use(replace(message, author=author)):
            return False
        with parts.workers.slot() as slot:
            receipt = await parts.inbox.accept(
                message,
                queued.kind,
                turn_id=parts.ids.new(),
                slot=slot,
                follow_ups=parts.follow_ups,
                key=f"again/{click_id}",
                parts=queued.parts,
            )
            self._work_off(receipt, slot=slot)
        return receipt.status == "accepted"

    async def edited(
        self, ref: MessageRef, text: str, question: InboundMessage | None = None
    ) -> None:
        # An edit has other words than a delivery that came twice: the second key does not count.
        if question is None or await self._take_in(replace(question, twin="")) == "duplicate":
            await self._parts.stops.edit(ref, text)

    async def deleted(self, ref: MessageRef) -> Sequence[MessageRef]:
        deleted = await self._parts.stops.delete(ref)
        if deleted.state == "dropped":
            return deleted.parts  # it waited for the model, and said so
        if deleted.state != "running":
            return ()
        await self._parts.workers.abandon(deleted.turn_id)
        return (await self._parts.stops.delete(ref)).parts

    def commands(self) -> Sequence[CommandSummary]:
        return self._parts.commands.summaries()

    async def _take_in(self, message: InboundMessage) -> Acceptance:
        parts = self._parts
        began_at = parts.clock.monotonic()
        if not parts.access.may_use(message):
            self._say_not_allowed(message)
            return "not_allowed"
        command = self._find_command(message)
        turn_id = parts.ids.new()
        with correlated(turn_id):
            with parts.workers.slot() as slot:
                receipt = await parts.inbox.accept(
                    message,
                    "command" if command else "question",
                    turn_id=turn_id,
                    slot=slot,
                    follow_ups=parts.follow_ups,
                )
                self._work_off(receipt, slot=slot)
            parts.on_acknowledged(parts.clock.monotonic() - began_at)
            if receipt.status == "accepted" and command and command[0] == "stop":
                await self._overtake(message)
        return receipt.status

    def _find_command(self, message: InboundMessage) -> tuple[str, tuple[str, ...]] | None:
        if message.attachments:
            return None
        by_admin = self._parts.access.may_administer(message)
        return self._parts.commands.find(message.text, by_admin=by_admin)

    def _work_off(self, receipt: Receipt, *, slot: bool) -> None:
        if receipt.hold is not None:
            self._parts.workers.take(receipt.hold, receipt.first)
        elif receipt.status == "accepted" and not slot:
            self._parts.workers.note_backlog()

    def _say_not_allowed(self, message: InboundMessage) -> None:
        """Whisper why nothing happens; an overheard message of a stranger is no request."""
        now = self._parts.clock.monotonic()
        person = (message.ref.platform, message.ref.workspace, message.author.user_id)
        told_at = self._told.get(person)
        if message.address == "thread":
            return
        if told_at is not None and now - told_at < NOT_ALLOWED_NOTICE_S:
            return
        if len(self._told) >= REMEMBERED_PEOPLE:
            self._told.pop(next(iter(self._told)))
        self._told[person] = now
        self._whisper(message, build_notice("not_allowed", ""))

    async def _overtake(self, message: InboundMessage) -> None:
        """A typed stop acts now, not when its turn comes; its own row only keeps its place."""
        if not await self.stop(message.conversation, message.author):
            self._whisper(message, build_notice("nothing_to_stop", ""))

    def _whisper(self, message: InboundMessage, document: Document) -> None:
        """In the background: the platform waits for its acknowledgement."""
        whisper = asyncio.create_task(self._try_whisper(message, document))
        self._whispers.add(whisper)
        whisper.add_done_callback(self._whispers.discard)

    async def _try_whisper(self, message: InboundMessage, document: Document) -> None:
        unstored = QueuedMessage("", 0, "question", message, self._parts.clock.now())
        reply = self._parts.platforms[message.ref.platform].replies.open(unstored)
        try:
            await reply.whisper(document)
        except DeliveryError as error:
            logger.warning("a notice could not be shown: %s", error)
