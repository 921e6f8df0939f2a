"""A bot that is killed, frozen and started again, always in the same place."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from tests.e2e.process import bot_process
from tests.tooling.children.shifting import CLOCK, write_shift

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.e2e.process import BotProcess

START_WITHIN_S = 60.0
RESTART_AFTER_S = 1.0


class Replica:
    """One that ends by itself is started again, as by any supervisor: without a database none
    starts."""

    def __init__(self, folder: Path, port: int, settings: Mapping[str, str]) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._port = port
        self._clock = folder / "clock"
        self._settings = {**settings, CLOCK: str(self._clock)}
        self._life = AsyncExitStack()
        self._changing = asyncio.Lock()
        self._keeping: asyncio.Task[None]
        self._bot: BotProcess
        self.errors: list[str] = []
        """What the bots of all its lives have logged as errors."""
        write_shift(self._clock, 0.0)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Does not wait until it is ready."""
        await self._launch()
        self._keeping = asyncio.create_task(self._keep_running())

    async def ready(self) -> None:
        async with asyncio.timeout(START_WITHIN_S):
            while True:
                try:
                    return await self._bot.ready()
                except AssertionError:  # it has ended, and the next one is on its way
                    await asyncio.sleep(RESTART_AFTER_S)

    async def kill(self) -> None:
        async with self._changing:
            self._keeping.cancel()
            with suppress(ProcessLookupError):
                await self._bot.kill()
            await self._bury()

    async def stop(self) -> int:
        """Drains; the exit code."""
        async with self._changing:
            self._keeping.cancel()
            code = await self._bot.stop()
            await self._bury()
            return code

    def freeze(self) -> None:
        self._bot.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._bot.signal(signal.SIGCONT)

    def shift_clock(self, seconds: float) -> None:
        write_shift(self._clock, seconds)

    async def close(self) -> None:
        async with self._changing:
            self._keeping.cancel()
            await self._life.aclose()

    async def _keep_running(self) -> None:
        while True:
            await self._bot.over()
            async with self._changing:
                await self._bury()
                await asyncio.sleep(RESTART_AFTER_S)
                await self._launch()

    async def _launch(self) -> None:
        self._bot = await self._life.enter_async_context(
            bot_process(self._folder, self._port, self._settings)
        )

    async def _bury(self) -> None:
        self.errors += [str(one) for one in self._bot.log if one.get("level") == "ERROR"]
        await self._life.aclose()
