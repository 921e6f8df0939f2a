"""Answers in the playground: one message each, begun empty, growing in steps, then done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from adapters.web.announcing import place_of
from adapters.web.cast import BOT, ref_of
from adapters.web.drawing.draw import draw
from adapters.web.messages import Message
from core.errors import DeliveryError
from core.lease import require_lease
from core.reports.plain import to_plain_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from adapters.web.messages import Kind, State
    from adapters.web.rooms import Rooms
    from core.conversation import MessageRef
    from core.document import Document
    from core.draft import Draft, Ending
    from core.ports import Clock, Reply
    from core.turn import QueuedMessage

    Save = Callable[[MessageRef], Awaitable[None]]

STEP_S = 0.04
"""25 steps a second: as smooth as text needs to be, and one write for many deltas."""


class WebReplies:
    def __init__(self, rooms: Rooms, clock: Clock) -> None:
        self._rooms = rooms
        self._clock = clock

    def open(self, queued: QueuedMessage) -> Reply:
        return WebReply(queued, self._rooms, self._clock)


class WebReply:
    def __init__(self, queued: QueuedMessage, rooms: Rooms, clock: Clock) -> None:
        self._queued = queued
        self._room, self._thread = place_of(queued.message)
        self._rooms = rooms
        self._clock = clock

    async def write(self, draft: Draft, parts: Sequence[MessageRef], save: Save) -> None:
        shell = await self._begin("answer", "running", parts, save)
        seen = -1
        while True:
            seen = await draft.changed(seen)
            if draft.ending is not None:
                break
            require_lease()
            self._rooms.grow(shell.id, draft.text, draft.status)
            self._note_visible(draft)
            await self._clock.sleep(STEP_S)
        self._finish(shell, draft.text, draft.ending)
        self._note_visible(draft)

    async def post(self, document: Document, parts: Sequence[MessageRef], save: Save) -> None:
        shell = await self._begin("report", "done", parts, save)
        self._put(replace(shell, text=to_plain_text(document), html=draw(document)))

    async def whisper(self, document: Document) -> None:
        require_lease()
        try:
            self._rooms.add(
                self._room,
                self._thread,
                BOT,
                kind="report",
                text=to_plain_text(document),
                html=draw(document),
                to=self._queued.message.author.user_id,
            )
        except OSError as error:
            raise DeliveryError("the journal is not writable", retryable=True) from error

    async def _begin(
        self, kind: Kind, state: State, parts: Sequence[MessageRef], save: Save
    ) -> Message:
        """An empty message whose id is stored: that of an earlier run, or a new one."""
        there = [one for part in parts if (one := self._rooms.find(part.message_id))]
        begun = there[0] if there else None
        found = begun or self._rooms.begun_for(self._queued.turn_id)
        shell = self._put(
            Message(
                id=found.id if found else self._rooms.new_id(),
                room=self._room,
                thread=self._thread,
                author=BOT,
                sent_at_ms=found.sent_at_ms if found else self._rooms.now_ms(),
                kind=kind,
                state=state,
                turn_id=self._queued.turn_id,
                reactions=found.reactions if found else {},
            )
        )
        if begun is None:
            await save(ref_of(shell.room, shell.id))
        for stale in there[1:]:
            if stale.id != shell.id:
                self._remove(stale)
        return shell

    def _finish(self, shell: Message, text: str, ending: Ending) -> None:
        states: dict[str, Literal["done", "failed", "stopped"]]
        states = {"failed": "failed", "stopped": "stopped"}
        newest = self._rooms.find(shell.id) or shell
        self._put(
            replace(
                newest,
                text=text,
                state=states.get(ending.outcome or "", "done"),
                notice=draw(ending.notice) if ending.notice else "",
                footer=ending.footer,
                can_rate=ending.can_rate,
                can_retry=ending.can_retry,
                can_cancel=ending.can_cancel,
            )
        )

    def _put(self, message: Message) -> Message:
        require_lease()
        try:
            return self._rooms.put(message)
        except OSError as error:
            raise DeliveryError("the journal is not writable", retryable=True) from error

    def _remove(self, message: Message) -> None:
        require_lease()
        try:
            self._rooms.remove(message.id)
        except OSError as error:
            raise DeliveryError("the journal is not writable", retryable=True) from error

    def _note_visible(self, draft: Draft) -> None:
        if draft.first_visible_at is None and draft.text:
            draft.first_visible_at = self._clock.monotonic()
