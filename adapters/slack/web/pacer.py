"""One write budget for a workspace: who may call which method when."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from adapters.slack.web.limits import (
    CHANNEL_WINDOWS,
    TIERS,
    WINDOW_S,
)
from adapters.wire.retry_after import RETRY_AFTER_CAP_S

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.ports import Clock

EDGE_S: Final = 0.5
"""Calls reach Slack later than they are sent, and not all equally late."""
GAP_S: Final = 1.0
GAP_LASTS_S: Final = 60.0
"""After a refusal calls follow each other in single file for a while: whoever waited would
otherwise all come back in the same moment, and be refused again."""
FLOOR_INTERVAL_S: Final = 0.5
"""Faster than this nobody reads, however much budget is left."""
DEFAULT_TIER: Final = 50


class Urgency(IntEnum):
    """Whose need is greater; the share of a limit that each may use is in `SHARES`."""

    PROGRESS = 0
    FIRST = 1
    FINAL = 2


SHARES: Final[Mapping[Urgency, float]] = {
    Urgency.PROGRESS: 0.7,
    Urgency.FIRST: 0.85,
    Urgency.FINAL: 1.0,
}
"""A burst of newcomers and every ending find something left, however busy the minute was."""


@dataclass(frozen=True, slots=True)
class _Window:
    key: tuple[str, str, float]
    calls: int
    seconds: float


@dataclass(slots=True)
class _Pause:
    until: float
    gap_s: float
    gap_ends: float


class Pacer:
    """Counts calls in a sliding minute, per method and where Slack does so per channel.

    `wait_s` and `spend` are two steps without an await between them: looking and taking are one.
    Not thread-safe; one event loop.
    """

    def __init__(self, clock: Clock, *, paced: bool = True) -> None:
        self._clock = clock
        self._paced = paced
        self._replicas = 1
        self._spent: dict[tuple[str, str, float], deque[float]] = {}
        self._pauses: dict[tuple[str, str], _Pause] = {}
        self._writers: dict[str, int] = {}

    def share(self, replicas: int) -> None:
        """That many processes write with the same app; each takes an equal part."""
        self._replicas = max(replicas, 1)

    def wait_s(self, method: str, channel: str, urgency: Urgency) -> float:
        """Seconds until the call may be made; 0: now."""
        now = self._clock.monotonic()
        wait = self._pause_left_s((method, channel), now)
        if not self._paced:
            return wait
        for window in _windows(method, channel):
            allowed = max(int(window.calls / self._replicas * SHARES[urgency]), 1)
            wait = max(wait, self._until_free_s(window, allowed, now))
        return wait

    def spend(self, method: str, channel: str) -> None:
        now = self._clock.monotonic()
        pause = self._pauses.get((method, channel))
        if pause is not None:
            pause.until = max(pause.until, now + pause.gap_s)
        if self._paced:
            for window in _windows(method, channel):
                self._spent.setdefault(window.key, deque()).append(now)

    async def take(self, method: str, channel: str, urgency: Urgency) -> None:
        """Wait for a free place, and take it. Cancelled: takes nothing."""
        while (wait := self.wait_s(method, channel, urgency)) > 0:
            await self._clock.sleep(wait)
        self.spend(method, channel)

    def try_take(self, method: str, channel: str, urgency: Urgency) -> bool:
        """Take a place if one is free now."""
        if self.wait_s(method, channel, urgency) > 0:
            return False
        self.spend(method, channel)
        return True

    def pause(self, method: str, channel: str, seconds: float) -> None:
        """Slack said no: nobody calls the method for this channel before the time is over."""
        now = self._clock.monotonic()
        seconds = min(max(seconds, 0.0), RETRY_AFTER_CAP_S)
        pause = self._pauses.setdefault((method, channel), _Pause(0.0, 0.0, 0.0))
        pause.until = max(pause.until, now + seconds)
        pause.gap_s = min(seconds, GAP_S)
        pause.gap_ends = pause.until + GAP_LASTS_S

    def enter(self, method: str) -> None:
        """Somebody writes with this method from now on, until `leave`."""
        self._writers[method] = self._writers.get(method, 0) + 1

    def leave(self, method: str) -> None:
        self._writers[method] = max(self._writers.get(method, 0) - 1, 0)

    def interval_s(self, method: str) -> float:
        """Time between two writes of one answer: everybody writing shares what progress may use."""
        if not self._paced:
            return FLOOR_INTERVAL_S
        a_minute = TIERS.get(method, DEFAULT_TIER) / self._replicas * SHARES[Urgency.PROGRESS]
        return max(FLOOR_INTERVAL_S, self._writers.get(method, 0) * WINDOW_S / a_minute)

    def room_for_endings(self, method: str) -> bool:
        """Whether one more answer can count on ending with this method within the minute."""
        if not self._paced:
            return True
        tier = TIERS.get(method, DEFAULT_TIER) / self._replicas
        return self._writers.get(method, 0) + 1 <= tier * SHARES[Urgency.FIRST]

    def _pause_left_s(self, key: tuple[str, str], now: float) -> float:
        pause = self._pauses.get(key)
        if pause is None:
            return 0.0
        if pause.gap_ends <= now:
            del self._pauses[key]
        return max(pause.until - now, 0.0)

    def _until_free_s(self, window: _Window, allowed: int, now: float) -> float:
        spent = self._spent.get(window.key)
        if spent is None:
            return 0.0
        lasts_s = window.seconds + EDGE_S
        while spent and spent[0] <= now - lasts_s:
            spent.popleft()
        if not spent:
            del self._spent[window.key]
        if len(spent) < allowed:
            return 0.0
        # Never 0: what is due this instant is looked at once more after it.
        return max(spent[len(spent) - allowed] + lasts_s - now, 0.001)


def _windows(method: str, channel: str) -> list[_Window]:
    windows = [_Window((method, "", WINDOW_S), TIERS.get(method, DEFAULT_TIER), WINDOW_S)]
    for calls, seconds in CHANNEL_WINDOWS.get(method, ()):
        windows.append(_Window((method, channel, seconds), calls, seconds))
    return windows
