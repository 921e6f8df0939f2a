"""A model that says exactly what it is told to, in the pieces that it is told to."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

Json = dict[str, Any]


class Speaker:
    """An OpenAI-compatible endpoint on loopback. `pieces` are said to every question."""

    def __init__(self) -> None:
        self.base_url = ""
        self.pieces: Sequence[str] = ("Hello.",)
        self.refusal: tuple[int, str] | None = None
        """Status and body in place of an answer."""
        self.last_event: Json | None = None
        """Sent in place of the end."""
        self.requests: list[Json] = []

    @property
    def instructions(self) -> str:
        """The system prompt of the last question."""
        said: str = self.requests[-1]["messages"][0]["content"]
        return said

    @property
    def heard(self) -> Any:
        """The content of the last question."""
        return self.requests[-1]["messages"][-1]["content"]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        if self.refusal is not None:
            status, body = self.refusal
            return web.Response(status=status, text=body, content_type="application/json")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in self.pieces:
            await response.write(_event({"content": piece}))
        if self.last_event is not None:
            await response.write(b"data: " + json.dumps(self.last_event).encode() + b"\n\n")
        else:
            await response.write(_event({}, "stop") + b"data: [DONE]\n\n")
        return response


def _event(delta: Json, finish_reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    chunk = {"id": "c-1", "object": "chat.completion.chunk", "created": 0, "model": "speaker"}
    return b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n"


@asynccontextmanager
async def speaking() -> AsyncIterator[Speaker]:
    speaker = Speaker()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/chat/completions", speaker.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    speaker.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield speaker
    finally:
        await runner.cleanup()
