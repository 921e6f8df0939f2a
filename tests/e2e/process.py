"""`python -m bot run` as a process of its own, set by its environment alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

ROOT = Path(__file__).parents[2]
START_S = 30.0
END_S = 40.0


class BotProcess:
    """A running bot; `log` holds what it has written so far, parsed."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log: list[dict[str, Any]] = []
        self._logged = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self) -> None:
        await self.logged(lambda record: record.get("message") == "ready")

    async def logged(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first log record for which the condition holds, past or to come."""
        async with asyncio.timeout(START_S):
            while True:
                for record in self.log:
                    if condition(record):
                        return record
                if self._reading.done():
                    raise AssertionError(f"the bot has ended:\n{self.text()}")
                self._logged.clear()
                await self._logged.wait()

    async def kill(self) -> None:
        """As a power cut would: no handler runs."""
        self._process.kill()
        await self._ended()

    async def stop(self) -> int:
        """SIGTERM, and the exit code once it has drained."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        return await self._ended()

    def text(self) -> str:
        return "\n".join(json.dumps(record) for record in self.log)

    async def _ended(self) -> int:
        async with asyncio.timeout(END_S):
            await self._reading
            return await self._process.wait()

    async def _read(self) -> None:
        stream = self._process.stdout
        while stream is not None and (line := await stream.readline()):
            try:
                record = json.loads(line)
            except ValueError:
                record = {"line": line.decode(errors="replace").rstrip()}
            self.log.append(record if isinstance(record, dict) else {"line": record})
            self._logged.set()
        self._logged.set()


@asynccontextmanager
async def bot_process(
    folder: Path, port: int, environment: Mapping[str, str]
) -> AsyncIterator[BotProcess]:
    """Runs in `folder`, where its data goes; nothing of this machine's environment reaches it but
    what a process needs to live."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=folder,
        env=_environment(folder, port, environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=2**20,
    )
    bot = BotProcess(process, port)
    try:
        yield bot
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await bot._ended()


def _environment(folder: Path, port: int, environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.environ.get("E2E_STUB", "") + str(ROOT),
        "SYSTEM_PROMPT_FILE": str(ROOT / "prompts" / "system_prompt.txt"),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/chatbot.db",
        "METRICS_DIR": str(folder / "metrics"),
        "METRICS_PORT": "0",
        "PORT": str(port),
        "LOG_FORMAT": "json",
        **environment,
    }
