"""Shows an answer while it grows, on platforms whose messages are opened empty and filled later."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from adapters.wire.answers.outlet import MessageGone, MessageTooLong, StreamOver
from core.errors import DeliveryError
from core.text.flow import TextFlow
from core.text.split import split

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from adapters.wire.answers.outlet import Message, Outlet, Status
    from core.conversation import MessageRef
    from core.draft import Draft
    from core.ports import Clock
    from core.text.flow import Limits

    Save = Callable[[MessageRef], Awaitable[None]]

Below = TypeVar("Below")
LATE_STATUS: Final = "is writing…"
LATE_LOOK_S: Final = 1.0
GONE_LIMIT: Final = 3
"""So many messages of one answer may vanish before we wait for its end and post it whole: others
delete them, or nobody may edit there."""

log = logging.getLogger(__name__)


class AnswerWriter(Generic[Below]):
    """One answer. `write` once."""

    def __init__(
        self,
        outlet: Outlet[Below],
        status: Status,
        clock: Clock,
        to_below: Callable[[Draft, bool], Below],
        limits: Limits,
    ) -> None:
        """`to_below`: what stands below a message of a draft that has ended; True: below its last
        one, where it ends."""
        self._outlet = outlet
        self._status = status
        self._clock = clock
        self._to_below = to_below
        self._limits = limits
        self._flow = TextFlow(limits)
        self._current: Message[Below] | None = None
        self._writes_with = ""
        self._reusable: deque[str] = deque()
        self._taken: set[str] = set()
        self._gone = 0

    async def write(
        self, draft: Draft, parts: Sequence[MessageRef], orphans: Sequence[str], save: Save
    ) -> None:
        """`orphans`: messages of this answer that an earlier run made and could not save."""
        self._draft = draft
        self._save = save
        self._reusable.extend(part.message_id for part in parts)
        self._taken.update(self._reusable)
        ended = asyncio.create_task(draft.until_ended())
        try:
            for message_id in orphans:
                await self._keep(message_id)
                self._reusable.append(message_id)
            await self._grow(ended)
            await self._end()
        except asyncio.CancelledError:
            self._status.cancel()
            raise
        finally:
            self._use(None)
            ended.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ended
        for message_id in self._reusable:  # of an earlier run, and not filled by this one
            await self._outlet.remove(message_id)
        self._status.end()

    # --- while it grows ------------------------------------------------------------------------

    async def _grow(self, ended: asyncio.Task[None]) -> None:
        seen = 0
        due_at = 0.0
        while self._draft.ending is None:
            self._flow.take(self._draft.text, ended=False)
            self._status.show(self._draft.status)
            await self._ensure_message()
            while self._flow.full and self._flow.growing.strip() and self._current is not None:
                await self._finish_message(self._flow.full.popleft().text)
                await self._ensure_message()
            next_in_s = self._current.next_in_s if self._current else 0.0
            wait_s = max(due_at - self._clock.monotonic(), next_in_s)
            if wait_s <= 0 and await self._show_progress():
                wait_s = self._outlet.interval_s(self._writes_with)
                due_at = self._clock.monotonic() + wait_s
            if self._has_news():
                await self._rest(wait_s if wait_s > 0 else LATE_LOOK_S, ended)
            elif self._draft.ending is None:
                seen = await self._draft.changed(seen)

    def _has_news(self) -> bool:
        """Something waits for its time; otherwise only the draft can bring something new."""
        shown = self._current.shown if self._current else ""
        return bool(self._flow.full) or self._flow.growing.rstrip() != shown.rstrip()

    async def _show_progress(self) -> bool:
        """Show what there is; False: nothing was sent."""
        text = self._flow.growing
        if self._flow.full or self._current is None or text == self._current.shown:
            return False
        if not text.strip():
            return False
        try:
            sent = await self._current.show(text)
        except StreamOver:
            await self._edit_from_now_on()
            return False
        except MessageGone:
            self._lose()
            return False
        except MessageTooLong:
            return False  # its end will divide it
        if sent and self._draft.first_visible_at is None:
            self._draft.first_visible_at = self._clock.monotonic()
        return sent

    async def _rest(self, wait_s: float, ended: asyncio.Task[None]) -> None:
        """Until the time is over or the draft has ended."""
        timer = asyncio.ensure_future(self._clock.sleep(wait_s))
        try:
            await asyncio.wait({timer, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()

    async def _ensure_message(self) -> None:
        """Have a message to write into, if the budget lets us open one now."""
        if self._current is not None:
            return
        if self._reusable:
            self._use(self._outlet.reuse(self._reusable.popleft()))
            return
        may_open = self._gone <= GONE_LIMIT
        message = await self._outlet.open_now(self._taken) if may_open else None
        if message is None:
            self._status.show(self._draft.status or LATE_STATUS)
            return
        await self._keep(message.message_id)
        self._use(message)

    async def _keep(self, message_id: str) -> None:
        self._taken.add(message_id)
        await self._save(self._outlet.ref(message_id))

    def _use(self, message: Message[Below] | None) -> None:
        """Count as a writer with whatever method the message is written by."""
        if self._writes_with:
            self._outlet.leave(self._writes_with)
        self._current = message
        self._writes_with = message.method if message else ""
        if self._writes_with:
            self._outlet.enter(self._writes_with)

    def _lose(self) -> None:
        self._gone += 1
        log.warning("a message of the answer is gone; writing a new one")
        self._use(None)

    async def _edit_from_now_on(self) -> None:
        if self._current is not None:
            self._use(self._outlet.reuse(self._current.message_id))

    # --- at its end ----------------------------------------------------------------------------

    async def _end(self) -> None:
        self._flow.take(self._draft.text, ended=True)
        texts = [piece.text for piece in self._flow.full]
        if self._flow.last or not texts:
            texts.append(self._flow.last)
        for text in texts[:-1]:
            await self._finish_message(text)
        await self._finish_message(texts[-1], is_last=True)

    async def _finish_message(self, text: str, *, is_last: bool = False) -> None:
        """Bring the current message to its end, or a new one where there is none."""
        below = self._to_below(self._draft, is_last)
        while True:
            await self._ensure_message()
            try:
                if self._current is None:
                    await self._keep(await self._outlet.post_whole(text, below, self._taken))
                else:
                    await self._current.finish(text, below)
            except StreamOver:
                await self._edit_from_now_on()
            except MessageGone:
                self._lose()
            except MessageTooLong:
                text = await self._finish_shorter(text)
            else:
                break
        self._use(None)
        if self._draft.first_visible_at is None:
            self._draft.first_visible_at = self._clock.monotonic()

    async def _finish_shorter(self, text: str) -> str:
        """Say it in smaller messages up to the last of them, which is returned."""
        *before, last = split(text, self._limits.smaller, self._limits.size)
        if not before:
            raise DeliveryError("the platform finds a short message too long")
        for piece in before:
            await self._finish_message(piece)
        return last
