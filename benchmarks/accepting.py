"""The way of an event to its acknowledgement alone: ours is on disk by then, the bare bot's is not.

Both get messages with a mention, which the bare bot leaves to `app_mention`. Ours stores each as a
question of a new conversation; one turn is let in and waits for a silent model, so none is worked
off.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import os
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, OURS, bare_bot, deliver_to, model_server, our_bot
from benchmarks.figures import Figure, median, percentile
from benchmarks.model import Script
from tests.standins.slack import SlackStandIn, sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.processes import Measured

SILENT = Script(chunks=1, chars=8, first_ms=600_000, pace_ms=0)
CONNECTIONS = 32
STEADY_PER_S = 300


@dataclass(slots=True)
class Measures:
    """Of one bot, a value for each round."""

    per_s: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    full_p99_ms: list[float] = field(default_factory=list)
    steady_p50_ms: list[float] = field(default_factory=list)
    steady_p99_ms: list[float] = field(default_factory=list)


async def accept_alone(folder: Path, rounds: int, events: int) -> list[Figure]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackStandIn(tiers=False))
        model = await stack.enter_async_context(model_server(folder))
        for name in (OURS, BARE):
            (folder / name).mkdir()
        ours = our_bot(folder / OURS, slack, model, SLACK_PACING="off", TURNS_AT_WORK="1")
        bots = {OURS: await stack.enter_async_context(ours)}
        bots[BARE] = await stack.enter_async_context(bare_bot(folder / BARE, slack, model))
        await _occupy(slack, bots[OURS])
        stack.callback(_use_cores, os.getpid(), os.sched_getaffinity(0))
        _split_cores(bots.values())
        requests = _requests(slack)
        measures = {name: Measures() for name in bots}
        for bot in bots.values():  # warm
            await _measure(bot, requests, events // 2, Measures())
        for _ in range(rounds):
            for name, bot in bots.items():
                await _measure(bot, requests, events, measures[name])
    return _figures(measures[OURS], measures[BARE])


async def _measure(bot: Measured, requests: Iterator[bytes], events: int, to: Measures) -> None:
    made = list(itertools.islice(requests, events))
    cpu_s, began = bot.cpu_s(), time.monotonic()
    took = await _send_all(bot.port, made, CONNECTIONS)
    to.per_s.append(events / (time.monotonic() - began))
    to.cpu_ms.append((bot.cpu_s() - cpu_s) * 1000 / events)
    to.full_p99_ms.append(percentile(took, 0.99) * 1000)
    made = list(itertools.islice(requests, events // 2))
    took = await _send_all(bot.port, made, CONNECTIONS, STEADY_PER_S)
    to.steady_p50_ms.append(percentile(took, 0.5) * 1000)
    to.steady_p99_ms.append(percentile(took, 0.99) * 1000)


def _figures(ours: Measures, bare: Measures) -> list[Figure]:
    def figure(name: str, unit: str, field: str) -> Figure:
        return Figure(name, unit, median(getattr(ours, field)), median(getattr(bare, field)))

    steady = f"{STEADY_PER_S} events/s: acknowledged"
    return [
        figure("events at full speed", "1/s", "per_s"),
        figure("CPU per event", "ms", "cpu_ms"),
        figure("full speed: acknowledged, p99", "ms", "full_p99_ms"),
        figure(f"{steady}, p50", "ms", "steady_p50_ms"),
        figure(f"{steady}, p99", "ms", "steady_p99_ms"),
    ]


async def _occupy(slack: SlackStandIn, bot: Measured) -> None:
    """Give the bot's one turn something to wait for."""
    deliver_to(slack, bot)
    asked = slack.people.say("U0ALICE", "C0GENERAL", f"{slack.people.mention} {SILENT}", raw=True)
    await slack.wait_for(lambda: slack.workspace.answers_to(asked.ts))


def _split_cores(bots: Iterable[Measured]) -> None:
    """The bots on one core, whoever sends on the others."""
    cores = sorted(os.sched_getaffinity(0))
    for bot in bots:
        _use_cores(bot.pid, {cores[0]})
    _use_cores(os.getpid(), set(cores[1:]) or {cores[0]})


def _use_cores(pid: int, cores: set[int]) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def _requests(slack: SlackStandIn) -> Iterator[bytes]:
    """Signed events as they go over the wire, each the first of a conversation."""
    said = slack.people.say(
        "U0BOB", "C0GENERAL", f"{slack.people.mention} hello", told=False, raw=True
    )
    payload = next(p for p in said.events if p["event"]["type"] == "message")
    for n in itertools.count():
        event = copy.deepcopy(payload)
        event["event_id"] = f"Ev{n:010}"
        event["event"] |= {"ts": slack.workspace.new_ts(), "client_msg_id": f"benchmark-{n}"}
        event["event"]["event_ts"] = event["event"]["ts"]
        body = json.dumps(event).encode()
        now = int(time.time())
        yield b"".join(
            [
                b"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\n",
                b"Content-Type: application/json\r\n",
                f"Content-Length: {len(body)}\r\n".encode(),
                f"X-Slack-Request-Timestamp: {now}\r\n".encode(),
                f"X-Slack-Signature: {sign(slack.signing_secret, now, body)}\r\n\r\n".encode(),
                body,
            ]
        )


async def _send_all(
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
        if pause_s:
            await asyncio.sleep(max(due_at - time.monotonic(), 0))
            due_at += pause_s
        began = time.monotonic()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length or 0))
        took.append(time.monotonic() - began)
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
    writer.close()
    return took
