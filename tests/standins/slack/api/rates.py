"""Slack's rate limits: sliding windows of a minute for each method, and channel where it counts."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.standins.slack.clock import StandInClock

WINDOW_S = 60.0
POSTS_PER_CHANNEL_MINUTE = 60
POSTS_PER_WORKSPACE_MINUTE = 300  # docs.slack.dev/apis/web-api/rate-limits: "several hundred"
POST_BURST = 5
"""Posts to one channel above one a second that are let through ("short bursts")."""
STATUSES_PER_CHANNEL_MINUTE = 60
TIER_3 = 50
TIER_4 = 100

LIMITS: Mapping[str, int] = {
    "apps.connections.open": 1,
    "chat.startStream": 20,
    "chat.stopStream": 20,
    "chat.appendStream": TIER_4,
    "chat.update": TIER_3,
    "chat.delete": TIER_3,
    "chat.postEphemeral": TIER_4,
    "conversations.history": TIER_3,
    "conversations.replies": TIER_3,
    "conversations.info": TIER_3,
    "conversations.open": TIER_3,
    "conversations.members": TIER_4,
    "reactions.add": TIER_3,
    "reactions.get": TIER_3,
    "reactions.remove": 20,
    "users.info": TIER_4,
    "files.info": TIER_4,
    "views.publish": TIER_4,
    "views.open": TIER_4,
    "agents.sessions.setStatus": TIER_3,
    "agents.sessions.rename": TIER_3,
    "assistant.threads.setTitle": TIER_3,
    "assistant.threads.setSuggestedPrompts": TIER_3,
}
READS_OUTSIDE_MARKETPLACE = 1
"""history and replies of a commercially distributed app that is not in the Marketplace."""


@dataclass(frozen=True, slots=True)
class Window:
    key: tuple[str, ...]
    limit: int
    seconds: float = WINDOW_S


class Rates:
    def __init__(
        self, clock: StandInClock, *, enabled: bool = True, outside_marketplace: bool = False
    ) -> None:
        self.enabled = enabled
        self.limits = dict(LIMITS)
        """May be changed while running."""
        if outside_marketplace:
            for method in ("conversations.history", "conversations.replies"):
                self.limits[method] = READS_OUTSIDE_MARKETPLACE
        self._clock = clock
        self._seen: dict[tuple[str, ...], deque[float]] = {}

    def admit(self, method: str, channel: str) -> int | None:
        """None when the call may pass, else whole seconds for Retry-After. Refused calls do not
        count."""
        if not self.enabled:
            return None
        now = self._clock.monotonic()
        windows = self._windows(method, channel)
        waits = [self._wait_s(window, now) for window in windows]
        worst = max(waits, default=0.0)
        if worst > 0:
            return max(1, math.ceil(worst))
        for window in windows:
            self._seen.setdefault(window.key, deque()).append(now)
        return None

    def _windows(self, method: str, channel: str) -> list[Window]:
        if method == "chat.postMessage":
            return [
                Window((method, channel), POSTS_PER_CHANNEL_MINUTE),
                Window((method, channel, "burst"), POST_BURST, float(POST_BURST)),
                Window((method,), POSTS_PER_WORKSPACE_MINUTE),
            ]
        if method == "assistant.threads.setStatus":
            return [Window((method, channel), STATUSES_PER_CHANNEL_MINUTE)]
        limit = self.limits.get(method)
        return [] if limit is None else [Window((method,), limit)]

    def _wait_s(self, window: Window, now: float) -> float:
        seen = self._seen.get(window.key)
        if not seen:
            return 0.0
        while seen and seen[0] <= now - window.seconds:
            seen.popleft()
        return 0.0 if len(seen) < window.limit else seen[0] + window.seconds - now
