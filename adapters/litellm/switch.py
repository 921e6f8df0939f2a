"""A model that can be exchanged while the bot runs, as the playground does."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from adapters.litellm.discovery import Offer
    from adapters.litellm.lanes import Lanes
    from core.completion import ChatRequest, CompletionEvent
    from core.ports import ChatModel


class SwitchableModel:
    """The outermost wrapper: every request goes to the model in use, whatever it names.

    `inner` is the whole stack over `lanes`, so that prices, breakers and records see the model
    that really answers.
    """

    def __init__(self, inner: ChatModel, lanes: Lanes, offer: Offer) -> None:
        self._inner = inner
        self._lanes = lanes
        self._current = offer

    def current(self) -> Offer:
        return self._current

    def use(self, offer: Offer) -> None:
        """From the next question on; an answer that is being given ends as it began."""
        self._lanes.add(offer.target)
        self._current = offer

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        request = replace(request, model=self._current.target.model)
        async with aclosing(self._inner.stream(request)) as events:
            async for event in events:
                yield event
