"""The two bots in one Slack: ours with everything it does, and the bare one."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from benchmarks.processes import ROOT, answered, free_port, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from benchmarks.processes import Measured
    from tests.standins.slack import SlackStandIn

OURS, BARE = "ours", "bare"
LLM_MODEL = "openai/benchmark"
NO_LIMIT = "10000/minute"  # counted all the same


@asynccontextmanager
async def model_server(folder: Path) -> AsyncIterator[Measured]:
    port = free_port()
    async with running("model", ["benchmarks.model", str(port)], folder, port, {}) as process:
        await answered(process, "/", 404)
        yield process


def our_bot(
    folder: Path, slack: SlackStandIn, model: Measured, **settings: str
) -> AbstractAsyncContextManager[Measured]:
    return our_bot_with(folder, slack.environment(socket_mode=False), model, **settings)


@asynccontextmanager
async def our_bot_with(
    folder: Path, channel: Mapping[str, str], model: Measured, **settings: str
) -> AsyncIterator[Measured]:
    """`channel`: the settings of where it is asked."""
    settings = settings_of_ours(folder, channel, model, **settings)
    async with running(OURS, ["bot", "run"], folder, free_port(), settings) as process:
        await answered(process, "/readyz")
        await process.idle()
        yield process


def settings_of_ours(
    folder: Path, channel: Mapping[str, str], model: Measured, **settings: str
) -> Mapping[str, str]:
    prices = folder / "prices.json"
    prices.write_text(json.dumps({LLM_MODEL: {"input": 0.1, "output": 0.4}}))
    return {
        **channel,
        "LLM_MODEL": LLM_MODEL,
        "LLM_BASE_URL": f"{model.url}/v1",
        "LLM_API_KEY": "benchmark",
        "LLM_CONCURRENCY": "200",
        "PRICES_FILE": str(prices),
        "RATE_LIMIT_USER": NO_LIMIT,
        "RATE_LIMIT_CHANNEL": NO_LIMIT,
        "RATE_LIMIT_WORKSPACE": NO_LIMIT,
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/chatbot.db",
        "METRICS_DIR": str(folder / "metrics"),
        "METRICS_PORT": "0",
        "SYSTEM_PROMPT_FILE": str(ROOT / "prompts" / "system_prompt.txt"),
        **settings,
    }


@asynccontextmanager
async def bare_bot(folder: Path, slack: SlackStandIn, model: Measured) -> AsyncIterator[Measured]:
    settings = {
        **slack.environment(socket_mode=False),
        "LLM_MODEL": LLM_MODEL,
        "OPENAI_BASE_URL": f"{model.url}/v1",
        "OPENAI_API_KEY": "benchmark",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # nothing is fetched at its start
    }
    async with running(BARE, ["benchmarks.bare_bot"], folder, free_port(), settings) as process:
        await answered(process, "/slack/events", 0)
        await process.idle()
        yield process


def deliver_to(slack: SlackStandIn, process: Measured) -> None:
    slack.events_url = f"{process.url}/slack/events"
