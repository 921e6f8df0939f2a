"""The elements and actions of Adaptive Cards 1.5 that Teams shows (adaptivecards.io/explorer)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.standins.teams.cards.charts import CHARTS
from tests.standins.teams.cards.fields import (
    COMMON,
    Card,
    data,
    flag,
    link,
    many,
    number,
    one_of,
    picture,
    record,
    string,
    thing,
    typed,
    whole,
    width,
)

if TYPE_CHECKING:
    from tests.standins.teams.cards.fields import Check

Json = dict[str, Any]
ACTIONS_SHOWN = 6  # learn.microsoft.com, "Types of cards": six actions, the rest in an overflow


def check_element(value: Any, at: str, card: Card) -> None:
    typed(value, ELEMENTS, at, card)


def check_action(value: Any, at: str, card: Card) -> None:
    typed(value, ACTIONS, at, card)


def check_inner_card(value: Any, at: str, card: Card) -> None:
    if not isinstance(value, dict) or value.get("type") != "AdaptiveCard":
        card.add(at, "must be an AdaptiveCard")
        return
    inner = {n: v for n, v in value.items() if n not in ("type", "version", "$schema")}
    record({"body": many(check_element), "actions": actions}, "body")(inner, at, card)


actions = many(check_action, most=ACTIONS_SHOWN)


def _fallback(check: Check) -> Check:
    """Another one in place of what a client does not know, or "drop"."""

    def check_it(value: Any, at: str, card: Card) -> None:
        if value != "drop":
            # Only one of the two is ever shown, so they may share their ids.
            apart = Card()
            check(value, at, apart)
            card.problems += apart.problems

    return check_it


def _element(fields: dict[str, Check], *needed: str) -> Check:
    return record(COMMON | {"fallback": _fallback(check_element)} | fields, *needed)


def _input(fields: dict[str, Check], *needed: str) -> Check:
    own = {"label": string, "isRequired": flag, "errorMessage": string, "value": string}
    return _element(own | fields, "id", *needed)


def _action(fields: dict[str, Check], *needed: str) -> Check:
    own: dict[str, Check] = {
        "id": string,
        "title": string,
        "tooltip": string,
        "iconUrl": picture,
        "isEnabled": flag,
        "style": one_of("default", "positive", "destructive"),
        "mode": one_of("primary", "secondary"),
        "requires": thing,
        "fallback": _fallback(check_action),
    }
    return record(own | fields, *needed)


def _table(value: Json, at: str, card: Card) -> None:
    TABLE(value, at, card)
    columns, rows = value.get("columns"), value.get("rows")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return
    for index, row in enumerate(rows):
        cells = row.get("cells") if isinstance(row, dict) else None
        if isinstance(cells, list) and len(cells) != len(columns):
            card.add(f"{at}/rows/{index}", f"{len(cells)} cells for {len(columns)} columns")


def _row(value: Any, at: str, card: Card) -> None:
    typed(value, {"TableRow": ROW}, at, card)


def _cell(value: Any, at: str, card: Card) -> None:
    typed(value, {"TableCell": CELL}, at, card)


def _column(value: Any, at: str, card: Card) -> None:
    typed(value, {"Column": COLUMN}, at, card)


def _inline(value: Any, at: str, card: Card) -> None:
    if isinstance(value, str):
        string(value, at, card)
    else:
        typed(value, {"TextRun": RUN}, at, card)


STYLE = one_of("default", "emphasis", "good", "attention", "warning", "accent")
VERTICAL = one_of("top", "center", "bottom")
TEXT: dict[str, Check] = {
    "text": string,
    "color": one_of("default", "dark", "light", "accent", "good", "warning", "attention"),
    "fontType": one_of("default", "monospace"),
    "isSubtle": flag,
    "size": one_of("default", "small", "medium", "large", "extraLarge"),
    "weight": one_of("default", "lighter", "bolder"),
}
RUN = record(
    TEXT
    | {
        "highlight": flag,
        "italic": flag,
        "strikethrough": flag,
        "underline": flag,
        "selectAction": check_action,
    },
    "text",
)
INSIDE: dict[str, Check] = {
    "style": STYLE,
    "verticalContentAlignment": VERTICAL,
    "bleed": flag,
    "minHeight": string,
    "selectAction": check_action,
    "rtl": flag,
}
ITEMS = many(check_element, least=0)
COLUMN = _element(INSIDE | {"items": ITEMS, "width": width})
CELL = record(INSIDE | {"items": ITEMS}, "items")
ALIGNED: dict[str, Check] = {
    "horizontalCellContentAlignment": one_of("left", "center", "right"),
    "verticalCellContentAlignment": VERTICAL,
}
ROW = record(ALIGNED | {"cells": many(_cell), "style": STYLE}, "cells")
TABLE = _element(
    ALIGNED
    | {
        "columns": many(record(ALIGNED | {"width": width})),
        "rows": many(_row),
        "firstRowAsHeaders": flag,
        "showGridLines": flag,
        "gridStyle": STYLE,
    },
    "columns",
    "rows",
)
CHOICE = record({"title": string, "value": string}, "title", "value")

ELEMENTS: dict[str, Check] = {
    "TextBlock": _element(
        TEXT | {"wrap": flag, "maxLines": whole, "style": one_of("default", "heading")}, "text"
    ),
    "RichTextBlock": _element({"inlines": many(_inline)}, "inlines"),
    "FactSet": _element(
        {"facts": many(record({"title": string, "value": string}, "title", "value"))}, "facts"
    ),
    "Container": _element(INSIDE | {"items": many(check_element)}, "items"),
    "ColumnSet": _element(INSIDE | {"columns": many(_column)}, "columns"),
    "Table": _table,
    "ActionSet": _element({"actions": actions}, "actions"),
    "Image": _element(
        {
            "url": picture,
            "altText": string,
            "size": one_of("auto", "stretch", "small", "medium", "large"),
            "style": one_of("default", "person"),
            "width": string,
            "backgroundColor": string,
            "selectAction": check_action,
        },
        "url",
    ),
    "Input.Text": _input(
        {
            "placeholder": string,
            "isMultiline": flag,
            "maxLength": whole,
            "regex": string,
            "style": one_of("text", "tel", "url", "email", "password"),
            "inlineAction": check_action,
        }
    ),
    "Input.Number": _input({"placeholder": string, "min": number, "max": number, "value": number}),
    "Input.Date": _input({"placeholder": string, "min": string, "max": string}),
    "Input.Time": _input({"placeholder": string, "min": string, "max": string}),
    "Input.Toggle": _input(
        {"title": string, "valueOn": string, "valueOff": string, "wrap": flag}, "title"
    ),
    "Input.ChoiceSet": _input(
        {
            "choices": many(CHOICE),
            "isMultiSelect": flag,
            "placeholder": string,
            "style": one_of("compact", "expanded", "filtered"),
            "wrap": flag,
        },
        "choices",
    ),
    **{kind: _element(dict(fields), *needed) for kind, (fields, needed) in CHARTS.items()},
}
INPUTS = one_of("auto", "none")
ACTIONS: dict[str, Check] = {
    "Action.Execute": _action(
        {"verb": string, "data": data, "associatedInputs": INPUTS}, "title", "verb"
    ),
    "Action.Submit": _action({"data": data, "associatedInputs": INPUTS}, "title"),
    "Action.OpenUrl": _action({"url": link}, "title", "url"),
    "Action.ShowCard": _action({"card": check_inner_card}, "title", "card"),
    "Action.ToggleVisibility": _action({"targetElements": many(string)}, "title", "targetElements"),
}
