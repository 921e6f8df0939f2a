"""Operations on their way to a thread, and their outcomes on the way back."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection


@dataclass(slots=True, eq=False)
class Call:
    """One operation and who waits for it."""

    run: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    done: asyncio.Future[None]
    """Without the result: a thread that still has the call must not keep a hold alive with it."""
    result: Any = None
    error: BaseException | None = None


class Calls:
    """A queue from any number of event loops to any number of threads."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Call | None] = SimpleQueue()

    async def ask(self, run: Callable[[Connection], Any]) -> Any:
        loop = asyncio.get_running_loop()
        call = Call(run, loop, loop.create_future())
        self._queue.put(call)
        try:
            await call.done
            if call.error is not None:
                raise call.error
            return call.result
        finally:
            call.result = call.error = None

    def next(self) -> Call | None:
        """Waits; None: there will be no more."""
        return self._queue.get()

    def next_of_batch(self) -> Call | None:
        """Does not wait; None: nothing more is here now."""
        try:
            call = self._queue.get_nowait()
        except Empty:
            return None
        if call is None:
            self._queue.put(None)  # the end is for `next` to see
        return call

    def end(self) -> None:
        self._queue.put(None)


def deliver(calls: Iterable[Call]) -> None:
    """Hand outcomes to those who wait; one wake-up for each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Call]] = {}
    for call in calls:
        by_loop.setdefault(call.loop, []).append(call)
    for loop, own in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, own)


def _resolve(calls: Iterable[Call]) -> None:
    for call in calls:
        if call.done.done():  # its caller was cancelled, and nobody will take the result
            call.result = call.error = None
        else:
            call.done.set_result(None)
