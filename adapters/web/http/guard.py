"""Who may talk to the playground, and what a request may look like: nobody from another site."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from core.errors import DeliveryError, NotStored
from core.text.clean import clean_text

if TYPE_CHECKING:
    from collections.abc import Collection

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
OWN_HEADER = "X-Playground"
"""A page of another site cannot send it without asking first, and is never allowed to."""
BODY_MAX_BYTES = 256 * 1024
HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Refused(Exception):
    """The request is answered with this status and sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def guarded(handler: Handler) -> Handler:
    """Lets requests of the own page through, and answers refusals as JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            check_host(request)
            if request.method != "GET":
                check_origin(request)
            return await handler(request)
        except Refused as refusal:
            return to_json({"error": refusal.message}, refusal.status)
        except (NotStored, DeliveryError, OSError) as error:
            logger.warning("%s was not stored: %r", request.path, error)
            return to_json({"error": "That could not be stored. Please try again."}, 503)

    return handle


def check_host(request: web.Request) -> None:
    """A name of another site that was made to point here (DNS rebinding) is not ours."""
    try:
        name = urlsplit(f"//{request.headers.get('Host', '')}").hostname
    except ValueError:
        name = None
    if name not in LOOPBACK_NAMES:
        raise Refused(403, "The playground answers on this machine's loopback address only.")


def check_origin(request: web.Request) -> None:
    origin = request.headers.get("Origin")
    own = f"http://{request.headers.get('Host', '')}"
    if request.headers.get(OWN_HEADER) != "1" or (origin is not None and origin != own):
        raise Refused(403, "Only the playground's own page may do that.")


async def read_body(request: web.Request, limit_bytes: int) -> bytes:
    """Never holds more than the limit and one chunk, whatever the headers say."""
    if (request.content_length or 0) > limit_bytes:
        raise Refused(413, "That is too large.")
    body = bytearray()
    try:
        async for chunk in request.content.iter_chunked(64 * 1024):
            body += chunk
            if len(body) > limit_bytes:
                raise Refused(413, "That is too large.")
    except (ClientError, HttpProcessingError, web.RequestPayloadError, UnicodeError) as error:
        raise Refused(400, "The request cannot be read.") from error
    return bytes(body)


async def read_fields(request: web.Request) -> dict[str, Any]:
    body = await read_body(request, BODY_MAX_BYTES)
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "The request is not JSON.") from error
    if not isinstance(fields, dict):
        raise Refused(400, "The request is not a JSON object.")
    return fields


def text_of(fields: dict[str, Any], name: str, max_chars: int, default: str | None = None) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str):
        raise Refused(400, f"{name}: a text is needed.")
    if len(value) > max_chars:
        raise Refused(413, f"{name}: that is too long.")
    return clean_text(value)


def name_of(fields: dict[str, Any], name: str) -> str:
    """An id that the page made up or was given."""
    value = fields.get(name)
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
        raise Refused(400, f"{name}: an id is needed.")
    return value


def choice_of(fields: dict[str, Any], name: str, choices: Collection[str]) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or value not in choices:
        raise Refused(400, f"{name}: that does not exist here.")
    return value


def to_json(content: object, status: int = 200) -> web.Response:
    return web.json_response(content, status=status, headers=HEADERS)
