"""Slack, a model, and bots between them: what people do, and what can be seen from outside."""

from __future__ import annotations

import asyncio
import inspect
import json
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any

from tests.e2e.process import bot_process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from adapters.demo.server import DemoServer
    from tests.e2e.process import BotProcess
    from tests.standins.slack import Message, SlackStandIn
    from tests.standins.slack.interactions import Interaction

Row = dict[str, Any]
LOOK_AGAIN_S = 0.02


class Team:
    """Slack, a model, and where the bot between them lives: one after the other, if one is killed.

    The model is a server of its own, so that what it was told to do wrong outlives a bot.
    """

    def __init__(self, slack: SlackStandIn, model: DemoServer, folder: Path, port: int) -> None:
        self.slack = slack
        self.model = model
        self.people = slack.people
        self.folder = folder
        self.port = port
        self._bot: BotProcess | None = None

    @asynccontextmanager
    async def bot(self, **environment: str) -> AsyncIterator[BotProcess]:
        async with bot_process(self.folder, self.port, self.settings(**environment)) as bot:
            self._bot = bot
            await bot.ready()
            yield bot

    @property
    def running(self) -> BotProcess:
        """The bot that was started last."""
        assert self._bot is not None
        return self._bot

    @property
    def events_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/slack/events"

    def settings(self, **environment: str) -> dict[str, str]:
        return {
            **self.slack.environment(),
            "LLM_MODEL": "openai/demo",
            "LLM_API_KEY": "any",
            "LLM_BASE_URL": self.model.base_url,
            **environment,
        }

    # --- what people do ------------------------------------------------------------------------

    def ask(
        self, text: str, *, by: str = "U0ALICE", thread: str | None = None, **more: Any
    ) -> Message:
        """A mention in #general; returns the message."""
        words = f"{self.people.mention} {text}".strip()
        return self.people.say(by, "C0GENERAL", words, thread, raw=True, **more)

    def command(self, text: str = "", *, by: str = "U0ALICE", name: str = "stats") -> Interaction:
        return self.people.command(by, "C0GENERAL", f"/chatbot-{name}", text)

    async def stats(self, text: str = "") -> str:
        """What a person sees after /chatbot-stats."""
        asked = self.command(text)
        return await self.slack.wait_for(
            lambda: asked.response_url.shown and asked.response_url.shown[-1].shown
        )

    # --- what they see -------------------------------------------------------------------------

    def answers(self, question: Message) -> list[Message]:
        """The bot's messages to a question: those before the next one in its thread."""
        return self.slack.workspace.answers_to(question.ts, question.channel)

    async def answer_to(self, question: Message, holds: str = "", timeout_s: float = 20.0):
        """The only answer to a question, once it is finished and has this text."""

        def finished():
            done = [one for one in self.answers(question) if one.blocks and holds in one.shown]
            return done[0] if done else None

        answer = await self.slack.wait_for(finished, timeout_s)
        await self.recorded(question)
        assert len(self.answers(question)) == 1
        return answer

    async def answered(self, question: Message) -> str:
        """All that the bot says to a question, once it is recorded."""
        await self.recorded(question)
        return "\n".join(one.shown for one in self.answers(question))

    async def text_appears(self, question: Message) -> None:
        """Wait until the first words of an answer are on the screen."""
        await self.slack.wait_for(lambda: any(one.shown for one in self.answers(question)))

    async def told(self) -> None:
        """Wait until the bot has acknowledged everything that it was told."""
        deliveries = self.slack.outbox.deliveries
        await self.slack.wait_for(lambda: all(one.state == "acked" for one in deliveries))

    def whispers(self, user: str, since: int = 0) -> list[str]:
        """What one person alone was shown."""
        shown = self.slack.workspace.ephemerals[since:]
        return [one.shown for one in shown if one.user == user]

    # --- what the operator sees ----------------------------------------------------------------

    async def recorded(self, question: Message) -> Row:
        """The log's line of a turn in the ledger, which is written just after it is shown."""
        return await self.running.logged(
            lambda record: (
                record.get("message") == "turn recorded" and record["message_id"] == question.ts
            )
        )

    async def in_ledger(self, question: Message) -> None:
        """Wait until a turn is recorded, by whichever bot."""
        query = "SELECT 1 FROM turns WHERE message_id = ?"
        await eventually(lambda: self.ledger(query, question.ts))

    async def request(self, question: Message) -> Row:
        """The line of a question in requests.jsonl."""
        turn_id = (await self.recorded(question))["correlation_id"]
        return await eventually(
            lambda: next((one for one in self.requests() if one["request_id"] == turn_id), None)
        )

    def requests(self) -> list[Row]:
        path = self.folder / "metrics" / "requests.jsonl"
        lines = path.read_text("utf-8").splitlines(keepends=True) if path.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def ledger(self, query: str, *values: object) -> list[Row]:
        """Rows of the database, read beside the bot."""
        with closing(sqlite3.connect(self.folder / "chatbot.db")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]


async def eventually(predicate: Callable[[], Any], timeout_s: float = 10.0) -> Any:
    """The first truthy value, where nobody tells of a change: files, and other processes. The
    predicate may be a coroutine function."""
    give_up_at = time.monotonic() + timeout_s
    while True:
        value = predicate()
        value = await value if inspect.isawaitable(value) else value
        if value:
            return value
        assert time.monotonic() < give_up_at, "it never became true"
        await asyncio.sleep(LOOK_AGAIN_S)
