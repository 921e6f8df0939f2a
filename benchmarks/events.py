"""Slack's events as they go over the wire, signed, and their way to an acknowledgement."""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.standins.slack import sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from tests.standins.slack import Message, SlackStandIn

    Tell = Callable[[Message], Awaitable[float]]


def to_request(slack: SlackStandIn, payload: dict[str, Any]) -> bytes:
    body = json.dumps(payload).encode()
    now = int(time.time())
    return b"".join(
        [
            b"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\n",
            b"Content-Type: application/json\r\n",
            f"Content-Length: {len(body)}\r\n".encode(),
            f"X-Slack-Request-Timestamp: {now}\r\n".encode(),
            f"X-Slack-Signature: {sign(slack.signing_secret, now, body)}\r\n\r\n".encode(),
            body,
        ]
    )


def first_messages(slack: SlackStandIn) -> Iterator[bytes]:
    """Messages without end that mention the bot, each the first of a conversation."""
    said = slack.people.say(
        "U0BOB", "C0GENERAL", f"{slack.people.mention} hello", told=False, raw=True
    )
    payload = next(p for p in said.events if p["event"]["type"] == "message")
    for n in itertools.count():
        event = copy.deepcopy(payload)
        event["event_id"] = f"Ev{n:010}"
        event["event"] |= {"ts": slack.workspace.new_ts(), "client_msg_id": f"benchmark-{n}"}
        event["event"]["event_ts"] = event["event"]["ts"]
        yield to_request(slack, event)


async def send_all(
    port: int, requests: Sequence[bytes], connections: int, per_s: float | None = None
) -> list[float]:
    """Seconds that each took; evenly spread where `per_s` says so, else as fast as it goes."""
    left = iter(requests)
    pause_s = connections / per_s if per_s else 0.0
    starts = [pause_s * n / connections for n in range(connections)]
    series = [_send_some(port, left, start_s, pause_s) for start_s in starts]
    return [took for some in await asyncio.gather(*series) for took in some]


async def _send_some(
    port: int, requests: Iterator[bytes], start_s: float, pause_s: float
) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took = []
    due_at = time.monotonic() + start_s
    for request in requests:
        began = time.monotonic()
        if pause_s and began < due_at:
            await asyncio.sleep(due_at - began)
            began = time.monotonic()
        elif pause_s:
            began = due_at  # it should have been on its way, and waits for the one before it
        due_at += pause_s
        await send_one(reader, writer, request)
        took.append(time.monotonic() - began)
    writer.close()
    return took


@asynccontextmanager
async def lines_to(port: int, slack: SlackStandIn) -> AsyncIterator[Tell]:
    """Tells of a message as Slack does: of one with a mention twice, over two connections."""
    lines = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]

    async def tell(said: Message) -> float:
        """Returns when all of it is acknowledged: the moment when it was sent."""
        requests = [to_request(slack, payload) for payload in said.events]
        sent_at = time.monotonic()
        told = zip(lines, requests, strict=True)
        await asyncio.gather(*(send_one(*line, request) for line, request in told))
        return sent_at

    yield tell
    for _, writer in lines:
        writer.close()


async def send_one(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> None:
    """Returns when it is acknowledged; raises RuntimeError when it is refused."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or 0))
    if not head.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(head.decode())
