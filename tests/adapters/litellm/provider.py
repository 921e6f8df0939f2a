"""A provider on loopback that sends exactly the bytes of the test."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

Part = bytes | asyncio.Event | type[ConnectionResetError]
"""Bytes are sent at once; an event is waited for; ConnectionResetError resets the connection."""


@dataclass
class Provider:
    """Plays the next script for each call, the last one for all further calls."""

    scripts: list[list[Part]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    connections: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """A request has been read."""
    url: str = ""
    _server: asyncio.Server | None = None
    _calls: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Provider:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)

    def says(self, *parts: Part) -> None:
        self.scripts.append(list(parts))

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.create_task(self._serve(reader, writer))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other side hung up, or was hung up on
        finally:
            writer.close()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        line, *fields = head.decode().strip().split("\r\n")
        headers = {name.lower(): value for name, value in (f.split(": ", 1) for f in fields)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        script = self.scripts[min(len(self.requests), len(self.scripts) - 1)]
        self.lines.append(line)
        self.headers.append(headers)
        self.asked.set()
        self.requests.append(json.loads(body) if body else {})
        for part in script:
            if isinstance(part, bytes):
                writer.write(part)
                await writer.drain()
            elif isinstance(part, asyncio.Event):
                await part.wait()
            else:
                writer.transport.abort()
                raise part


JSON = "application/json"


def answer(body: bytes, status: str = "200 OK", *fields: str, kind: str = JSON) -> bytes:
    """A whole HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"
"""Ends a chunked body as the protocol wants it."""


def part(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def event(**fields: object) -> bytes:
    """One object of a chat completions stream."""
    body = {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", **fields}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def delta(text: str, finish_reason: str | None = None, **extra: object) -> bytes:
    content = {"content": text, **extra}
    choice = {"index": 0, "delta": content, "finish_reason": finish_reason}
    return event(choices=[choice])


def finish(reason: str = "stop") -> bytes:
    return event(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])


def usage(prompt: int = 7, completion: int = 2, **details: object) -> bytes:
    counts = {"prompt_tokens": prompt, "completion_tokens": completion}
    return event(choices=[], usage={**counts, "total_tokens": prompt + completion, **details})


DONE = b"data: [DONE]\n\n"


def stream(*events: bytes) -> bytes:
    """A whole streamed answer."""
    return STREAM_HEAD + b"".join(part(e) for e in events) + END
