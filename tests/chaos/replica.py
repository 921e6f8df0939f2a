"""A bot that is killed, frozen and started again, always in the same place."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from tests.e2e.process import bot_process
from tests.tooling.children.shifting import CLOCK, write_shift

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.e2e.process import BotProcess

START_WITHIN_S = 60.0


class Replica:
    def __init__(self, folder: Path, port: int, settings: Mapping[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._port = port
        self._clock = folder / "clock"
        self._settings = {**settings, CLOCK: str(self._clock)}
        self._life = AsyncExitStack()
        self.bot: BotProcess
        self.errors: list[str] = []
        """What the bots of all its lives have logged as errors."""
        write_shift(self._clock, 0.0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Does not wait until it is ready."""
        self.bot = await self._life.enter_async_context(
            bot_process(self._folder, self._port, self._settings)
        )

    async def ready(self) -> None:
        async with asyncio.timeout(START_WITHIN_S):
            await self.bot.ready()

    async def kill(self) -> None:
        await self.bot.kill()
        await self._bury()

    async def stop(self) -> int:
        """Drains; the exit code."""
        code = await self.bot.stop()
        await self._bury()
        return code

    def freeze(self) -> None:
        self.bot.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.bot.signal(signal.SIGCONT)

    def shift_clock(self, seconds: float) -> None:
        write_shift(self._clock, seconds)

    async def close(self) -> None:
        await self._life.aclose()

    async def _bury(self) -> None:
        self.errors += [str(one) for one in self.bot.log if one.get("level") == "ERROR"]
        await self._life.aclose()
