"""A turn while it runs, and the ways to end it from outside."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any


class Running:
    """The handle of one running answer. `stop` ends the model call and keeps what was written;
    `abandon` also leaves the message alone, for a question that its author has deleted."""

    def __init__(self) -> None:
        self.draft = Draft()
        self._stop = asyncio.Event()
        self.abandoned = False
        self.recorded = asyncio.Event()
        self._model_call: asyncio.Task[None] | None = None

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        self._stop.set()
        if self._model_call is not None:
            self._model_call.cancel()

    def abandon(self) -> None:
        self.abandoned = True
        self.stop()

    async def run_model_call(self, call: Coroutine[Any, Any, None]) -> None:
        """Run the call so that `stop` can end it; a stop returns quietly, all else raises."""
        if self._stop.is_set():
            call.close()
            return
        self._model_call = asyncio.create_task(call)
        try:
            await asyncio.wait({self._model_call})
        finally:
            if not self._model_call.done():
                self._model_call.cancel()
                await asyncio.wait({self._model_call})
        if self._model_call.cancelled() and self._stop.is_set():
            return
        await self._model_call
