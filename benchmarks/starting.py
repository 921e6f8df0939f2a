"""`python -m bot demo`: how soon it is there, and what it weighs."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import aiohttp

from benchmarks.figures import Figure, Goal, median
from benchmarks.processes import ROOT, answered, free_port, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from benchmarks.processes import Measured

ANSWER_S = 30.0
BOT = "chatbot"
HEADERS = {"X-Playground": "1"}


async def start_demo(folder: Path, rounds: int) -> list[Figure]:
    times: dict[str, list[float]] = {"/": [], "/healthz": [], "/readyz": []}
    rss: list[float] = []
    for n in range(rounds):
        own = folder / f"demo-{n}"
        own.mkdir()
        settings = {
            "METRICS_PORT": "0",
            "SYSTEM_PROMPT_FILE": str(ROOT / "prompts" / "system_prompt.txt"),
        }
        async with running("demo", ["bot", "demo"], own, free_port(), settings) as demo:
            found = await asyncio.gather(*(answered(demo, path) for path in times))
            for path, seconds in zip(times, found, strict=True):
                times[path].append(seconds)
            await _ask(demo)
            await demo.idle()
            rss.append(demo.rss_mb())
    return [
        Figure("demo: GET / after", "s", median(times["/"]), goal=Goal(most=2.0)),
        Figure("demo: /healthz after", "s", median(times["/healthz"]), goal=Goal(most=1.0)),
        Figure("demo: /readyz after", "s", median(times["/readyz"]), goal=Goal(most=5.0)),
        Figure("demo: memory after an answer", "MB", median(rss), goal=Goal(most=120.0)),
    ]


async def _ask(demo: Measured) -> None:
    """One question in the playground, until its answer has ended."""
    async with aiohttp.ClientSession(demo.url, headers=HEADERS) as session:
        question = {"as": "mira", "room": "general", "nonce": "benchmark"}
        question["text"] = "@chatbot What does it cost?"
        async with session.post("/playground/messages", json=question) as response:
            response.raise_for_status()
        async with asyncio.timeout(ANSWER_S), aclosing(_states(session)) as states:
            async for messages in states:
                if any(one["author"] == BOT and one["state"] == "done" for one in messages):
                    return


async def _states(session: aiohttp.ClientSession) -> AsyncIterator[list[dict]]:
    while True:
        async with session.get("/playground/state") as response:
            yield (await response.json())["messages"]
        await asyncio.sleep(0.05)
