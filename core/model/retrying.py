"""Repeating a failed call while nothing of its answer has been shown."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from tenacity import AsyncRetrying, RetryCallState, stop_after_attempt, wait_exponential
from tenacity.retry import retry_if_exception

from core.completion import Retrying
from core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from core.completion import ChatRequest, CompletionEvent
    from core.ports import ChatModel, Clock

LONGEST_RETRY_AFTER_S = 30.0
"""A provider may ask for more; the person in the chat will not wait for it."""

_backoff = wait_exponential(multiplier=2, min=2, max=8)


class RetryingModel:
    """Calls again up to `retries` times after 2, 4, 8, 8, ... s, or later if the provider says so.

    Only for retryable errors that come before the first event; what comes later is raised as it
    is. Says Retrying before each wait. Cancellation ends it at once.
    """

    def __init__(self, inner: ChatModel, clock: Clock, retries: int = 3) -> None:
        self._inner = inner
        self._clock = clock
        self._retries = retries

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        announced: list[Retrying] = []
        events = self._inner.stream(request)
        first: CompletionEvent | None = None
        async for attempt in self._attempts(announced):
            if announced:
                retrying = announced.pop()
                yield retrying
                await self._clock.sleep(retrying.wait_s)
                events = self._inner.stream(request)
            # Nothing is yielded inside: an attempt holds back whatever is raised in it, and that
            # must never be the GeneratorExit of a reader who leaves.
            with attempt:
                first = await anext(events, None)
        async with aclosing(events):
            if first is not None:
                yield first
            async for event in events:
                yield event

    def _attempts(self, announced: list[Retrying]) -> AsyncRetrying:
        async def announce(wait_s: float) -> None:
            """The wait itself comes after the announcement, in `stream`."""

        def before_sleep(state: RetryCallState) -> None:
            error = _error(state)
            if error is not None and state.next_action is not None:
                wait_s = float(state.next_action.sleep)
                announced.append(Retrying(state.attempt_number, wait_s, error.category))

        return AsyncRetrying(
            retry=retry_if_exception(_is_retryable),
            stop=stop_after_attempt(self._retries + 1),
            wait=_wait_s,
            sleep=announce,
            before_sleep=before_sleep,
            reraise=True,
        )


def _is_retryable(error: BaseException) -> bool:
    return isinstance(error, ModelError) and error.retryable


def _wait_s(state: RetryCallState) -> float:
    error = _error(state)
    asked_s = error.retry_after_s if error is not None and error.retry_after_s else 0.0
    return max(_backoff(state), min(asked_s, LONGEST_RETRY_AFTER_S))


def _error(state: RetryCallState) -> ModelError | None:
    error = state.outcome.exception() if state.outcome is not None else None
    return error if isinstance(error, ModelError) else None
