"""An OpenAI-compatible endpoint that answers as the question tells it to, in its own process."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass

from aiohttp import web

_ORDER = re.compile(r"(\d+) chunks of (\d+) characters, first after (\d+) ms, then every (\d+) ms")
PARAGRAPH_CHUNKS = 12


@dataclass(frozen=True, slots=True)
class Script:
    """How an answer is to come. Its question is its text."""

    chunks: int
    chars: int
    first_ms: int
    pace_ms: int

    def __str__(self) -> str:
        return (
            f"{self.chunks} chunks of {self.chars} characters, "
            f"first after {self.first_ms} ms, then every {self.pace_ms} ms"
        )

    def pieces(self) -> list[str]:
        return [self._piece(n) for n in range(self.chunks)]

    def answer(self) -> str:
        return "".join(self.pieces()).rstrip()

    def _piece(self, n: int) -> str:
        end = "\n\n" if n % PARAGRAPH_CHUNKS == PARAGRAPH_CHUNKS - 1 else " "
        return f"{n}".ljust(self.chars - len(end), "x") + end


def read_script(question: str) -> Script:
    found = _ORDER.search(question)
    if found is None:
        raise web.HTTPBadRequest(text="the question asks for no number of chunks")
    return Script(*(int(number) for number in found.groups()))


SEEN: web.AppKey[dict[str, list[float]]] = web.AppKey("seen")


async def complete(request: web.Request) -> web.StreamResponse:
    came_at = time.monotonic()
    body = await request.json()
    question = body["messages"][-1]["content"]
    request.app[SEEN].setdefault(question, []).append(came_at)
    script = read_script(question)
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    due_at = time.monotonic() + script.first_ms / 1000
    for piece in script.pieces():
        await asyncio.sleep(max(due_at - time.monotonic(), 0))
        await response.write(_event({"content": piece}))
        due_at += script.pace_ms / 1000
    usage = {"prompt_tokens": 50, "completion_tokens": script.chunks, "total_tokens": 0}
    usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
    await response.write(_event({}, finish="stop") + _event(None, usage=usage))
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response


def _event(delta: dict[str, str] | None, finish: str | None = None, usage: object = None) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    chunk = {
        "id": "chatcmpl-benchmark",
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": "benchmark",
        "choices": choices,
    }
    if usage is not None:
        chunk["usage"] = usage
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


async def tell_seen(request: web.Request) -> web.Response:
    """When each question came, in monotonic seconds, which all processes of a machine share."""
    return web.json_response(request.app[SEEN])


async def main(port: int) -> None:
    app = web.Application()
    app[SEEN] = {}
    app.router.add_post("/v1/chat/completions", complete)
    app.router.add_get("/seen", tell_seen)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
