"""The task beside a turn that shows its draft: how it begins, and what becomes of it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from core.conversation import MessageRef
    from core.draft import Draft
    from core.ports import Hold, Reply
    from core.turn import QueuedMessage, Turn
    from core.turns.running import Running

logger = logging.getLogger(__name__)


def saver(hold: Hold, queued: QueuedMessage) -> Callable[[MessageRef], Awaitable[None]]:
    async def save(ref: MessageRef) -> None:
        await hold.save_part(queued.turn_id, ref)

    return save


async def write(reply: Reply, draft: Draft, hold: Hold, queued: QueuedMessage) -> None:
    await reply.write(draft, queued.parts, saver(hold, queued))


async def show_late(reply: Reply, draft: Draft, hold: Hold, queued: QueuedMessage) -> None:
    """As `write`; where people read already that their question waits, only from the first word
    on, as what stands there says it all until then."""
    if queued.told:
        await draft.until_begun()
    await write(reply, draft, hold, queued)


async def shown(turn: Turn, running: Running, showing: asyncio.Task[None]) -> Turn:
    """Wait until the answer is on the screen; a place that is gone for good fails the turn. Raises
    a retryable DeliveryError."""
    await asyncio.wait({showing})
    if running.abandoned and showing.cancelled():
        return turn
    try:
        showing.result()
    except DeliveryError as error:
        if error.retryable:
            raise
        logger.warning("the answer could not be shown: %s", error)
        return replace(turn, outcome="failed", error=error.category)
    return turn


async def cancelled(task: asyncio.Task[None]) -> None:
    """End a task that may be done already, whatever its result: the caller knows it, or raises."""
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
