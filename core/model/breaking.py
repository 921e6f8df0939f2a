"""A circuit breaker for each model: a provider that is down is left alone for a while."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Literal

from core.completion import Delta, Finished
from core.errors import BreakerOpen, ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from core.completion import ChatRequest, CompletionEvent
    from core.ports import ChatModel, Clock

BreakerState = Literal["closed", "open", "half_open"]

PROBING_RETRY_S = 1.0
"""When to look again while somebody else's probe is on its way."""


class Breaker:
    """Opens after `failures` in a row; after `reset_s` lets exactly one call through as a probe."""

    def __init__(self, clock: Clock, failures: int, reset_s: float) -> None:
        self._clock = clock
        self._limit = failures
        self._reset_s = reset_s
        self._failures = 0
        self._opened_at: float | None = None
        self._probing = False

    @property
    def state(self) -> BreakerState:
        if self._opened_at is None:
            return "closed"
        return "half_open" if self._probing or self._wait_s() <= 0 else "open"

    @property
    def away_s(self) -> float:
        """Seconds for which no call may be made; 0: one may, be it a probe."""
        if self._opened_at is None:
            return 0.0
        return PROBING_RETRY_S if self._probing else max(self._wait_s(), 0.0)

    def admit(self) -> bool:
        """True: this call is the probe. Raises BreakerOpen: it may not be made."""
        if self._opened_at is None:
            return False
        if (wait_s := self.away_s) > 0:
            raise BreakerOpen("the model failed too often just now", retry_after_s=wait_s)
        self._probing = True
        return True

    def succeeded(self, *, probe: bool) -> None:
        if probe or self._opened_at is None:
            self._failures = 0
            self._opened_at = None

    def failed(self, *, probe: bool) -> None:
        self._failures += 1
        if probe or (self._opened_at is None and self._failures >= self._limit):
            self._opened_at = self._clock.monotonic()

    def probe_ended(self) -> None:
        """However it ended, the next call may probe: at once if nothing was learnt."""
        self._probing = False

    def _wait_s(self) -> float:
        opened_at = self._clock.monotonic() if self._opened_at is None else self._opened_at
        return opened_at + self._reset_s - self._clock.monotonic()


class BreakingModel:
    """Raises BreakerOpen in place of a call that would most likely fail.

    Retryable errors count, and only these: a cancelled call, a stream that was closed, and errors
    that are the caller's fault neither open nor close anything. A probe has succeeded with its
    first text, any other call with its end.
    """

    def __init__(self, inner: ChatModel, clock: Clock, failures: int, reset_s: float) -> None:
        self._inner = inner
        self._make = partial(Breaker, clock, failures, reset_s)
        self._breakers: dict[str, Breaker] = {}

    def states(self) -> Mapping[str, BreakerState]:
        """By model, of those that were asked so far."""
        return {model: breaker.state for model, breaker in self._breakers.items()}

    def away_s(self, model: str) -> float:
        """Seconds for which a call would be refused; 0: it would be made."""
        breaker = self._breakers.get(model)
        return breaker.away_s if breaker is not None else 0.0

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        if request.model not in self._breakers:
            self._breakers[request.model] = self._make()
        breaker = self._breakers[request.model]
        probe = breaker.admit()
        try:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    probe = _judge(breaker, event, probe=probe)
                    yield event
        except ModelError as error:
            if error.retryable:
                breaker.failed(probe=probe)
            raise
        finally:
            if probe:
                breaker.probe_ended()


def _judge(breaker: Breaker, event: CompletionEvent, *, probe: bool) -> bool:
    """Whether the call is still a probe after this event."""
    complete = isinstance(event, Finished) and event.finish_reason != "cut"
    if complete or (probe and isinstance(event, Delta)):
        breaker.succeeded(probe=probe)
        if probe:
            breaker.probe_ended()
        return False
    return probe
