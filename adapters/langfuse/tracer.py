"""The observer that traces turns: it takes notes on the event loop, a thread does all the rest."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.langfuse.backlog import BATCH_TURNS, Backlog, Batch, OpenCalls, Rated
from adapters.langfuse.ids import is_sampled, score_id, trace_id
from adapters.langfuse.texts import Texts
from adapters.langfuse.trace import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from adapters.langfuse.backlog import Told
    from adapters.langfuse.sending import Sender
    from adapters.langfuse.settings import LangfuseSettings
    from adapters.langfuse.trace import Trace
    from core.completion import Call
    from core.rating import Rating
    from core.turn import Turn

logger = logging.getLogger(__name__)

CLOSE_S = 3.5


@dataclass(frozen=True, slots=True)
class Pace:
    """In seconds."""

    gather_s: float = 2.0
    """How long a turn waits for others to be sent with it."""
    first_retry_s: float = 5.0
    longest_retry_s: float = 60.0


class LangfuseTracer:
    """A CallObserver and a TurnObserver. Whatever Langfuse does, the bot does not notice: what
    cannot be sent is kept within bounds, then dropped.

    Telling it is cheap and never waits; the SDK is imported in its thread.
    """

    def __init__(
        self, settings: LangfuseSettings, scrub: Callable[[str], str], pace: Pace | None = None
    ) -> None:
        self._settings = settings
        self._texts = Texts(scrub, shown=settings.texts)
        self._pace = pace or Pace()
        self._open = OpenCalls()
        self._backlog = Backlog()
        self._failures = 0
        self._is_off = False
        self._ended = threading.Event()
        # No executor's thread: the interpreter waits for those before it ends.
        self._thread = threading.Thread(target=self._run, name="langfuse", daemon=True)
        self._thread.start()

    # --- observing, on the event loop ------------------------------------------------------------

    def called(self, call: Call) -> None:
        if self._is_traced(call.request.turn_id):
            self._open.add(call)

    def turn_recorded(self, turn: Turn) -> None:
        calls = self._open.take(turn.turn_id)
        if turn.kind == "question" and self._is_traced(turn.turn_id):
            self._backlog.add_turn(turn, calls)

    def rated(self, platform: str, rating: Rating) -> None:
        """One whose turn the store has forgotten has no time to be sent under."""
        if rating.asked_at is not None and self._is_traced(rating.turn_id):
            key = score_id(rating.turn_id, platform, rating.author.user_id)
            self._backlog.add_rating(key, Rated(platform, rating))

    async def close(self) -> None:
        """Sends what waits, for at most 4 seconds, and leaves nothing that holds up the end of the
        process."""
        await asyncio.to_thread(self._close)

    # --- sending, in the thread ------------------------------------------------------------------

    def _run(self) -> None:
        try:
            from adapters.langfuse.sending import Sender  # noqa: PLC0415 - half a second, in here

            sender = Sender(self._settings)
        except Exception:
            self._is_off = True
            logger.exception("turns are not traced: the Langfuse SDK does not start")
            return
        if self._is_off:
            sender.close()
            return
        is_right, line = sender.examine()
        logger.log(logging.INFO if is_right else logging.WARNING, "%s", line)
        while self._backlog.wait(self._pace.gather_s):
            if not self._step(sender):
                self._backlog.pause(self._wait_s())
        self._failures = 0  # one more chance, with as much as fits
        while self._step(sender) and self._backlog:
            pass
        sender.close()
        self._ended.set()

    def _step(self, sender: Sender) -> bool:
        """One batch; after a failure a single turn, which shows whether it was that turn. False:
        not everything was taken."""
        batch = self._backlog.take(1 if self._failures else BATCH_TURNS)
        left = self._send(sender, batch)
        if left:
            self._backlog.give_back(left, counted=not sender.keys_refused)
            self._failures += 1
            if self._failures == 1 and not self._is_off:  # else its end has been told already
                logger.warning("Langfuse takes nothing at the moment; it will be tried again")
            return False
        if self._failures:
            self._failures = 0
            lost = self._backlog.lost
            logger.warning("Langfuse takes traces again; %d turns were lost so far", lost)
        return True

    def _send(self, sender: Sender, batch: Batch) -> Batch:
        """Returns what was not taken."""
        try:
            if batch.turns and not sender.send_traces(list(self._described(batch.turns))):
                return batch
            if batch.ratings and not sender.send_ratings(batch.ratings, self._texts):
                return Batch((), batch.ratings)
        except Exception:
            # The thread has to live on, and the same again would fail again.
            logger.exception("some turns or ratings could not be sent to Langfuse")
        return Batch((), {})

    def _described(self, turns: Iterable[Told]) -> Iterator[Trace]:
        for told in turns:
            try:
                yield describe(told.turn, told.calls, self._texts)
            except Exception:
                logger.exception("a turn could not be traced")
            time.sleep(0)  # the event loop may have waited for the interpreter's lock

    def _wait_s(self) -> float:
        wait_s = self._pace.first_retry_s * 2.0 ** min(self._failures - 1, 10)
        return min(wait_s, self._pace.longest_retry_s)

    def _close(self) -> None:
        self._backlog.close()
        self._thread.join(CLOSE_S)
        if self._ended.is_set():
            return
        self._is_off = True
        waiting = len(self._backlog)
        logger.warning("Langfuse is too slow at the end; %d turns or more are lost", waiting)

    def _is_traced(self, turn_id: str) -> bool:
        return not self._is_off and is_sampled(trace_id(turn_id), self._settings.sample_rate)
