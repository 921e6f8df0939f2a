"""Slack's markup: what a typed line becomes in an event, and what a reader sees in blocks."""

from __future__ import annotations

import re
from typing import Any

Json = dict[str, Any]

_TOKEN = re.compile(r"<(?:@[UW][A-Z0-9]+|#C[A-Z0-9]+(?:\|[^>]*)?|![^>\s]+|https?://[^>\s]+)>")
_URL = re.compile(r"https?://[^\s<>|]+")


def as_typed(text: str) -> str:
    """The text of an event: `& < >` escaped and bare links wrapped; mentions stay what they are."""
    parts: list[str] = []
    at = 0
    for match in _TOKEN.finditer(text):
        parts += (_escape(text[at : match.start()]), match.group())
        at = match.end()
    parts.append(_escape(text[at:]))
    return "".join(parts)


def _escape(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _URL.sub(lambda match: f"<{match.group()}>", escaped)


def mentions(text: str, user: str) -> bool:
    return f"<@{user}>" in text


def rich_text(text: str, block_id: str) -> list[Json]:
    """The rich_text block that Slack puts beside the text of what a person typed."""
    elements: list[Json] = []
    at = 0
    for match in _TOKEN.finditer(text):
        elements += _plain(text[at : match.start()])
        elements.append(_element(match.group()[1:-1]))
        at = match.end()
    elements += _plain(text[at:])
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": block_id, "elements": [section]}]


def _plain(text: str) -> list[Json]:
    unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return [{"type": "text", "text": unescaped}] if text else []


def _element(token: str) -> Json:
    match token[0]:
        case "@":
            return {"type": "user", "user_id": token[1:]}
        case "#":
            return {"type": "channel", "channel_id": token[1:].partition("|")[0]}
        case "!":
            return {"type": "broadcast", "range": token[1:]}
        case _:
            return {"type": "link", "url": token}


def text_of_blocks(blocks: list[Json]) -> str:
    """All that a reader can read in blocks, in reading order, one line a piece."""
    return "\n".join(part for block in blocks for part in _texts(block) if part)


def _texts(node: Any) -> list[str]:
    if isinstance(node, list):
        return [part for item in node for part in _texts(item)]
    if not isinstance(node, dict):
        return []
    found: list[str] = []
    for key, value in node.items():
        if key in ("text", "title", "label", "name") and isinstance(value, str):
            found.append(value)
        elif isinstance(value, (dict, list)):
            found += _texts(value)
    return found
