"""Questions that wait for a model that cannot be reached: which ones, and when each is tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from core.draft import Ending
from core.errors import (
    BreakerOpen,
    ConnectionFailed,
    ModelTimeout,
    RateLimited,
    ServiceUnavailable,
)
from core.notices import build_notice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from core.errors import ModelError
    from core.model.breaking import BreakerState
    from core.ports import Hold, Inbox
    from core.turn import QueuedMessage, Turn

SHORTEST_WAIT_S = 2.0
LONGEST_WAIT_S = 30.0
SHOWING_LIMIT_S = 900.0
"""How long a whole answer waits for a platform that does not take it, before it is a failure."""
OUTAGES = (BreakerOpen, ConnectionFailed, ModelTimeout, RateLimited, ServiceUnavailable)
"""What passes by itself; any other error would be the same when it is tried again."""


class Postponed(Exception):
    """Raised through a turn that cannot end now: it is left waiting, and not recorded."""

    def __init__(self, wait: Wait, *, told: bool, kept: Turn | None = None) -> None:
        super().__init__(f"tried again at {wait.retry_at:%H:%M:%S}")
        self.wait = wait
        self.told = told
        self.kept = kept


class ModelAway(Postponed):
    """The model cannot be reached."""


class NotShown(Postponed):
    """The platform cannot; `kept` is the whole turn, ready to be shown and recorded."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a question waits, counted from when it was stored. Nothing else is kept of it: each
    wait is as long as all before it, between 2 and 30 s, so any process can go on with it."""

    limit_s: float = 0.0
    """0: no question waits."""
    away_s: Callable[[str], float] = lambda model: 0.0  # noqa: ARG005 - it is called by position
    """Seconds for which a call of a model would be refused without being made."""

    def wait(
        self, queued: QueuedMessage, error: ModelError | None, now: datetime, model: str
    ) -> Wait | None:
        """None: it has ended, for the model's part; what the error says is told."""
        if queued.told and isinstance(error, ModelTimeout) and self.away_s(model) <= 0:
            return None  # others are answered, so it is this question that takes too long
        until = queued.received_at + timedelta(seconds=self.limit_s)
        if not isinstance(error, OUTAGES) or now >= until:
            return None
        return Wait.of(queued, until, now, error.retry_after_s or 0.0)


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    retry_at: datetime

    @classmethod
    def of(
        cls, queued: QueuedMessage, until: datetime, now: datetime, asked_for_s: float = 0.0
    ) -> Wait:
        """`asked_for_s`: how long not to come back, at least."""
        waited_s = (now - queued.received_at).total_seconds()
        pause_s = max(min(waited_s, LONGEST_WAIT_S), SHORTEST_WAIT_S, asked_for_s)
        return cls(until, min(now + timedelta(seconds=pause_s), until))


def keep(queued: QueuedMessage, turn: Turn, now: datetime) -> NotShown | None:
    """None: it has waited long enough, or there is nothing to keep; now it counts as a failure."""
    until = queued.received_at + timedelta(seconds=SHOWING_LIMIT_S)
    if turn.outcome != "answered" or not turn.answer or now >= until:
        return None
    retry_at = Wait.of(queued, until, now).retry_at
    # Open from then on like any other: it asks no model, so it waits for none to come back.
    return NotShown(Wait(until=retry_at, retry_at=retry_at), told=queued.told, kept=turn)


def build_waiting(turn_id: str) -> Ending:
    return Ending(None, build_notice("waiting", turn_id), can_cancel=True)


Trial = Literal["none", "one", "due", "all"]


class Outlook:
    """Which waiting questions are worth a try, as far as this process knows its models.

    Open breakers: none. Half open: one, as only one would be let through. Closed: those whose wait
    is over; all of them once a breaker has closed, or when nothing is known yet, until the next one
    has to wait again.
    """

    def __init__(self, states: Callable[[], Mapping[str, BreakerState]] = dict) -> None:
        """`states`: of the breakers, by model."""
        self._states = states
        self._was_closed = True
        self._is_back = True

    def look(self) -> Trial:
        states = set(self._states().values())
        is_closed = not states or "closed" in states
        self._is_back = is_closed and (self._is_back or not self._was_closed)
        self._was_closed = is_closed
        if not is_closed:
            return "one" if "half_open" in states else "none"
        return "all" if self._is_back else "due"

    async def adopt(self, inbox: Inbox, limit: int) -> Sequence[Hold]:
        """What nobody works on, and of what waits for the model only what is worth a try."""
        match self.look():
            case "none":
                return await inbox.adopt(limit, parked="left")
            case "one":
                holds = list(await inbox.adopt(limit, parked="left"))
                return holds if len(holds) == limit else [*holds, *await inbox.adopt(1)]
            case "due":
                return await inbox.adopt(limit)
            case "all":
                return await inbox.adopt(limit, parked="all")

    def note_wait(self) -> None:
        """A message had to wait again."""
        self._is_back = False
