"""Live updates as server-sent events, and files that people attached."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.web.http.guard import HEADERS, Refused

if TYPE_CHECKING:
    from adapters.web.feed import Feed, Reader

ALIVE_S = 15.0
"""A comment after this much silence, so that both ends notice a lost line."""
SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Everything else is downloaded: what people upload must not run as a page of ours."""


async def stream_events(request: web.Request, feed: Feed) -> web.StreamResponse:
    after = request.headers.get("Last-Event-ID") or request.query.get("after", "")
    reader = feed.open(after)
    if reader is None:
        raise Refused(503, "Too many pages are open.")
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
    try:
        await response.prepare(request)
        await response.write(b"retry: 800\n\n")
        await _send(reader, response)
    except ConnectionError:
        pass  # the page was closed
    finally:
        feed.close(reader)
    return response


async def _send(reader: Reader, response: web.StreamResponse) -> None:
    while True:
        try:
            async with asyncio.timeout(ALIVE_S):
                frames = await reader.take()
        except TimeoutError:
            frames = b": alive\n\n"
        if not frames:
            return
        await response.write(frames)


def to_file(media_type: str, data: bytes) -> web.Response:
    shown = media_type in SHOWN_TYPES
    response = web.Response(body=data, headers=HEADERS)
    response.content_type = media_type if shown else "application/octet-stream"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    if not shown:
        response.headers["Content-Disposition"] = "attachment"
    return response
