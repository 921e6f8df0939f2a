"""The product's own documents as pages, for the links in the demo model's answers."""

from __future__ import annotations

import asyncio
import re
from html import escape, unescape
from pathlib import Path

from aiohttp import web

from adapters.web.drawing.markdown import to_markup
from adapters.web.http.guard import Refused, guarded
from adapters.web.http.page import PAGE_HEADERS

ROOT = Path(__file__).parents[3]
"""A checkout; where the package is installed alone, there are no documents."""
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>")


def document_routes() -> list[web.RouteDef]:
    serve = guarded(_serve)
    return [
        web.get(r"/{path:[A-Z]+\.md}", serve),
        web.get(r"/{path:docs/(?:[\w-]+/)*[\w-]+\.md}", serve),
        web.get(r"/{path:\.env\.example}", serve),
    ]


async def _serve(request: web.Request) -> web.Response:
    path = request.match_info["path"]
    try:
        source = await asyncio.to_thread((ROOT / path).read_text, "utf-8")
    except OSError as error:
        raise Refused(404, "This document is not here.") from error
    markdown = source if path.endswith(".md") else f"```\n{source}\n```"
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(path)}</title>'
        f'<link rel="stylesheet" href="/playground/style.css">'
        f'<script src="/playground/theme.js"></script>'
        f'<body class="paper"><main class="body" aria-label="{escape(path)}">'
        f"{_HEADING.sub(_with_id, to_markup(markdown))}</main></body></html>"
    )
    return web.Response(text=html, content_type="text/html", headers=PAGE_HEADERS)


def _with_id(heading: re.Match[str]) -> str:
    """The fragment that code hosts give a heading."""
    level, inner = heading.groups()
    words = re.sub(r"[^\w\- ]", "", unescape(re.sub(r"<[^>]*>", "", inner)).lower())
    return f'<h{level} id="{escape(words.strip().replace(" ", "-"))}">{inner}</h{level}>'
