"""What each engine is asked for, by the same words over one socket; the standard library alone,
as not all of them live in our environment.

`KEY NUMBER` on a line is a message of a conversation. It is answered once the engine has stored it,
and worked off in order: work is a line in the book, a pause, and another line.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    Accept = Callable[[str, int], Awaitable[None]]
    Engine = Callable[["Order"], AbstractAsyncContextManager[Accept]]

SLOTS = 20
"""Turns at work in one process."""
LEASE_S = 3.0
"""After which a process that is not heard of counts as dead, where an engine asks for that."""


@dataclass(frozen=True, slots=True)
class Order:
    """How an engine is to work; the words of its command line."""

    url: str
    book: str
    port: int
    works_s: float
    polls_s: float

    @classmethod
    def read(cls) -> Order:
        url, book, port, works_s, polls_s = sys.argv[1:]
        return cls(url, book, int(port), float(works_s), float(polls_s))

    async def work(self, key: str, number: int) -> None:
        self._write("begin", key, number)
        await asyncio.sleep(self.works_s)
        self._write("end", key, number)

    def _write(self, word: str, key: str, number: int) -> None:
        """One line at once, which outlives a kill; monotonic seconds hold in all processes."""
        with Path(self.book).open("ab", buffering=0) as book:
            book.write(f"{word} {key} {number} {time.monotonic()}\n".encode())


async def serve(engine: Engine) -> None:
    """Until the process is ended."""
    order = Order.read()
    async with engine(order) as accept:

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                key, number = line.split()
                await accept(key.decode(), int(number))
                writer.write(b"stored\n")
            writer.close()

        server = await asyncio.start_server(connected, "127.0.0.1", order.port)
        async with server:
            await server.serve_forever()
