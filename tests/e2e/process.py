"""`python -m bot` as a process of its own, set by its environment alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.tooling import outbound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

ROOT = Path(__file__).parents[2]
INHERITED = ("PATH", "HOME", "SYSTEMROOT", outbound.REFUSALS)
START_S = 30.0
END_S = 40.0


class BotProcess:
    """A running bot; `lines` is what it has written so far, `log` the same as it parses."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self._process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.lines: list[str] = []
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
        await self.ended()

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def stop(self) -> int:
        """SIGTERM, and the exit code once it has drained."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    def text(self) -> str:
        return "\n".join(self.lines)

    async def ended(self) -> int:
        """The exit code, once it has one."""
        async with asyncio.timeout(END_S):
            await self._reading
            return await self._process.wait()

    async def over(self) -> None:
        """Whoever or whatever has ended it, and however long that takes."""
        await asyncio.wait({self._reading})

    async def _read(self) -> None:
        stream = self._process.stdout
        while stream is not None and (line := await stream.readline()):
            text = line.decode(errors="replace").rstrip()
            try:
                record = json.loads(text)
            except ValueError:
                record = {"line": text}
            self.lines.append(text)
            self.log.append(record if isinstance(record, dict) else {"line": text})
            self._logged.set()
        self._logged.set()


@asynccontextmanager
async def bot_process(
    folder: Path, port: int, environment: Mapping[str, str]
) -> AsyncIterator[BotProcess]:
    """Runs in `folder`, where its data goes; nothing of this machine's environment reaches it but
    what a process needs to live. A setting that is empty is not set."""
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
        await bot.ended()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command left behind."""

    code: int
    out: str
    err: str
    took_s: float


async def run_command(
    folder: Path, *arguments: str, port: int = 0, environment: Mapping[str, str]
) -> Outcome:
    """`python -m bot ARGUMENTS` to its end."""
    started_at = time.monotonic()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=folder,
        env=_environment(folder, port, environment),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(START_S):
            out, err = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    took_s = time.monotonic() - started_at
    return Outcome(process.returncode or 0, out.decode(), err.decode(), took_s)


def _environment(folder: Path, port: int, environment: Mapping[str, str]) -> dict[str, str]:
    settings = {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        # In front is the guard against other hosts than loopback.
        "PYTHONPATH": os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(ROOT)]),
        "SYSTEM_PROMPT_FILE": str(ROOT / "prompts" / "system_prompt.txt"),
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/chatbot.db",
        "METRICS_DIR": str(folder / "metrics"),
        "METRICS_PORT": "0",
        "PORT": str(port),
        "LOG_FORMAT": "json",
        **environment,
    }
    return {name: value for name, value in settings.items() if value}
