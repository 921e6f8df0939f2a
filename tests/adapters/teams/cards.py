"""What Teams takes of a card, in our own words: a list of what is wrong with one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from markdown_it import MarkdownIt

from adapters.teams.drawing.limits import ACTIONS_PER_SET, CARD_UTF16_BYTES
from adapters.teams.drawing.verbs import read_press

Json = dict[str, Any]

ANYWHERE = {"type", "spacing", "separator", "fallback"}
FIELDS = {
    "TextBlock": {"text", "wrap", "size", "weight", "style", "isSubtle", "fontType"},
    "FactSet": {"facts"},
    "ColumnSet": {"columns"},
    "Column": {"width", "items"},
    "Container": {"items"},
    "ActionSet": {"actions"},
    "Table": {"columns", "rows", "firstRowAsHeaders", "showGridLines"},
    "TableRow": {"cells"},
    "TableCell": {"items"},
    "Chart.VerticalBar": {"title", "showTitle", "showLegend", "yAxisTitle", "color", "data"},
    "Chart.Line": {"title", "showTitle", "showLegend", "yAxisTitle", "data"},
    "Action.Execute": {"title", "verb", "data", "style"},
    "Action.Submit": {"title", "data", "style"},
}
SIZES = {"Small", "Default", "Medium", "Large", "ExtraLarge"}
STYLES = {"default", "positive", "destructive"}
FORBIDDEN = {
    "heading_open",
    "fence",
    "code_block",
    "code_inline",
    "table_open",
    "blockquote_open",
    "image",
    "hr",
    "s_open",
    "html_inline",
    "html_block",
}
"""Markdown that a text block shows as it is written, or must not show at all."""
MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def check_card(card: Json) -> list[str]:
    frame = {name: value for name, value in card.items() if name != "body"}
    problems = (
        []
        if frame
        == {
            "type": "AdaptiveCard",
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "version": "1.5",
            "msteams": {"width": "Full"},
        }
        else [f"frame {frame}"]
    )
    written = json.dumps(card, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if len(written.encode("utf-16-le", "surrogatepass")) > CARD_UTF16_BYTES:
        problems.append(f"{len(written)} characters are too large")
    if not card["body"]:
        problems.append("an empty card is not shown")
    return problems + [problem for element in card["body"] for problem in check_element(element)]


def check_element(element: Json) -> Iterator[str]:
    kind = element.get("type", "")
    if kind not in FIELDS:
        yield f"no such element: {kind!r}"
        return
    if unknown := element.keys() - FIELDS[kind] - ANYWHERE:
        yield f"{kind} does not know {sorted(unknown)}"
    if "fallback" in element:
        yield from check_element(element["fallback"])
    yield from CHECKS[kind](element)


def check_markdown(text: str) -> Iterator[str]:
    if not text.strip():
        yield "a text is empty"
    if "<at" in text.lower() or "</at" in text.lower():
        yield f"a mention: {text!r}"
    tokens = MARKDOWN.parse(text)
    for token in [*tokens, *(child for block in tokens for child in block.children or [])]:
        if token.type in FORBIDDEN:
            yield f"{token.type} in {text!r}"
        address = str(token.attrs.get("href", "https:"))
        if not address.startswith(("http:", "https:", "mailto:", "HTTP", "MAILTO")):
            yield f"a link to {address!r}"


def _text(element: Json) -> Iterator[str]:
    yield from check_markdown(element["text"])
    if element.get("size", "Small") not in SIZES or element["wrap"] is not True:
        yield f"a text is cut or has no such size: {element}"


def _facts(element: Json) -> Iterator[str]:
    for fact in element["facts"]:
        yield from check_markdown(fact["title"])
        yield from check_markdown(fact["value"])


def _within(name: str) -> Callable[[Json], Iterator[str]]:
    def check(element: Json) -> Iterator[str]:
        for part in element[name]:
            yield from check_element(part)

    return check


def _table(element: Json) -> Iterator[str]:
    yield from _within("rows")(element)
    if any(len(row["cells"]) != len(element["columns"]) for row in element["rows"]):
        yield "a row has another number of cells than there are columns"


def _points(points: list[Json]) -> Iterator[str]:
    names = [point["x"] for point in points]
    if not names or len(set(names)) != len(names) or not all(names):
        yield f"points without a name of their own: {names}"


def _actions(element: Json) -> Iterator[str]:
    if not 0 < len(element["actions"]) <= ACTIONS_PER_SET:
        yield "too many buttons in a row, or none"
    yield from _within("actions")(element)


def _button(element: Json) -> Iterator[str]:
    if not element["title"] or element.get("style", "default") not in STYLES:
        yield f"a button without a title or with an unknown style: {element}"
    press = read_press(element["data"])
    if press is None or press.verb != element.get("verb", press.verb):
        yield f"a press of this cannot be read: {element['data']}"
    plain = element.get("fallback", element)
    if plain["type"] != "Action.Submit" or plain["data"] != element["data"]:
        yield "older clients would send something else"


CHECKS: dict[str, Callable[[Json], Iterator[str]]] = {
    "TextBlock": _text,
    "FactSet": _facts,
    "ColumnSet": _within("columns"),
    "Column": _within("items"),
    "Container": _within("items"),
    "ActionSet": _actions,
    "Table": _table,
    "TableRow": _within("cells"),
    "TableCell": _within("items"),
    "Chart.VerticalBar": lambda element: _points(element["data"]),
    "Chart.Line": lambda element: _points(element["data"][0]["values"]),
    "Action.Execute": _button,
    "Action.Submit": _button,
}
