"""Asking another model when the first one cannot answer."""

from __future__ import annotations

import logging
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from core.completion import Delta, Switched
from core.errors import ContentRefused, ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from core.completion import ChatRequest, CompletionEvent
    from core.ports import ChatModel

log = logging.getLogger(__name__)


class FallingBackModel:
    """Tries `fallbacks` in order after the requested model, as long as no text has come.

    Says Switched before each. When none of them answers, the requested model's own error is
    raised: it is the one that an operator can act on. A refusal by a content filter stands; no
    other provider is asked to overrule it.
    """

    def __init__(self, inner: ChatModel, fallbacks: Sequence[str]) -> None:
        self._inner = inner
        self._fallbacks = tuple(fallbacks)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        models = dict.fromkeys((request.model, *self._fallbacks))
        first_error: ModelError | None = None
        for model in models:
            if first_error is not None:
                yield Switched(model)
            shown = False
            try:
                async with aclosing(self._inner.stream(replace(request, model=model))) as events:
                    async for event in events:
                        shown = shown or isinstance(event, Delta)
                        yield event
                return
            except ModelError as error:
                if shown or isinstance(error, ContentRefused):
                    raise
                log.warning("%s failed before its first word: %s", model, error.category)
                first_error = first_error or error
        if first_error is not None:
            raise first_error
