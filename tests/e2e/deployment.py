"""A model, and bots beside it: what an operator starts and sees, whatever the platform."""

from __future__ import annotations

import asyncio
import inspect
import json
import sqlite3
import time
from contextlib import asynccontextmanager, closing
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tests.e2e.process import bot_process

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from adapters.demo.server import DemoServer
    from tests.e2e.process import BotProcess

Row = dict[str, Any]
MessageT = TypeVar("MessageT")
LOOK_AGAIN_S = 0.02


class Deployment(Generic[MessageT]):
    """A model, and where a bot lives: one after the other, if one is killed.

    The model is a server of its own, so that what it was told to do wrong outlives a bot.
    """

    def __init__(self, model: DemoServer, folder: Path, port: int) -> None:
        self.model = model
        self.folder = folder
        self.port = port
        self._bot: BotProcess | None = None

    @asynccontextmanager
    async def bot(self, **environment: str) -> AsyncIterator[BotProcess]:
        async with bot_process(self.folder, self.port, self.settings(**environment)) as bot:
            self.watch(bot)
            await bot.ready()
            yield bot

    def watch(self, bot: BotProcess) -> None:
        """Somebody else has started it, and it works here too."""
        self._bot = bot

    @property
    def running(self) -> BotProcess:
        """The bot that was started last."""
        assert self._bot is not None
        return self._bot

    def settings(self, **environment: str) -> dict[str, str]:
        return {
            **self.environment(),
            "LLM_MODEL": "openai/demo",
            "LLM_API_KEY": "any",
            "LLM_BASE_URL": self.model.base_url,
            **environment,
        }

    def environment(self) -> dict[str, str]:
        """The settings of the platform."""
        raise NotImplementedError

    def id_of(self, question: MessageT) -> str:
        """As the platform names it."""
        raise NotImplementedError

    # --- what the operator sees ----------------------------------------------------------------

    async def recorded(self, question: MessageT) -> Row:
        """The log's line of a turn in the ledger, which is written just after it is shown."""
        return await self.running.logged(
            lambda record: (
                record.get("message") == "turn recorded"
                and record["message_id"] == self.id_of(question)
            )
        )

    async def in_ledger(self, question: MessageT) -> None:
        """Wait until a turn is recorded, by whichever bot."""
        query = "SELECT 1 FROM turns WHERE message_id = ?"
        await eventually(lambda: self.ledger(query, self.id_of(question)))

    async def request(self, question: MessageT) -> Row:
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
