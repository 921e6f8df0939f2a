"""Processes under test: started with settings alone, measured from outside."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

ROOT = Path(__file__).parents[1]
START_S = 60.0
KEPT = ("PATH", "HOME", "SYSTEMROOT")
CPU_CLOCK = 2
"""With a process's id it is the number of its clock: clock_getcpuclockid(3), which Python lacks."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A running process; /proc is Linux's."""

    name: str
    pid: int
    port: int
    started_at: float
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_s(self) -> float:
        """User and system time of all its threads so far, far finer than /proc counts it."""
        return time.clock_gettime((~self.pid << 3) | CPU_CLOCK)

    def is_over(self) -> bool:
        return not Path(f"/proc/{self.pid}").exists()

    def rss_mb(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise LookupError("VmRSS")

    async def idle(self, limit_s: float = 30.0) -> None:
        """Until it has nearly nothing to do for half a second: imports in the background end."""
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            before = self.cpu_s()
            await asyncio.sleep(0.5)
            if self.cpu_s() - before <= 0.03:
                return
        raise TimeoutError(f"{self.name} does not come to rest")


@asynccontextmanager
async def running(
    name: str,
    module: list[str],
    folder: Path,
    port: int,
    settings: Mapping[str, str],
    *,
    python: Path = Path(sys.executable),
) -> AsyncIterator[Measured]:
    """Runs in `folder`; nothing of this machine's environment reaches it that is not needed."""
    log = folder / f"{name}.log"
    environment = {key: os.environ[key] for key in KEPT if key in os.environ}
    paths = filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)])
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    with log.open("wb") as output:
        started_at = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            python,
            "-m",
            *module,
            cwd=folder,
            env={**environment, "PORT": str(port), **settings},
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
        )
    try:
        yield Measured(name, process.pid, port, started_at, log)
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


async def answered(process: Measured, path: str, status: int = 200) -> float:
    """Seconds from its start until `path` answers with `status`; any answer where it is 0."""
    async with aiohttp.ClientSession() as session:
        while time.monotonic() - process.started_at < START_S:
            with suppress(aiohttp.ClientError, OSError):
                async with session.get(process.url + path) as response:
                    if status in (0, response.status):
                        return time.monotonic() - process.started_at
            if process.is_over():
                break
            await asyncio.sleep(0.01)
    raise TimeoutError(f"{process.name} does not answer {path}: {process.log.read_text()[-2000:]}")


def use_cores(pid: int, cores: set[int]) -> None:
    """All threads that the process has by now, and those that they start."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
