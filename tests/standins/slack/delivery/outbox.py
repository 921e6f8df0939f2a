"""Everything that is told to the bot, with each attempt, its acknowledgement and its latency."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
Kind = Literal["events_api", "interactive", "slash_commands"]

ACK_TIMEOUT_S = 3.0  # docs.slack.dev/apis/events-api: respond within three seconds
RETRY_WAITS_S = (0.0, 60.0, 300.0)  # the same page: at once, after one minute, after five


@dataclass(slots=True)
class Attempt:
    """One try at telling. `ack_s` is None when no good answer came in time."""

    sent_at: float
    retry_num: int
    reason: str | None = None
    ack_s: float | None = None
    status: int | None = None
    error: str | None = None


@dataclass(slots=True)
class Delivery:
    kind: Kind
    payload: Json
    first_attempt: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    state: Literal["open", "acked", "given_up"] = "open"
    response: Any = None
    """What the bot put into its acknowledgement: JSON, text or None."""
    touch: Callable[[], None] = field(default=lambda: None, repr=False)

    @property
    def event_id(self) -> str | None:
        return self.payload.get("event_id")

    @property
    def event(self) -> Json:
        found: Json = self.payload.get("event", {})
        return found

    @property
    def ack_s(self) -> float | None:
        """Seconds from the attempt that was acknowledged to its acknowledgement."""
        return self.attempts[-1].ack_s if self.attempts else None


class Carrier(Protocol):
    """A way to the bot. Works until the delivery is acked or given up."""

    async def carry(self, delivery: Delivery) -> None: ...


class Outbox:
    def __init__(self, touch: Callable[[], None]) -> None:
        self.deliveries: list[Delivery] = []
        self._touch = touch
        self._running: set[asyncio.Task[None]] = set()

    def send(
        self,
        carrier: Carrier,
        kind: Kind,
        payload: Json,
        *,
        first_attempt: int = 0,
        delay_s: float = 0.0,
    ) -> Delivery:
        """Tell the bot in the background. `first_attempt=1`: the first try was lost on the way."""
        delivery = Delivery(kind, payload, first_attempt, touch=self._touch)
        self.deliveries.append(delivery)
        task = asyncio.get_running_loop().create_task(self._run(carrier, delivery, delay_s))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return delivery

    async def _run(self, carrier: Carrier, delivery: Delivery, delay_s: float) -> None:
        if delay_s:
            await asyncio.sleep(delay_s)
        await carrier.carry(delivery)
        self._touch()

    async def settled(self) -> None:
        """Returns when every delivery is acknowledged or given up."""
        while self._running:
            await asyncio.wait(self._running)

    def ack_latencies_s(self) -> list[float]:
        return [d.ack_s for d in self.deliveries if d.state == "acked" and d.ack_s is not None]

    async def close(self) -> None:
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


def start_attempt(delivery: Delivery, retry_num: int, reason: str | None) -> Attempt:
    attempt = Attempt(time.monotonic(), retry_num, reason)
    delivery.attempts.append(attempt)
    delivery.touch()
    return attempt


def fail(delivery: Delivery, attempt: Attempt, error: str) -> None:
    attempt.error = error
    delivery.touch()


def finish(delivery: Delivery, attempt: Attempt, response: Any) -> None:
    attempt.ack_s = time.monotonic() - attempt.sent_at
    delivery.response = response
    delivery.state = "acked"
