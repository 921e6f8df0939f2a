"""The page itself: a few files, read once, served from memory under a strict policy."""

from __future__ import annotations

import hashlib
import re
from importlib import resources
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.web.http.guard import HEADERS, guarded

if TYPE_CHECKING:
    from adapters.web.http.guard import Handler

STATIC = resources.files("adapters.web") / "static"
MEDIA_TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
OPERATORS = ("=>", "===", "!==", "&&", "||", "??", "??=", "=", "+=", ">", "<", "?", ":", "+", "-")
"""Of our scripts; none stands between spaces in a text or pattern there."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS = {**HEADERS, "Cache-Control": "no-cache", "Content-Security-Policy": POLICY}


def page_routes() -> list[web.RouteDef]:
    routes = []
    for file in sorted(STATIC.iterdir(), key=lambda file: file.name):
        path = "/" if file.name == "index.html" else f"/playground/{file.name}"
        kind = file.name.rpartition(".")[2]
        serve = _serve(squeeze(file.read_text("utf-8"), kind).encode(), MEDIA_TYPES[kind])
        routes.append(web.get(path, guarded(serve)))
    return routes


def squeeze(source: str, kind: str) -> str:
    """Without the comments and white space that only whoever edits the files needs."""
    if kind == "css":
        source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
        source = re.sub(r"\s*([{};])\s*", r"\1", source)
        return re.sub(r"([:,]) ", r"\1", source)
    if kind == "js":
        for operator in OPERATORS:
            source = source.replace(f" {operator} ", operator)
        source = source.replace("{ ", "{").replace(" }", "}").replace(") {", "){")
        source = re.sub(r"([,:]) (?=[\"`({[])", r"\1", source)
    lines = (line.strip() for line in source.splitlines())
    source = "\n".join(line for line in lines if line and not line.startswith(("//", "/** ")))
    if kind == "js":
        source = re.sub(r"(?<=[;{,(])\n|\n(?=})", "", source)
    return source


def _serve(content: bytes, media_type: str) -> Handler:
    tag = hashlib.sha256(content).hexdigest()[:16]

    async def serve(request: web.Request) -> web.Response:
        known = request.if_none_match or ()
        response = web.Response(headers=PAGE_HEADERS)
        if any(etag.value == tag for etag in known):
            response.set_status(304)
        else:
            response.body = content
            response.content_type = media_type
            response.charset = "utf-8"
        response.etag = tag
        return response

    return serve
