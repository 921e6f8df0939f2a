"""Who works conversations off: one task for each conversation that this process owns."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol

from core.correlation import correlated
from core.errors import ChatbotError, NotStored, OwnershipLost
from core.lease import Lease
from core.notices import build_notice
from core.turns.mending import Mender, Mends
from core.turns.parts import STORE_RETRY_S, stored
from core.turns.running import Running
from core.turns.telling import tell
from core.turns.waiting import Outlook, Postponed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from core.conversation import ConversationKey
    from core.document import Document
    from core.ports import Clock, Hold, Inbox, StopMark, TurnObserver
    from core.turn import QueuedMessage, Turn

logger = logging.getLogger(__name__)

MAX_FAILURES = 3
MAX_STARTS = 10
"""A message that a crash cut this often is what kills the process."""
FAILURE_WAITS_S = (2.0, 8.0)


class Runs(Mends, Protocol):
    """What a message is worked off by: the engine, or the reporter where there is no model."""

    async def run(self, queued: QueuedMessage, hold: Hold, running: Running) -> Turn: ...

    async def tell_failure(self, queued: QueuedMessage, hold: Hold, notice: Document) -> None: ...


class Workers:
    """Slots for turns at work. What finds no slot waits in the inbox, and is adopted by `sweep`."""

    def __init__(
        self,
        *,
        inbox: Inbox,
        engine: Runs,
        clock: Clock,
        slots: int,
        lease_s: float,
        outlook: Outlook | None = None,
        observers: Sequence[TurnObserver] = (),
        on_dead_letter: Callable[[], None] = lambda: None,
    ) -> None:
        self._inbox = inbox
        self._engine = engine
        self._clock = clock
        self._slots = slots
        self._lease = Lease(clock, lease_s)
        self._mender = Mender(engine, self._lease, clock)
        self._outlook = outlook or Outlook()
        self._observers = observers
        self._on_dead_letter = on_dead_letter
        self.replicas = 1
        """Processes that share the work, as of the last beat."""
        self._tasks: dict[ConversationKey, asyncio.Task[None]] = {}
        self._running: dict[str, Running] = {}
        self._promised = 0
        self._draining = False
        self._backlog = False
        self._sweeping: asyncio.Task[None] | None = None

    @contextmanager
    def slot(self) -> Iterator[bool]:
        """Whether a conversation may be taken; inside, the slot is kept for `take`."""
        free = self._free() > 0
        self._promised += free
        try:
            yield free
        finally:
            self._promised -= free
            self._look_again()

    def note_backlog(self) -> None:
        """A message waits in the inbox although nobody works on its conversation."""
        self._backlog = True

    def take(self, hold: Hold, first: QueuedMessage | None = None) -> None:
        """Work off a conversation that has become ours."""
        name = f"conversation {hold.conversation}"
        # What becomes ours in the moment of draining is not begun any more.
        work = self._hand_over(hold, first) if self._draining else self._work(hold, first)
        task = asyncio.create_task(work, name=name)
        self._tasks[hold.conversation] = task
        task.add_done_callback(lambda done: self._done(hold, done))

    def stop(self, mark: StopMark) -> None:
        """End the running turn at once when it is this process's; otherwise its owner will see the
        mark in the store."""
        running = self._running.get(mark.turn_id)
        if running is not None:
            running.stop()

    async def abandon(self, turn_id: str) -> None:
        """End a turn without a last word in its message; returns when it is recorded."""
        running = self._running.get(turn_id)
        if running is not None:
            running.abandon()
            await running.recorded.wait()

    async def beat(self) -> None:
        """Renew the lease and follow stop marks; to be called once a second. When the lease cannot
        be renewed in time, for whatever reason, own turns end before somebody else may take them.
        Never raises."""
        sent_at = self._clock.monotonic()
        left_s = self._lease.left_s
        try:
            async with asyncio.timeout(left_s if left_s > 0 else STORE_RETRY_S):
                pulse = await self._inbox.beat()
        except Exception as error:  # noqa: BLE001 - all that counts is that there is no new lease
            logger.warning("the lease could not be renewed: %r", error)
            if self._lease.left_s <= 0:
                self._abandon_ship()
            return
        self._lease.renew(sent_at)
        self.replicas = pulse.replicas
        for mark in pulse.marks:
            self.stop(mark)

    async def sweep(self) -> int:
        """Adopt conversations with open messages that nobody works on; returns how many."""
        adopted = 0
        while (free := self._free()) > 0:
            adopted += await self._adopt(free)
            if not self._backlog:
                break
        return adopted

    async def idle(self) -> None:
        """Wait until no conversation is at work here."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())
            await asyncio.sleep(0)  # done tasks leave in a callback, which needs a turn of the loop

    async def drain(self, timeout_s: float) -> None:
        """Start nothing new, let running turns end, then hand the rest over; never raises."""
        self._draining = True
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=timeout_s)
        for task in list(self._tasks.values()):
            task.cancel()
        await self.idle()
        await self._mender.end()

    def _free(self) -> int:
        return 0 if self._draining else self._slots - len(self._tasks) - self._promised

    async def _adopt(self, free: int) -> int:
        self._promised += free
        self._backlog = False  # what finds no slot while we look is noted anew
        try:
            holds = await self._outlook.adopt(self._inbox, free)
            for hold in holds:
                self.take(hold)
        except BaseException:
            self._backlog = True
            raise
        finally:
            self._promised -= free
        self._backlog = self._backlog or len(holds) == free
        return len(holds)

    def _look_again(self) -> None:
        """To be called when a slot becomes free: somebody may have found none."""
        if not self._backlog or self._free() <= 0:
            return
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(self._sweep_behind())

    async def _sweep_behind(self) -> None:
        try:
            await self.sweep()
        except NotStored as error:
            logger.warning("what waits could not be looked for: %s", error)

    async def _work(self, hold: Hold, queued: QueuedMessage | None) -> None:
        with self._lease.bounding():
            await self._work_off(hold, queued)

    async def _work_off(self, hold: Hold, queued: QueuedMessage | None) -> None:
        try:
            while not await self._step(hold, queued):
                queued = None
                if self._draining or self._backlog:
                    # Others wait for a slot: to the back of the queue.
                    await hold.release(force=True)
                    return
        except OwnershipLost:
            logger.warning("lost the conversation %s to another process", hold.conversation)
        except NotStored as error:
            logger.warning("the store failed, the message will be begun anew: %s", error)

    async def _step(self, hold: Hold, queued: QueuedMessage | None) -> bool:
        """One message; True when the conversation is no longer ours."""
        queued = queued or await hold.begin()
        if queued is None:
            return await hold.release()
        with correlated(queued.turn_id):
            return await self._one(hold, queued)

    async def _one(self, hold: Hold, queued: QueuedMessage) -> bool:
        running = self._running[queued.turn_id] = Running()
        try:
            return await self._run(hold, queued, running)
        except (asyncio.CancelledError, NotStored, OwnershipLost):
            # Of the run, or of what was to be stored after it: what was shown may be too late.
            await self._hand_over(hold, queued)
            raise
        finally:
            running.recorded.set()
            del self._running[queued.turn_id]

    async def _run(self, hold: Hold, queued: QueuedMessage, running: Running) -> bool:
        try:
            if queued.starts > MAX_STARTS:
                return await self._bury(hold, queued, "crash: it was started too often")
            turn = await self._engine.run(queued, hold, running)
            released = await stored(partial(hold.record, turn), self._clock)
            tell(self._observers, turn)
            return released
        except Postponed as later:
            await self._postpone(hold, queued, later)
            return True
        except (NotStored, OwnershipLost):
            raise
        except Exception as error:
            logger.exception("the turn failed")
            return await self._failed(hold, queued, error)

    async def _postpone(self, hold: Hold, queued: QueuedMessage, later: Postponed) -> None:
        """Let the conversation go, its oldest message waiting."""
        logger.info("the message waits (%s): %s", type(later).__name__, later)
        wait, told, kept = later.wait, later.told, later.kept
        park = partial(hold.park, queued.turn_id, until=wait.until, retry_at=wait.retry_at)
        waiting = partial(park, told=told, kept=kept)
        await (stored(waiting, self._clock) if kept else waiting())
        self._outlook.note_wait()

    async def _failed(self, hold: Hold, queued: QueuedMessage, error: Exception) -> bool:
        failures = await hold.give_back(queued.turn_id, failed=True)
        if failures >= MAX_FAILURES:
            category = error.category if isinstance(error, ChatbotError) else "internal"
            return await self._bury(hold, queued, f"{category}: it failed too often")
        await self._clock.sleep(FAILURE_WAITS_S[failures - 1])
        return False

    async def _bury(self, hold: Hold, queued: QueuedMessage, reason: str) -> bool:
        """Give up on a message: an operator finds it among the dead letters, the asker is told."""
        logger.error("gave up on message %s: %s", queued.turn_id, reason)
        await hold.bury(queued.turn_id, reason)
        self._on_dead_letter()
        await self._engine.tell_failure(queued, hold, build_notice("gave_up", queued.turn_id))
        return False

    async def _hand_over(self, hold: Hold, queued: QueuedMessage | None) -> None:
        """Leave the message for another run or process, its start not counted. If it is another's
        already, what was shown last may have been ours."""
        try:
            if queued is not None:
                await hold.give_back(queued.turn_id, failed=False)
            await hold.release(force=True)
        except NotStored as error:
            logger.warning("handing over failed, it will be adopted: %s", error)
        except OwnershipLost as error:
            logger.warning("handing over came too late: %s", error)
            if queued is not None:
                self._mender.mend_later(queued)

    def _abandon_ship(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    def _done(self, hold: Hold, task: asyncio.Task[None]) -> None:
        self._inbox.abandon(hold)
        if self._tasks.get(hold.conversation) is task:
            del self._tasks[hold.conversation]
        self._look_again()
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("working on %s ended", hold.conversation, exc_info=error)
