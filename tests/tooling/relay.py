"""A network between a client and a server on loopback, which can be cut, mute, or cut at a word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class Relay:
    def __init__(self, port: int) -> None:
        self._to = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server
        self._mute: Callable[[int], bool] = lambda _: False
        self._word = b""
        self._when: Literal["before", "after"] = "before"
        self._answer_is_lost = False
        self.port = 0
        self.connections = 0
        """That were ever made."""

    async def __aenter__(self) -> Relay:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def lead_to(self, port: int) -> None:
        """As a name that moves to another server: connections are cut, new ones go there."""
        self._to = port
        self.cut()

    def cut_at(self, word: bytes, when: Literal["before", "after"]) -> None:
        """Once: when the client says the word, before or after the server has heard it."""
        self._word, self._when = word, when

    def mute(self, which: Literal["all", "old", "none"]) -> None:
        """What is sent is taken, and never arrives; `old`: over connections made so far."""
        made = {"all": 1_000_000, "old": self.connections, "none": 0}[which]
        self._mute = lambda number: number <= made

    async def _connected(
        self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        self.connections = number = self.connections + 1
        self._tasks.add(asyncio.current_task())  # type: ignore[arg-type]  # this is a task
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._to)
        except OSError:
            to_client.transport.abort()
            return
        self._writers |= {to_client, to_server}
        await asyncio.gather(
            self._pass_on(number, from_client, to_server, is_client=True),
            self._pass_on(number, from_server, to_client, is_client=False),
        )
        self._writers -= {to_client, to_server}

    async def _pass_on(
        self,
        number: int,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        *,
        is_client: bool,
    ) -> None:
        try:
            while data := await source.read(65_536):
                if self._is_last(data, is_client):
                    self.cut()
                elif not self._mute(number):
                    sink.write(data)
                    await sink.drain()
        except OSError:
            pass
        finally:
            sink.transport.abort()

    def _is_last(self, data: bytes, is_client: bool) -> bool:
        if is_client and self._word and self._word in data:
            self._word = b""
            self._answer_is_lost = self._when == "after"
            return self._when == "before"
        if not is_client and self._answer_is_lost:
            self._answer_is_lost = False
            return True
        return False
