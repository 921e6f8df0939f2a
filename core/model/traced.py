"""Telling observers of each model call when it has ended."""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from core.completion import Call, Delta, Finished
from core.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from datetime import datetime

    from core.completion import ChatRequest, Completion, CompletionEvent, FinishReason
    from core.model.metered import Meter
    from core.ports import CallObserver, ChatModel, Clock

logger = logging.getLogger(__name__)


class TracedModel:
    """Stands right around MeteredModel: one Call for each call with a row in the ledger, whether it
    answered, failed, or was cancelled or closed. A call that was not even made is not told."""

    def __init__(
        self, inner: ChatModel, meter: Meter, clock: Clock, observers: Iterable[CallObserver]
    ) -> None:
        self._inner = inner
        self._meter = meter
        self._clock = clock
        self._observers = tuple(observers)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        before = self._meter.newest(request.turn_id)
        heard = _Heard(self._clock)
        try:
            async with aclosing(self._inner.stream(request)) as events:
                async for event in events:
                    heard.saw(event)
                    yield event
        except ModelError as error:
            heard.error = str(error)
            raise
        finally:
            # Nothing is awaited here: this also runs while the generator is being closed.
            completion = self._meter.newest(request.turn_id)
            if completion is not None and completion is not before:
                self._tell(heard.to_call(request, completion))

    def _tell(self, call: Call) -> None:
        for observer in self._observers:
            try:
                observer.called(call)
            except Exception:
                # What the model says is worth more than who watches it.
                logger.exception("an observer failed on a model call")


class _Heard:
    """What came of one call so far."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_at: datetime = clock.now()
        self._began = clock.monotonic()
        self._pieces: list[str] = []
        self._first_token_s: float | None = None
        self._finish_reason: FinishReason | None = None
        self.error = ""

    def saw(self, event: CompletionEvent) -> None:
        if isinstance(event, Delta):
            if self._first_token_s is None and event.text:
                self._first_token_s = self._clock.monotonic() - self._began
            self._pieces.append(event.text)
        elif isinstance(event, Finished):
            self._finish_reason = event.finish_reason

    def to_call(self, request: ChatRequest, completion: Completion) -> Call:
        return Call(
            request=request,
            completion=completion,
            said="".join(self._pieces),
            began_at=self._began_at,
            took_s=self._clock.monotonic() - self._began,
            first_token_s=self._first_token_s,
            finish_reason=self._finish_reason,
            error=self.error,
        )
