"""The lean lane: OpenAI-compatible endpoints over plain HTTP.

Why no SDK: of the openai package this lane would use nothing but the POST. Retries, time limits
and error classes are ours, and the package costs a second of start, 20 MB and most of the CPU time
of an answer.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import aiohttp

from adapters.litellm.chunks import Chunks
from adapters.litellm.failures import to_model_error
from adapters.litellm.payload import build_payload, encode, refused_parameter, without
from adapters.wire.sessions import proxy_for
from adapters.wire.sse import EventTooLong, SseReader
from core.completion import Delta
from core.errors import BadRequest, ConnectionFailed, ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from adapters.litellm.targets import Target
    from core.completion import ChatRequest, CompletionEvent

ERROR_BODY_BYTES = 64 * 1024
WHOLE_ANSWER_BYTES = 4 * 1024 * 1024
LINGER_S = 0.05
"""After its last event a stream usually ends at once; waiting for that saves the next call a new
connection."""


class LeanLane:
    """One model behind one OpenAI-compatible endpoint. Knows no time limits of its own but one for
    the connection; wrap it."""

    def __init__(self, target: Target, session: aiohttp.ClientSession) -> None:
        self._target = target
        self._session = session
        self._url = f"{target.base_url}/chat/completions"
        self._proxy = proxy_for(self._url)
        self._refused: dict[str, str] = {}
        """Parameters that the endpoint answered with an error, and what it said."""
        self._headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        if target.api_key:
            self._headers["Authorization"] = f"Bearer {target.api_key}"

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        chunks = Chunks(request.model)
        try:
            async with await self._open(request) as response:
                if not _is_event_stream(response):
                    text = chunks.read(await _read(response, WHOLE_ANSWER_BYTES))
                    chunks.done = True
                    if text:
                        yield Delta(text)
                reader = SseReader()
                while not chunks.done:
                    data = await response.content.readany()
                    events = reader.feed(data) if data else reader.close()
                    text = chunks.read_all(events)
                    if text:
                        yield Delta(text)
                    if chunks.failure is not None:
                        raise chunks.failure
                    if not data:
                        break
                await _linger(response)
        except (aiohttp.ClientError, OSError) as error:
            if not chunks.complete:
                raise ConnectionFailed(f"{type(error).__name__}: {error}") from error
        except EventTooLong as error:
            raise ServiceUnavailable(str(error)) from error
        yield chunks.finished()

    async def _open(self, request: ChatRequest) -> aiohttp.ClientResponse:
        """The answer to the request, in words that the endpoint knows. Raises ModelError."""
        payload = build_payload(request, self._target.wire_model)
        refused = dict(self._refused)
        for parameter, why in refused.items():
            payload = without(payload, parameter, why)
        while True:
            response = await self._session.post(
                self._url,
                data=encode(payload),
                headers=self._headers,
                proxy=self._proxy,
                allow_redirects=False,  # the key is meant for this address alone
            )
            if response.status == 200:
                self._refused = refused
                return response
            async with response:
                body = (await _read(response, ERROR_BODY_BYTES)).decode("utf-8", "replace")
            failure = to_model_error(response.status, body, response.headers)
            unknown = refused_parameter(payload, body) if isinstance(failure, BadRequest) else None
            if unknown is None:
                raise failure
            refused[unknown] = body
            payload = without(payload, unknown, body)


def _is_event_stream(response: aiohttp.ClientResponse) -> bool:
    """Whether the body is a stream, or an endpoint answered in one piece. Raises ModelError."""
    if response.content_type == "text/html":
        raise ServiceUnavailable("200: a page of HTML instead of an answer")
    return response.content_type != "application/json"


async def _read(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The body up to the limit; what comes after it is never read."""
    body = bytearray()
    while len(body) < limit_bytes and (data := await response.content.readany()):
        body += data
    return bytes(body[:limit_bytes])


async def _linger(response: aiohttp.ClientResponse) -> None:
    with suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout(LINGER_S):
            while await response.content.readany():
                pass
