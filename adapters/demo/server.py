"""The demo model's HTTP side: chat completions, streamed or whole, and faults on request.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from aiohttp import web

from adapters.demo.answers import Answers
from adapters.demo.docs import ROOT, read_docs
from adapters.demo.faults import MEANINGS, Fault, Faults, read_fault, without_phrase
from adapters.demo.thread import read_thread
from adapters.wire.urls import is_loopback

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "demo"
LARGEST_BODY_BYTES = 32 * 1024 * 1024
SLOW_S, STALL_AFTER_WORDS, DRIP_S, PING_S = 5.0, 8, 2.0, 1.0
RETRY_AFTER_S = 2
_FOR_EVER_S = 3_600.0
_PIECE = re.compile(r"\s*\S+\s?|\s+")

_REFUSALS: dict[str, tuple[int, dict[str, str]]] = {
    "rate_limit": (429, {"message": "Rate limit reached", "code": "rate_limit_exceeded"}),
    "quota": (429, {"message": "You exceeded your quota", "code": "insufficient_quota"}),
    "server_error": (500, {"message": "The server had an error", "code": "server_error"}),
    "unavailable": (503, {"message": "The engine is overloaded", "code": "overloaded"}),
    "auth": (401, {"message": "Incorrect API key provided", "code": "invalid_api_key"}),
    "context_too_long": (
        400,
        {
            "message": "This model's maximum context length is 8192 tokens",
            "code": "context_length_exceeded",
        },
    ),
}


class DemoServer:
    """Start it, then speak to `base_url` with any OpenAI-compatible client; any key will do.

    `think_s` passes before the first word, `pace_s` between two. Loopback only.
    """

    def __init__(
        self, *, port: int = 0, think_s: float = 0.4, pace_s: float = 0.03, root: Path = ROOT
    ) -> None:
        self.faults = Faults()
        self.calls = 0
        """How often the model was asked."""
        self._port = port
        self._think_s = think_s
        self._pace_s = pace_s
        self._root = root
        self._answers: Answers | None = None
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    async def start(self) -> None:
        """Read the docs and listen. Raises OSError if the port is taken."""
        self._answers = Answers(await asyncio.to_thread(read_docs, self._root))
        app = web.Application(client_max_size=LARGEST_BODY_BYTES, middlewares=[_loopback_only])
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_get("/control/faults", self._read_faults)
        app.router.add_post("/control/faults", self._switch_faults)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Calls under way are cut."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _models(self, _: web.Request) -> web.Response:
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "demo"}
        return web.json_response({"object": "list", "data": [model]})

    async def _read_faults(self, _: web.Request) -> web.Response:
        active = self.faults.active.name if self.faults.active else None
        return web.json_response({"active": active, "faults": MEANINGS})

    async def _switch_faults(self, request: web.Request) -> web.Response:
        """`{"fault": "rate_limit", "times": 2}`, or null to end it."""
        if request.content_type != "application/json":  # which no other site's form can send
            return _error(415, {"message": "send application/json"})
        try:
            wanted = await request.json()
            fault = wanted["fault"] and read_fault(
                wanted["fault"], wanted.get("seconds"), wanted.get("times")
            )
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            return _error(400, {"message": str(error)})
        self.faults.switch(fault or None)
        return await self._read_faults(request)

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self.calls += 1
        try:
            asked = await request.json()
            thread = read_thread([m for m in asked["messages"] if isinstance(m, dict)])
        except (ValueError, KeyError, TypeError, RecursionError):
            thread = None
        if thread is None or self._answers is None:
            return _error(400, {"message": "messages: there is no question", "code": "invalid"})
        question = thread.question
        fault = self.faults.next(question.text)
        thread = replace(thread, question=replace(question, text=without_phrase(question.text)))
        if fault is not None and fault.name in _REFUSALS:
            return _refuse(fault)
        if fault is not None and fault.name == "html":
            page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
            return web.Response(status=502, text=page, content_type="text/html")
        call = _Call(asked, self._answers.answer(thread), fault)
        if asked.get("stream"):
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            with suppress(ConnectionError):  # whoever asked has left
                await self._stream(request, response, call)
            return response
        await asyncio.sleep(self._think_s)
        return web.json_response(call.whole())

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, call: _Call
    ) -> None:
        fault = call.fault.name if call.fault else ""
        if fault == "silent":
            await asyncio.sleep(call.seconds(_FOR_EVER_S))
        await response.prepare(request)
        await asyncio.sleep(call.seconds(SLOW_S) if fault == "slow" else self._think_s)
        pace_s = call.seconds(DRIP_S) if fault == "drip" else self._pace_s
        async for data in call.events():
            await response.write(data)
            if data is CUT_HERE and request.transport is not None:
                request.transport.abort()
                return
            await asyncio.sleep(pace_s)


CUT_HERE = b": the connection is reset here\n\n"


class _Call:
    """One answer, with what shall go wrong with it."""

    def __init__(self, asked: dict[str, Any], text: str, fault: Fault | None) -> None:
        self.fault = fault
        self._name = fault.name if fault else ""
        self._with_usage = bool((asked.get("stream_options") or {}).get("include_usage"))
        limit = asked.get("max_tokens") or asked.get("max_completion_tokens")
        pieces = [] if self._name in ("empty", "content_filter") else _PIECE.findall(text)
        limit = 5 if self._name == "length" else limit
        cut_at = limit if isinstance(limit, int) and not isinstance(limit, bool) else len(pieces)
        self._pieces = pieces[:cut_at]
        self._reason = "length" if cut_at < len(pieces) else "stop"
        self._reason = "content_filter" if self._name == "content_filter" else self._reason
        prompt = json.dumps(asked["messages"], ensure_ascii=False)
        said = "".join(self._pieces)
        self._usage = {
            "prompt_tokens": math.ceil(len(prompt) / 4),
            "completion_tokens": len(self._pieces),
        }
        self._usage["total_tokens"] = sum(self._usage.values())
        self._text = said

    def seconds(self, usual_s: float) -> float:
        given = self.fault.seconds if self.fault else None
        return usual_s if given is None else given

    def whole(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": self._text}
        choice = {"index": 0, "message": message, "finish_reason": self._reason}
        return _object("chat.completion", [choice], usage=self._usage)

    async def events(self) -> AsyncIterator[bytes]:
        yield _event([{"index": 0, "delta": {"role": "assistant", "content": ""}}])
        if self._name == "pings":
            while True:
                yield b": ping\n\n"
                await asyncio.sleep(self.seconds(PING_S))
        for at, piece in enumerate(self._spoken()):
            if at == STALL_AFTER_WORDS:
                for data in self._breakage():
                    yield data
                if self._name in ("cut", "cut_clean", "error_frame"):
                    return
                if self._name == "stall":
                    await asyncio.sleep(self.seconds(_FOR_EVER_S))
            yield _event([{"index": 0, "delta": {"content": piece}}])
        yield _event([{"index": 0, "delta": {}, "finish_reason": self._reason}])
        if self._with_usage:
            yield _event([], usage=self._usage)
        yield b"data: [DONE]\n\n"

    def _spoken(self) -> list[str]:
        breaks_in_the_middle = ("cut", "cut_clean", "error_frame", "garbage", "stall")
        if self._name == "loop":
            return ["I am sorry, once more. "] * 5_000
        if self._name == "drip":
            return list(self._text)
        if self._name in breaks_in_the_middle and len(self._pieces) <= STALL_AFTER_WORDS:
            return [*self._pieces, *["and "] * (STALL_AFTER_WORDS + 1 - len(self._pieces))]
        return self._pieces

    def _breakage(self) -> list[bytes]:
        match self._name:
            case "cut":
                return [CUT_HERE]
            case "garbage":
                return [b'data: {"choices": [{"delta": {"con\n\n']
            case "error_frame":
                error = {"message": "The server had an error", "type": "server_error"}
                return [b"data: " + json.dumps({"error": error}).encode() + b"\n\n"]
        return []


@web.middleware
async def _loopback_only(request: web.Request, handler: Any) -> web.StreamResponse:
    """A web page may resolve its own name to this machine; it cannot hide that name."""
    if not is_loopback(f"http://{request.host}"):
        return _error(403, {"message": "loopback only"})
    answer: web.StreamResponse = await handler(request)
    return answer


def _refuse(fault: Fault) -> web.Response:
    status, error = _REFUSALS[fault.name]
    after = RETRY_AFTER_S if fault.seconds is None else fault.seconds
    headers = {"Retry-After": f"{after:g}"} if fault.name == "rate_limit" else {}
    return _error(status, error, headers)


def _error(
    status: int, error: dict[str, str], headers: dict[str, str] | None = None
) -> web.Response:
    return web.json_response({"error": {"type": "demo", **error}}, status=status, headers=headers)


def _object(kind: str, choices: list[dict[str, Any]], **more: object) -> dict[str, Any]:
    head = {"id": "demo", "object": kind, "created": 0, "model": MODEL}
    return {**head, "choices": choices, **more}


def _event(choices: list[dict[str, Any]], **more: object) -> bytes:
    body = json.dumps(_object("chat.completion.chunk", choices, **more), ensure_ascii=False)
    return f"data: {body}\n\n".encode("utf-8", "replace")
