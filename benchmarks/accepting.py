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
from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, OURS, bare_bot, deliver_to, model_server, our_bot
from benchmarks.figures import Figure, Goal, median, percentile
from benchmarks.model import Script
from tests.standins.slack import SlackStandIn, sign

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from benchmarks.processes import Measured

SILENT = Script(chunks=1, chars=8, first_ms=600_000, pace_ms=0)
CONNECTIONS = 32


async def accept_alone(folder: Path, rounds: int, events: int) -> list[Figure]:
    rates: dict[str, list[float]] = {OURS: [], BARE: []}
    acks: dict[str, list[float]] = {OURS: [], BARE: []}
    cpus: dict[str, list[float]] = {OURS: [], BARE: []}
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackStandIn(tiers=False))
        model = await stack.enter_async_context(model_server(folder))
        bots = {}
        for name in (OURS, BARE):
            (folder / name).mkdir()
        ours = our_bot(folder / OURS, slack, model, SLACK_PACING="off", TURNS_AT_WORK="1")
        bots[OURS] = await stack.enter_async_context(ours)
        bots[BARE] = await stack.enter_async_context(bare_bot(folder / BARE, slack, model))
        await _occupy(slack, bots[OURS])
        stack.callback(_use_cores, os.getpid(), os.sched_getaffinity(0))
        _split_cores(bots.values())
        requests = _requests(slack)
        for round_no in range(rounds + 1):
            for name, bot in bots.items():
                made = list(itertools.islice(requests, events))
                cpu_s, began = bot.cpu_s(), time.monotonic()
                took = await _send_all(bot.port, made)
                seconds = time.monotonic() - began
                if round_no:  # the first is for warming up
                    rates[name].append(events / seconds)
                    acks[name].append(percentile(took, 0.99) * 1000)
                    cpus[name].append((bot.cpu_s() - cpu_s) * 1000 / events)
    return [
        Figure("events acknowledged", "1/s", median(rates[OURS]), median(rates[BARE])),
        Figure("their p99", "ms", median(acks[OURS]), median(acks[BARE]), Goal(most=1.0)),
        Figure("CPU per event", "ms", median(cpus[OURS]), median(cpus[BARE])),
    ]


async def _occupy(slack: SlackStandIn, bot: Measured) -> None:
    """Give the bot's one turn something to wait for."""
    deliver_to(slack, bot)
    asked = slack.people.say("U0ALICE", "C0GENERAL", f"{slack.people.mention} {SILENT}", raw=True)
    await slack.wait_for(lambda: slack.workspace.answers_to(asked.ts))


def _split_cores(bots: object) -> None:
    """The bots on one core, whoever sends on the others."""
    cores = sorted(os.sched_getaffinity(0))
    for bot in bots:
        _use_cores(bot.pid, {cores[0]})
    _use_cores(os.getpid(), set(cores[1:]) or {cores[0]})


def _use_cores(pid: int, cores: set[int]) -> None:
    for thread in os.listdir(f"/proc/{pid}/task"):
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), cores)


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


async def _send_all(port: int, requests: Sequence[bytes]) -> list[float]:
    """Seconds that each took."""
    left = iter(requests)
    series = [_send_some(port, left) for _ in range(CONNECTIONS)]
    return [took for some in await asyncio.gather(*series) for took in some]


async def _send_some(port: int, requests: Iterator[bytes]) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took = []
    for request in requests:
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
