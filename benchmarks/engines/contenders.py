"""The engines as processes: started on a database, told of messages, killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.engines.book import Book
from benchmarks.processes import Measured, free_port, running
from tests.e2e.deployment import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from benchmarks.engines.book import Message

STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Contender:
    name: str
    module: str
    polls_s: float = 1.0
    """How often it looks for work that it was not told of."""
    python: Path = Path(sys.executable)


@dataclass(slots=True)
class Life:
    """A running engine; `sent_at` by message, once it has said that it is stored."""

    process: Measured
    ready_at: float
    book: Path
    sent_at: dict[Message, float] = field(default_factory=dict)
    stored_s: list[float] = field(default_factory=list)

    async def tell(self, messages: Sequence[Message], connections: int = 1) -> None:
        """Of one conversation each when the one before it is stored."""
        places = {key: n for n, key in enumerate(dict.fromkeys(key for key, _ in messages))}
        shares: list[list[Message]] = [[] for _ in range(connections)]
        for key, number in messages:
            shares[places[key] % connections].append((key, number))
        await asyncio.gather(*(self._tell(share) for share in shares))

    async def _tell(self, messages: Iterable[Message]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.process.port)
        for key, number in messages:
            sent_at = time.monotonic()
            writer.write(f"{key} {number}\n".encode())
            if await reader.readline() != b"stored\n":
                raise RuntimeError(self.process.log.read_text()[-2000:])
            self.stored_s.append(time.monotonic() - sent_at)
            self.sent_at[key, number] = sent_at
        writer.close()

    def kill(self) -> float:
        """When that was."""
        os.kill(self.process.pid, signal.SIGKILL)
        return time.monotonic()

    async def begun(self, messages: Sequence[Message]) -> Book:
        """Once all have been begun."""
        return await self._until(lambda book: set(messages) <= book.begun().keys())

    async def done(self, messages: Sequence[Message]) -> Book:
        """Once all are worked off; what is not after the limit is lost, or waits for good."""
        return await self._until(lambda book: book.lost(messages) == 0)

    async def _until(self, condition: Callable[[Book], bool]) -> Book:
        with suppress(AssertionError):
            await eventually(lambda: condition(Book.read(self.book)), ENDS_WITHIN_S)
        return Book.read(self.book)


_lives = itertools.count()


@asynccontextmanager
async def living(
    contender: Contender, folder: Path, url: str, *, works_s: float, book: str = "book"
) -> AsyncIterator[Life]:
    own = folder / f"life-{next(_lives)}"
    own.mkdir()
    path, port = folder / book, free_port()
    words = (url, str(path), str(port), str(works_s), str(contender.polls_s))
    module = [contender.module, *words]
    python = contender.python
    async with running(contender.name, module, own, port, {}, python=python) as process:
        ready_at = await _listening(process)
        yield Life(process, ready_at, path)


async def _listening(process: Measured) -> float:
    while time.monotonic() - process.started_at < STARTS_WITHIN_S and not process.is_over():
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", process.port)
            writer.close()
            return time.monotonic()
        await asyncio.sleep(0.01)
    raise TimeoutError(f"{process.name} does not start: {process.log.read_text()[-2000:]}")
