"""How long a model may keep silent."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

from core.completion import Delta
from core.errors import ModelTimeout

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from core.completion import ChatRequest, CompletionEvent
    from core.ports import ChatModel


class TimedModel:
    """Raises ModelTimeout without a first event in `first_token_s`, or a next one in `idle_s`.

    Only time spent waiting for the model counts, not what the reader does between two events. A
    delta without text is no sign of life; a provider's keep-alive never becomes an event at all.
    """

    def __init__(self, inner: ChatModel, first_token_s: float, idle_s: float) -> None:
        self._inner = inner
        self._first_token_s = first_token_s
        self._idle_s = idle_s

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        async with aclosing(self._inner.stream(request)) as events:
            event = await self._next(events, self._first_token_s, "no first token")
            while event is not None:
                yield event
                event = await self._next(events, self._idle_s, "nothing more")

    async def _next(
        self, events: AsyncGenerator[CompletionEvent, None], limit_s: float, what: str
    ) -> CompletionEvent | None:
        try:
            async with asyncio.timeout(limit_s) as limit:
                async for event in events:
                    if event != _SILENCE:
                        return event
                return None
        except TimeoutError as error:
            if limit.expired():
                raise ModelTimeout(f"{what} within {limit_s:g} s") from error
            raise


_SILENCE = Delta("")
