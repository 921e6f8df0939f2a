"""A bound on how many calls are with the provider at once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from core.completion import ChatRequest, CompletionEvent
    from core.ports import ChatModel


class LimitedModel:
    """At most `concurrency` calls at a time; the others wait in the order in which they came.

    A call gives its place back when its stream ends, fails or is closed.
    """

    def __init__(self, inner: ChatModel, concurrency: int) -> None:
        self._inner = inner
        # asyncio's semaphore wakes its waiters first come, first served, and passes a cancelled
        # waiter's place on: https://docs.python.org/3/library/asyncio-sync.html
        self._places = asyncio.Semaphore(concurrency)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        async with self._places, aclosing(self._inner.stream(request)) as events:
            async for event in events:
                yield event
