"""What is measured while a turn runs, and the row that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import ConnectionFailed
from core.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.completion import Completion, Finished, FinishReason
    from core.draft import Draft
    from core.errors import ModelError, ReadingTimeout
    from core.people.limits import Refusal
    from core.turn import Outcome, QueuedMessage


@dataclass(slots=True)
class Progress:
    """One run of an answer. Moments are monotonic seconds of core.ports.Clock."""

    started_at: float
    waited_s: float
    """From the moment the message was stored until this run began."""
    first_token_at: float | None = None
    attempts: int = 1
    finished: Finished | None = None
    error: ModelError | ReadingTimeout | None = None
    refusal: Refusal | None = None
    model: str = ""

    @property
    def finish_reason(self) -> FinishReason:
        return self.finished.finish_reason if self.finished else "cut"

    @property
    def category(self) -> str:
        """Of the error, or the limit that refused; empty where there was none."""
        if self.refusal is not None:
            return self.refusal.scope
        if self.finished is not None and self.finished.finish_reason == "cut":
            return ConnectionFailed.category  # the same as a reset, only politer
        return self.error.category if self.error else ""

    def since_stored(self, at: float | None) -> float | None:
        return None if at is None else self.waited_s + at - self.started_at


def begin_turn(queued: QueuedMessage, outcome: Outcome, error: str = "") -> Turn:
    """The row before anything is known but the question."""
    message = queued.message
    return Turn(
        turn_id=queued.turn_id,
        conversation=message.conversation,
        author=message.author,
        kind=queued.kind,
        outcome=outcome,
        received_at=queued.received_at,
        question=message.text,
        message_id=message.ref.message_id,
        address=message.address,
        error=error,
        correlation_id=queued.turn_id,
    )


def measured(turn: Turn, draft: Draft, progress: Progress, now: float) -> Turn:
    """With durations since the message was stored; `now` is monotonic."""
    return replace(
        turn,
        first_token_s=progress.since_stored(progress.first_token_at),
        first_visible_s=progress.since_stored(draft.first_visible_at),
        latency_s=progress.waited_s + now - progress.started_at,
        error=turn.error or progress.category,
        incomplete=bool(turn.answer) and progress.finish_reason != "stop",
    )


def sum_cost_usd(completions: Iterable[Completion]) -> float | None:
    """None as soon as one call has no known price: a sum that leaves it out would mislead."""
    total = 0.0
    for completion in completions:
        if completion.cost_usd is None:
            return None
        total += completion.cost_usd
    return total
