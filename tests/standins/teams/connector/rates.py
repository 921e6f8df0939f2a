"""How often the connector may be called: windows for each conversation, and one for the app."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.standins.slack.clock import StandInClock

# learn.microsoft.com, "Optimize your bot with rate limiting": (seconds, operations)
PER_CONVERSATION = ((1.0, 7), (2.0, 8), (30.0, 60), (3600.0, 1800))
PER_APP_AND_TENANT = ((1.0, 50),)


class Rates:
    def __init__(self, clock: StandInClock, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self.per_conversation: tuple[tuple[float, int], ...] = PER_CONVERSATION
        self.per_app: tuple[tuple[float, int], ...] = PER_APP_AND_TENANT
        self._clock = clock
        self._seen: dict[str, deque[float]] = {}

    def admit(self, conversation: str) -> int | None:
        """None when the call may pass, else whole seconds for Retry-After. Refused calls do not
        count. `conversation` "" is the creation of conversations."""
        if not self.enabled:
            return None
        now = self._clock.monotonic()
        limits = {f"c {conversation}": self.per_conversation, "app": self.per_app}
        wait_s = max(self._wait_s(key, limit, now) for key, limit in limits.items())
        if wait_s > 0:
            return max(1, math.ceil(wait_s))
        for key in limits:
            self._seen.setdefault(key, deque(maxlen=2000)).append(now)
        return None

    def _wait_s(self, key: str, limits: tuple[tuple[float, int], ...], now: float) -> float:
        seen = self._seen.get(key, ())
        worst = 0.0
        for seconds, operations in limits:
            if len(seen) >= operations:
                worst = max(worst, seen[-operations] + seconds - now)
        return worst
