"""Events, interactions and commands by HTTP: signed, and told again when not acknowledged."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import aiohttp

from tests.standins.slack.delivery.outbox import (
    ACK_TIMEOUT_S,
    RETRY_WAITS_S,
    Attempt,
    Delivery,
    fail,
    finish,
    start_attempt,
)

if TYPE_CHECKING:
    from tests.standins.slack.clock import StandInClock

USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


def sign(secret: str, timestamp: int | str, body: bytes) -> str:
    """Slack's signature version 0 over the raw body."""
    base = b"v0:" + str(timestamp).encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encode(delivery: Delivery) -> tuple[bytes, str]:
    """The body as Slack sends it, and its content type."""
    match delivery.kind:
        case "events_api":
            return json.dumps(delivery.payload).encode(), "application/json"
        case "interactive":
            form = urlencode({"payload": json.dumps(delivery.payload)})
        case "slash_commands":
            form = urlencode(delivery.payload)
    return form.encode(), "application/x-www-form-urlencoded"


class HttpCarrier:
    def __init__(
        self,
        url: str,
        secret: str,
        session: aiohttp.ClientSession,
        clock: StandInClock,
        ack_timeout_s: float = ACK_TIMEOUT_S,
    ) -> None:
        self.url = url
        self.secret = secret
        self._session = session
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=ack_timeout_s)

    async def carry(self, delivery: Delivery) -> None:
        body, content_type = encode(delivery)
        reason = "http_timeout" if delivery.first_attempt else None
        number = delivery.first_attempt
        while True:
            attempt = start_attempt(delivery, number, reason)
            may_retry = await self._try(delivery, attempt, body, content_type)
            if delivery.state == "acked":
                return
            if not may_retry or delivery.kind != "events_api" or number >= len(RETRY_WAITS_S):
                delivery.state = "given_up"
                return
            await self._clock.sleep(RETRY_WAITS_S[number])
            number += 1
            reason = attempt.error

    async def _try(
        self, delivery: Delivery, attempt: Attempt, body: bytes, content_type: str
    ) -> bool:
        """Whether Slack would tell it again."""
        headers = self._headers(attempt, body, content_type)
        try:
            async with self._session.post(
                self.url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                text = await response.text()
        except TimeoutError:
            fail(delivery, attempt, "http_timeout")
        except aiohttp.ClientConnectorError:
            fail(delivery, attempt, "connection_failed")
        except (aiohttp.ClientError, OSError):
            fail(delivery, attempt, "unknown_error")
        else:
            attempt.status = response.status
            if response.ok and response.status < 300:
                finish(delivery, attempt, _read(text, response.content_type))
            else:
                fail(delivery, attempt, "http_error")
            return response.headers.get("x-slack-no-retry") != "1"
        return True

    def _headers(self, attempt: Attempt, body: bytes, content_type: str) -> dict[str, str]:
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": content_type,
            "User-Agent": USER_AGENT,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign(self.secret, timestamp, body),
        }
        if attempt.retry_num:
            headers["X-Slack-Retry-Num"] = str(attempt.retry_num)
            headers["X-Slack-Retry-Reason"] = attempt.reason or "unknown_error"
        return headers


def _read(text: str, content_type: str) -> Any:
    if not text:
        return None
    return json.loads(text) if content_type == "application/json" else text
