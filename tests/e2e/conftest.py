"""A Slack of our own on loopback, and a way to start bots in it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from adapters.demo.server import DemoServer
from tests.e2e.process import bot_process
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.e2e.process import BotProcess


class Team:
    """Slack, a model, and where the bot between them lives: one after the other, if one is killed.

    The model is a server of its own, so that what it was told to do wrong outlives a bot.
    """

    def __init__(self, slack: SlackStandIn, model: DemoServer, folder: Path, port: int) -> None:
        self.slack = slack
        self.model = model
        self.people = slack.people
        self._folder = folder
        self._port = port

    @asynccontextmanager
    async def bot(self, **environment: str) -> AsyncIterator[BotProcess]:
        settings = {
            **self.slack.environment(),
            "LLM_MODEL": "openai/demo",
            "LLM_API_KEY": "any",
            "LLM_BASE_URL": self.model.base_url,
            **environment,
        }
        async with bot_process(self._folder, self._port, settings) as bot:
            await bot.ready()
            self._bot = bot
            yield bot

    def ask(self, text: str, *, by: str = "U0ALICE", thread: str | None = None):
        """A mention in #general; returns the message."""
        return self.people.say(
            by, "C0GENERAL", f"{self.people.mention} {text}", thread_ts=thread, raw=True
        )

    async def answer_to(self, question, holds="", timeout_s: float = 20.0):
        """The only answer to a question, once it is finished and has this text."""

        def finished():
            answers = self.slack.workspace.answers_to(question.ts)
            done = [one for one in answers if one.blocks and holds in one.shown]
            return done[0] if done else None

        answer = await self.slack.wait_for(finished, timeout_s)
        await self.recorded(question)
        assert len(self.slack.workspace.answers_to(question.ts)) == 1
        return answer

    async def text_appears(self, question) -> None:
        """Wait until the first words of an answer are on the screen."""
        await self.slack.wait_for(
            lambda: any(one.shown for one in self.slack.workspace.answers_to(question.ts))
        )

    async def told(self) -> None:
        """Wait until the bot has acknowledged everything that it was told."""
        deliveries = self.slack.outbox.deliveries
        await self.slack.wait_for(lambda: all(one.state == "acked" for one in deliveries))

    async def recorded(self, question) -> None:
        """Wait until the bot has put the turn into its ledger: just after it is on the screen."""
        await self._bot.logged(
            lambda record: (
                record.get("message") == "turn recorded" and record["message_id"] == question.ts
            )
        )


@pytest.fixture
async def model() -> AsyncIterator[DemoServer]:
    server = DemoServer(think_s=0.05, pace_s=0.005)
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def team(tmp_path, free_port, model) -> AsyncIterator[Team]:
    """By HTTP."""
    async with SlackStandIn(events_url=f"http://127.0.0.1:{free_port}/slack/events") as slack:
        yield Team(slack, model, tmp_path, free_port)


@pytest.fixture
async def socket_team(tmp_path, free_port, model) -> AsyncIterator[Team]:
    """In Socket Mode."""
    async with SlackStandIn() as slack:
        yield Team(slack, model, tmp_path, free_port)
