"""What is told to the bot: signed, and told again when it is not taken, as Azure does."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import aiohttp

from tests.standins.teams.invokes import complaint

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.standins.slack.clock import StandInClock
    from tests.standins.teams.identity.keys import Keys

Json = dict[str, Any]
ACK_TIMEOUT_S = 15.0  # learn.microsoft.com, "Bots and long operations": 10 to 15 seconds
RETRY_WAITS_S = (1.0, 5.0)
USER_AGENT = "Microsoft-SkypeBotApi (Microsoft-BotFramework/3.0)"


@dataclass(slots=True)
class Attempt:
    """One try. `latency_s` is None when no answer came in time; `sent_at` is monotonic."""

    sent_at: float
    status: int | None = None
    latency_s: float | None = None
    error: str | None = None


@dataclass(slots=True)
class Delivery:
    payload: Json
    attempts: list[Attempt] = field(default_factory=list)
    state: Literal["open", "acked", "given_up"] = "open"
    response: Any = None
    """The body of the answer: JSON, text or None."""
    complaint: str | None = None
    """What the client would show as an error although the answer was 2xx."""
    done: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def is_invoke(self) -> bool:
        return bool(self.payload.get("type") == "invoke")

    @property
    def status(self) -> int | None:
        return self.attempts[-1].status if self.attempts else None

    @property
    def latency_s(self) -> float | None:
        return self.attempts[-1].latency_s if self.attempts else None


class Outbox:
    """`url` is the bot's /api/messages; nothing can be told while it is None."""

    def __init__(self, keys: Keys, clock: StandInClock, touch: Callable[[], None]) -> None:
        self.url: str | None = None
        self.ack_timeout_s = ACK_TIMEOUT_S
        self.retry_waits_s: tuple[float, ...] = RETRY_WAITS_S
        """Waits before each further try, by the stand-in's clock; empty: told once."""
        self.deliveries: list[Delivery] = []
        self._keys = keys
        self._clock = clock
        self._touch = touch
        self._session: aiohttp.ClientSession | None = None
        self._running: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def close(self) -> None:
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    def send(self, payload: Json, *, token: str | None = None, delay_s: float = 0.0) -> Delivery:
        """Tell the bot in the background. `token`: this one in place of a genuine one. `delay_s`
        is the stand-in clock's."""
        delivery = Delivery(payload)
        self.deliveries.append(delivery)
        task = asyncio.get_running_loop().create_task(self._run(delivery, token, delay_s))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return delivery

    async def settled(self) -> None:
        """Returns when everything is taken or given up."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self, delivery: Delivery, token: str | None, delay_s: float) -> None:
        try:
            if delay_s:
                await self._clock.sleep(delay_s)
            waits_s = () if delivery.is_invoke or token else self.retry_waits_s
            for wait_s in (*waits_s, None):
                if await self._try(delivery, token):
                    delivery.state = "acked"
                    return
                if wait_s is not None:
                    await self._clock.sleep(wait_s)
            delivery.state = "given_up"
        finally:
            delivery.done.set()
            self._touch()

    async def _try(self, delivery: Delivery, token: str | None) -> bool:
        if self.url is None or self._session is None:
            raise RuntimeError("nobody listens: set bot_url, and start the stand-in")
        attempt = Attempt(time.monotonic())
        delivery.attempts.append(attempt)
        try:
            async with self._session.post(
                self.url,
                data=json.dumps(delivery.payload).encode(),
                headers=self._headers(delivery.payload, token),
                timeout=aiohttp.ClientTimeout(total=self.ack_timeout_s),
                allow_redirects=False,
            ) as response:
                text = await response.text()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            attempt.error = type(error).__name__
            return False
        finally:
            self._touch()
        attempt.status = response.status
        attempt.latency_s = time.monotonic() - attempt.sent_at
        delivery.response = read(text)
        taken = 200 <= response.status < 300
        delivery.complaint = complaint(delivery.payload, delivery.response) if taken else None
        return taken

    def _headers(self, payload: Json, token: str | None) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token or self._keys.token()}",
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": USER_AGENT,
            "x-ms-conversation-id": str((payload.get("conversation") or {}).get("id")),
            "x-ms-tenant-id": str((payload.get("conversation") or {}).get("tenantId")),
        }


def read(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text
