"""A turn while it runs, and the ways to end it from outside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from core.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

_Result = TypeVar("_Result")


class Running:
    """The handle of one running answer. `stop` ends what `run` runs and keeps what was written;
    `abandon` also leaves the message alone, for a question that its author has deleted."""

    def __init__(self) -> None:
        self.draft = Draft()
        self._stop = asyncio.Event()
        self.abandoned = False
        self.recorded = asyncio.Event()
        self._part: asyncio.Task[Any] | None = None
        self._showing: asyncio.Task[None] | None = None
        self._is_hidden = False

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        self._stop.set()
        if self._part is not None:
            self._part.cancel()

    def abandon(self) -> None:
        self.abandoned = True
        self.stop()
        if self._showing is not None:
            self._showing.cancel()

    def show(self, writing: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Show the draft beside all that is run, which ends when it can be shown no more; the
        caller ends the task."""
        self._showing = asyncio.create_task(writing)
        self._showing.add_done_callback(self._shown)
        return self._showing

    async def run(self, work: Coroutine[Any, Any, _Result]) -> _Result | None:
        """Run a part of the turn so that `stop` can end it, or that nobody can see it any more;
        None: it did end so. All else raises."""
        if self._is_over():
            work.close()
            return None
        part = asyncio.create_task(work)
        self._part = part
        try:
            await asyncio.wait({part})
        finally:
            if not part.done():
                part.cancel()
                await asyncio.wait({part})
        if part.cancelled() and self._is_over():
            return None
        return await part

    def _is_over(self) -> bool:
        return self.stopped or self._is_hidden

    def _shown(self, showing: asyncio.Task[None]) -> None:
        if showing.cancelled() or showing.exception() is None:
            return
        self._is_hidden = True
        if self._part is not None:
            self._part.cancel()
