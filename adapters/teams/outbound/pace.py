"""How often the bot writes: so much a second for the app, a chat, and one growing answer."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from adapters.wire.retry_after import RETRY_AFTER_CAP_S

if TYPE_CHECKING:
    from core.ports import Clock

# https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/rate-limit
APP_CALLS: Final = 45
"""In a second; Teams takes 50 of an app and tenant, and clocks are not the same."""
PROGRESS_CALLS: Final = 30
"""Of those, what growing answers may use: endings and newcomers find something left."""
CHAT_WINDOWS: Final = ((6, 1.0), (7, 2.0), (56, 30.0))
"""So many calls in so many seconds, for one chat or thread; Teams takes 7, 8 and 60, but counts
when they arrive."""
INTERVAL_S: Final = 1.0
"""https://learn.microsoft.com/en-us/microsoftteams/platform/bots/streaming-ux: one request a
second for a stream; an edited message that changes more often flickers."""
KEPT_CHATS: Final = 5_000


class Pace:
    """One budget for everything that this process writes to Teams."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._app: deque[float] = deque()
        self._chats: dict[str, deque[float]] = {}
        self._pauses: dict[str, float] = {}
        self._writers = 0
        self._replicas = 1
        self._line = asyncio.Lock()

    def share(self, replicas: int) -> None:
        """So many processes write with the same app; each takes an equal part. A chat is not
        shared: whoever answers there is the only one that does."""
        self._replicas = max(replicas, 1)

    async def take(self, conversation: str) -> None:
        """Wait for a free place, and take it; who came first is first. Cancelled: takes nothing."""
        while True:
            while (wait_s := self._chat_wait_s(conversation)) > 0:
                await self._clock.sleep(wait_s)
            # In a line, as otherwise all that wait would wake up for each place.
            async with self._line:
                while (wait_s := self._app_wait_s(APP_CALLS)) > 0:
                    await self._clock.sleep(wait_s)
                if self._chat_wait_s(conversation) <= 0:
                    self._spend(conversation)
                    return

    def wait_s(self, conversation: str) -> float:
        """Until a place is free, if nobody else takes it; 0: now."""
        return max(self._app_wait_s(APP_CALLS), self._chat_wait_s(conversation))

    def try_take(self, conversation: str) -> bool:
        """Take a place for a piece of a growing answer if one is free now."""
        is_taken = self._line.locked() or self._app_wait_s(PROGRESS_CALLS) > 0
        if is_taken or self._chat_wait_s(conversation) > 0:
            return False
        self._spend(conversation)
        return True

    def pause(self, conversation: str, seconds: float) -> None:
        """Teams said no: nothing is written there before the time is over."""
        until = self._clock.monotonic() + min(max(seconds, 0.0), RETRY_AFTER_CAP_S)
        self._pauses[conversation] = max(self._pauses.get(conversation, 0.0), until)

    def enter(self) -> None:
        """One more answer grows, until `leave`."""
        self._writers += 1

    def leave(self) -> None:
        self._writers -= 1

    def interval_s(self) -> float:
        """Between two pieces of one answer: all that grow share what progress may use."""
        return max(INTERVAL_S, self._writers * self._replicas / PROGRESS_CALLS)

    def _app_wait_s(self, calls: int) -> float:
        """For one's share of so many calls a second, or one call in more than that."""
        share = calls / self._replicas
        window_s = 1.0 if share >= 1 else 1.0 / share
        return _until_free_s(self._app, max(int(share), 1), window_s, self._clock.monotonic())

    def _chat_wait_s(self, conversation: str) -> float:
        now = self._clock.monotonic()
        wait_s = self._pause_left_s(conversation, now)
        chat = self._chats.get(conversation, ())
        for calls, seconds in CHAT_WINDOWS:
            wait_s = max(wait_s, _until_free_s(chat, calls, seconds, now))
        return wait_s

    def _spend(self, conversation: str) -> None:
        now = self._clock.monotonic()
        _forget_old(self._app, now - 1.0)
        self._app.append(now)
        if conversation not in self._chats and len(self._chats) >= KEPT_CHATS:
            self._forget_quiet(now)
        chat = self._chats.setdefault(conversation, deque())
        _forget_old(chat, now - CHAT_WINDOWS[-1][1])
        chat.append(now)

    def _forget_quiet(self, now: float) -> None:
        oldest = now - CHAT_WINDOWS[-1][1]
        self._chats = {name: calls for name, calls in self._chats.items() if calls[-1] > oldest}

    def _pause_left_s(self, conversation: str, now: float) -> float:
        until = self._pauses.get(conversation)
        if until is None:
            return 0.0
        if until <= now:
            del self._pauses[conversation]
        return max(until - now, 0.0)


def _until_free_s(
    calls: deque[float] | tuple[()], allowed: int, seconds: float, now: float
) -> float:
    """Seconds until fewer than `allowed` calls lie within the last `seconds`."""
    if len(calls) < allowed:
        return 0.0
    left_s = calls[-allowed] + seconds - now
    return max(left_s, 0.001) if left_s > 0 else 0.0


def _forget_old(calls: deque[float], oldest: float) -> None:
    while calls and calls[0] <= oldest:
        calls.popleft()
