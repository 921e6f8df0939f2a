"""Draws a neutral document as an Adaptive Card, within what Teams takes.

The elements: https://adaptivecards.microsoft.com and
https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/cards-format
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, assert_never

from adapters.teams.drawing.chart import draw_chart
from adapters.teams.drawing.elements import EMPTY, small, text_block
from adapters.teams.drawing.facts import draw_facts
from adapters.teams.drawing.limits import (
    ACTIONS_PER_SET,
    CARD_UTF16_BYTES,
    TABLE_ROWS,
    TEXT_CHARS,
    TITLE_CHARS,
)
from adapters.teams.drawing.table import draw_table
from adapters.teams.drawing.text import escape, to_card_text
from adapters.teams.drawing.verbs import build_command_button
from core.document import Actions, Chart, Divider, Document, Facts, Note, Table, Text
from core.text.plain import shorten, to_plain
from core.text.split import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.document import Action, Block

Json = dict[str, Any]

CARD_TYPE: Final = "application/vnd.microsoft.card.adaptive"
SCHEMA: Final = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION: Final = "1.5"
"""The newest that Teams documents; mobile clients show no card without a version."""
MORE: Final = "… and more"
SUMMARY_CHARS: Final = 120


def draw(document: Document, *, charts: bool = True) -> Json:
    """`charts`: Teams' own; else, and on clients without them, a line of bars."""
    rows = TABLE_ROWS
    body = _draw_body(document, charts=charts, rows=rows)
    while _size(body) > CARD_UTF16_BYTES and rows:
        rows //= 2
        body = _draw_body(document, charts=charts, rows=rows)
    return build_card(_fitting(body))


def build_card(body: Sequence[Json]) -> Json:
    return {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": VERSION,
        "msteams": {"width": "Full"},
        "body": list(body),
    }


def to_attachment(card: Json) -> Json:
    return {"contentType": CARD_TYPE, "content": card}


def to_summary(document: Document) -> str:
    """Plain words for the notification and the list of chats: the title, else the first text."""
    if document.title:
        return shorten(document.title, SUMMARY_CHARS)
    texts = (block.markdown for block in document.blocks if isinstance(block, Text | Note))
    first = next((text for text in texts if text.strip()), EMPTY)
    return shorten(" ".join(to_plain(first).split()), SUMMARY_CHARS) or EMPTY


def _draw_body(document: Document, *, charts: bool, rows: int) -> list[Json]:
    title = shorten(" ".join(document.title.split()), TITLE_CHARS)
    body = [_title(title)] if title else []
    apart = False
    for block in document.blocks:
        if isinstance(block, Divider):
            apart = bool(body)
            continue
        elements = list(_draw_block(block, charts=charts, rows=rows))
        if elements and apart:
            elements[0] |= {"separator": True, "spacing": "Large"}
            apart = False
        body += elements
    return body or [text_block(EMPTY)]


def _draw_block(block: Block, *, charts: bool, rows: int) -> Iterator[Json]:
    match block:
        case Text(markdown):
            yield from map(text_block, _texts(markdown))
        case Facts(pairs):
            yield from draw_facts(pairs)
        case Table():
            yield from draw_table(block, rows)
        case Chart():
            yield from draw_chart(block, native=charts)
        case Divider():
            yield from ()
        case Note(markdown):
            yield from map(small, _texts(markdown))
        case Actions(items):
            yield from _actions(items)
        case _:
            assert_never(block)


def _texts(markdown: str) -> Iterator[str]:
    for piece in split(markdown, TEXT_CHARS):
        if text := to_card_text(piece):
            yield text


def _title(title: str) -> Json:
    return text_block(escape(title)) | {"size": "Medium", "weight": "Bolder", "style": "heading"}


def _actions(items: Sequence[Action]) -> Iterator[Json]:
    buttons = [button for item in items if (button := build_command_button(item))]
    for at in range(0, len(buttons), ACTIONS_PER_SET):
        yield {"type": "ActionSet", "actions": buttons[at : at + ACTIONS_PER_SET]}


def _fitting(body: list[Json]) -> list[Json]:
    """The first elements that fit, and a line that says so when others had to go."""
    if _size(body) <= CARD_UTF16_BYTES:
        return body
    more = small(MORE)
    kept = len(body) - 1
    while kept and _size([*body[:kept], more]) > CARD_UTF16_BYTES:
        kept -= 1
    return [*body[:kept], more]


def _size(body: Sequence[Json]) -> int:
    """Bytes of a card with this body, as Teams counts them."""
    written = json.dumps(build_card(body), ensure_ascii=False, separators=(",", ":"))
    return len(written.encode("utf-16-le", "surrogatepass"))
