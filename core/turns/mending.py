"""Making good what was perhaps written too late into a message that is another process's now."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from core.correlation import correlated
from core.draft import Draft
from core.errors import ChatbotError, OwnershipLost
from core.turns.ending import build_recorded

if TYPE_CHECKING:
    from core.conversation import MessageRef
    from core.lease import Lease
    from core.ports import Clock
    from core.turn import QueuedMessage
    from core.turns.parts import EngineParts

logger = logging.getLogger(__name__)

LOOK_WAITS_S = (0.0, 2.0, 8.0, 30.0)
"""The new owner may be about to record what it has shown; after that its text came last anyway."""
LEASE_LOOK_S = 1.0


class Mends(Protocol):
    async def mend(self, queued: QueuedMessage) -> bool:
        """Show the recorded text once more. False: nothing is recorded yet."""
        ...


class Mender:
    """Works behind the turns, and only while this process has a lease again."""

    def __init__(self, engine: Mends, lease: Lease, clock: Clock) -> None:
        self._engine = engine
        self._lease = lease
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def mend_later(self, queued: QueuedMessage) -> None:
        """To be called by a former owner once it writes no more."""
        task = asyncio.create_task(self._mend(queued))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await self.idle()

    async def _mend(self, queued: QueuedMessage) -> None:
        with correlated(queued.turn_id), self._lease.bounding():
            for wait_s in LOOK_WAITS_S:
                await self._clock.sleep(wait_s)
                while self._lease.left_s <= 0:
                    await self._clock.sleep(LEASE_LOOK_S)
                try:
                    if await self._engine.mend(queued):
                        return
                except ChatbotError as error:
                    logger.warning("a message could not be set to what is recorded: %s", error)


async def show_recorded(parts: EngineParts, queued: QueuedMessage) -> bool:
    """Set the message of an answer to what is recorded: what stands there may be a former owner's.

    False: nothing is recorded yet. Raises DeliveryError, and OwnershipLost when it would take a new
    message.
    """
    if queued.kind != "question":
        return True
    recorded = await parts.turns.recorded(queued.turn_id)
    if recorded is None:
        return False
    turn, refs = recorded
    if not refs or turn.outcome not in ("answered", "failed", "stopped"):
        return True  # asked again since, or nothing was to be shown
    draft = Draft()
    draft.append(turn.answer)
    draft.end(build_recorded(turn, footer=parts.footer))
    platform = parts.platforms[queued.message.ref.platform]
    await platform.replies.open(replace(queued, recovered=False)).write(draft, refs, _refuse)
    return True


async def _refuse(ref: MessageRef) -> None:
    raise OwnershipLost(f"{ref} would be a new message of another's answer")
