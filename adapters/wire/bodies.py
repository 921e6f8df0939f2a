"""Reads the bodies of requests that anybody may send: bounded in size and depth, or refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from aiohttp.web import RequestPayloadError

if TYPE_CHECKING:
    import aiohttp
    from aiohttp import web

Json = dict[str, Any]

BODY_LIMIT_BYTES: Final = 1024 * 1024
DEPTH_LIMIT: Final = 64
CHUNK_BYTES: Final = 64 * 1024

# A string, or a bracket outside of strings; possessive, so no input makes it go back.
_BRACKETS: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class Refused(Exception):
    """The request gets this HTTP status, and is told nothing else."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class TooLarge(ValueError):
    """More than was asked for; the rest was not read."""


async def read_bounded(request: web.Request) -> bytes:
    """The raw bytes, never more than the limit whatever Content-Length claims. Raises Refused."""
    if (request.content_length or 0) > BODY_LIMIT_BYTES:
        raise Refused(413, "the body is too large")
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > BODY_LIMIT_BYTES:
                raise Refused(413, "the body is too large")
    except RequestPayloadError as error:
        raise Refused(400, "the body is not packed as it says") from error
    return bytes(body)


async def read_answer(response: aiohttp.ClientResponse, limit_bytes: int) -> bytes:
    """The body of an answer to us, unpacked. Counts what arrives, as a header may say anything;
    raises TooLarge."""
    data = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK_BYTES):
        data += chunk
        if len(data) > limit_bytes:
            raise TooLarge
    return bytes(data)


def read_json(data: bytes) -> Json:
    """An object that says of which type it is. Raises Refused with 400."""
    if is_too_deep(data):
        raise Refused(400, "nested too deeply")
    try:
        payload = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "not JSON") from error
    if not isinstance(payload, dict) or not isinstance(payload.get("type"), str):
        raise Refused(400, "not an object with a type")
    return payload


def is_too_deep(data: bytes) -> bool:
    """Whether brackets nest deeper than DEPTH_LIMIT; without parsing."""
    if data.count(b"[") + data.count(b"{") <= DEPTH_LIMIT:
        return False
    depth = 0
    for match in _BRACKETS.finditer(data):
        sign = match.group()[:1]
        if sign in b"[{":
            depth += 1
            if depth > DEPTH_LIMIT:
                return True
        elif sign in b"]}":
            depth -= 1
    return False
