"""Shows an answer while it grows: opens its messages, feeds them at the pace of the budget."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from adapters.slack.outbound.flow import TextFlow
from adapters.slack.outbound.messages import MessageGone, MessageTooLong, StreamOver
from adapters.slack.outbound.removing import remove
from adapters.slack.web.limits import MESSAGE_CHARS
from core.text.split import split

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from adapters.slack.outbound.messages import BlockChoices, Message
    from adapters.slack.outbound.opening import Opener
    from adapters.slack.outbound.status import StatusLine
    from adapters.slack.place import Place
    from adapters.slack.web.api import SlackApi
    from core.conversation import MessageRef
    from core.draft import Draft
    from core.ports import Clock

    Save = Callable[[MessageRef], Awaitable[None]]
    ToBlocks = Callable[[Draft], BlockChoices]

NO_BLOCKS: Final[BlockChoices] = ([],)
SMALLER_CHARS: Final = 3_000
"""Tried when Slack finds a message too long that should fit."""
LATE_STATUS: Final = "is writing…"
LATE_LOOK_S: Final = 1.0
GONE_LIMIT: Final = 3
"""So many messages of one answer may vanish before we wait for its end and post it whole: others
delete them, or the workspace lets nobody edit."""

log = logging.getLogger(__name__)


class AnswerWriter:
    """One answer. `write` once; the messages it made are in `taken`."""

    def __init__(
        self,
        api: SlackApi,
        clock: Clock,
        opener: Opener,
        place: Place,
        status: StatusLine,
        to_blocks: ToBlocks,
    ) -> None:
        self._api = api
        self._clock = clock
        self._opener = opener
        self._place = place
        self._status = status
        self._to_blocks = to_blocks
        self._flow = TextFlow(MESSAGE_CHARS)
        self._current: Message | None = None
        self._writes_with = ""
        self._reusable: deque[str] = deque()
        self._taken: set[str] = set()
        self._gone = 0

    async def write(
        self, draft: Draft, parts: Sequence[MessageRef], orphans: Sequence[str], save: Save
    ) -> None:
        self._draft = draft
        self._save = save
        self._reusable.extend(part.message_id for part in parts)
        self._taken.update(self._reusable)
        ended = asyncio.create_task(draft.until_ended())
        try:
            for ts in orphans:
                await self._keep(ts)
                self._reusable.append(ts)
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
        await self._remove_rest()
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
                await self._finish_message(self._flow.full.popleft().text, NO_BLOCKS)
                await self._ensure_message()
            wait_s = due_at - self._clock.monotonic()
            if wait_s <= 0 and await self._show_progress():
                wait_s = self._api.pacer.interval_s(self._writes_with)
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
            self._use(self._opener.reuse(self._place, self._reusable.popleft()))
            return
        may_open = self._gone <= GONE_LIMIT
        message = await self._opener.open_now(self._place, self._taken) if may_open else None
        if message is None:
            self._status.show(self._draft.status or LATE_STATUS)
            return
        await self._keep(message.ts)
        self._use(message)

    async def _keep(self, ts: str) -> None:
        self._taken.add(ts)
        await self._save(self._place.ref(ts))

    def _use(self, message: Message | None) -> None:
        """Count as a writer with whatever method the message is written by."""
        if self._writes_with:
            self._api.pacer.leave(self._writes_with)
        self._current = message
        self._writes_with = message.method if message else ""
        if self._writes_with:
            self._api.pacer.enter(self._writes_with)

    def _lose(self) -> None:
        self._gone += 1
        log.warning("a message of the answer is gone; writing a new one")
        self._use(None)

    async def _edit_from_now_on(self) -> None:
        if self._current is not None:
            self._use(self._opener.reuse(self._place, self._current.ts))

    # --- at its end ----------------------------------------------------------------------------

    async def _end(self) -> None:
        self._flow.take(self._draft.text, ended=True)
        texts = [piece.text for piece in self._flow.full]
        if self._flow.last or not texts:
            texts.append(self._flow.last)
        for text in texts[:-1]:
            await self._finish_message(text, NO_BLOCKS)
        await self._finish_message(texts[-1], self._to_blocks(self._draft))

    async def _finish_message(self, text: str, choices: BlockChoices) -> None:
        """Bring the current message to its end, or a new one where there is none."""
        while True:
            await self._ensure_message()
            try:
                if self._current is None:
                    ts = await self._opener.post_whole(self._place, text, choices, self._taken)
                    await self._keep(ts)
                else:
                    await self._current.finish(text, choices)
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
        """Put the beginning into this message; returns what is left for the next one."""
        first, *others = split(text, SMALLER_CHARS)
        if not others or self._current is None:
            raise ValueError("Slack finds a short message too long")
        await self._current.finish(first, NO_BLOCKS)
        self._use(None)
        for middle in others[:-1]:
            await self._finish_message(middle, NO_BLOCKS)
        return others[-1]

    async def _remove_rest(self) -> None:
        """Messages of an earlier run that this answer did not fill."""
        for ts in self._reusable:
            await remove(self._api, self._place.channel, ts)
