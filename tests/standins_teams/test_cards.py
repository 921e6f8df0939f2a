"""Adaptive Cards: what Teams shows passes, and what it would drop or refuse does not."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from tests.standins.teams.cards import check_card
from tests.standins_teams.conftest import code

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.standins.teams import TeamsStandIn
    from tests.standins_teams.conftest import Connector

Json = dict[str, Any]
EXECUTE = {"type": "Action.Execute", "title": "Reset", "verb": "reset", "data": {"a": 1}}
EXECUTE_OR_SUBMIT = EXECUTE | {"fallback": {"type": "Action.Submit", "title": "Reset"}}
CELL = {"type": "TableCell", "items": [{"type": "TextBlock", "text": "1"}]}
ELEMENTS: list[Json] = [
    {"type": "TextBlock", "text": "Hello", "wrap": True, "size": "Large", "style": "heading"},
    {"type": "RichTextBlock", "inlines": ["a ", {"type": "TextRun", "text": "b", "italic": True}]},
    {"type": "FactSet", "facts": [{"title": "Asked", "value": "12"}]},
    {"type": "Container", "style": "emphasis", "items": [{"type": "TextBlock", "text": "x"}]},
    {"type": "ColumnSet", "columns": [{"type": "Column", "width": "stretch", "items": []}]},
    {
        "type": "Table",
        "firstRowAsHeaders": True,
        "columns": [{"width": 1}, {"width": "auto"}],
        "rows": [{"type": "TableRow", "cells": [CELL, CELL]}],
    },
    {"type": "ActionSet", "actions": [EXECUTE_OR_SUBMIT]},
    {"type": "Image", "url": "https://example.com/x.png", "altText": "x"},
    {"type": "Input.Text", "id": "name", "label": "Name", "isRequired": True},
    {"type": "Input.ChoiceSet", "id": "pick", "choices": [{"title": "A", "value": "a"}]},
    {"type": "Chart.VerticalBar", "title": "Days", "data": [{"x": "Mo", "y": 3}]},
    {"type": "Chart.Line", "data": [{"legend": "Asked", "values": [{"x": "Mo", "y": 3.5}]}]},
    {"type": "Chart.Donut", "data": [{"legend": "Asked", "value": 3}], "fallback": "drop"},
    {"type": "Chart.Gauge", "value": 5, "segments": [{"legend": "ok", "size": 9}]},
]


def card(*body: Json, **fields: Any) -> Json:
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body), **fields}


def attached(content: Json) -> Json:
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": content}
    return {"type": "message", "attachments": [attachment]}


def changed(element: Json, change: Callable[[Json], None]) -> Json:
    copy = deepcopy(element)
    change(copy)
    return copy


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element["type"])
def test_what_teams_shows_passes(element: Json) -> None:
    assert check_card(card(element, actions=[EXECUTE])) == []


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda element: element["type"])
def test_each_element_is_looked_into(element: Json) -> None:
    for name in element.keys() - {"type", "title", "fallback"}:
        assert check_card(card(element | {name: None})) != []
    assert check_card(card(element | {"colour": "red"})) != []


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (card(), "/body: must be a list"),
        (card(ELEMENTS[0]) | {"version": "1.6"}, "/version"),
        (card(ELEMENTS[0] | {"text": ""}), "/body/0/text"),
        (card({"type": "Markdown", "text": "x"}), "unknown type 'Markdown'"),
        (card(ELEMENTS[0], actions=[EXECUTE] * 7), "/actions: holds more than 6"),
        (card(ELEMENTS[8], ELEMENTS[8]), "the id 'name' is there twice"),
        (card({"type": "Input.Text", "label": "no id"}), "id is missing"),
        (card({"type": "Chart.Line", "data": [{"x": "Mo", "y": 1}]}), "Teams does not know x"),
        (card({"type": "Chart.Donut", "data": [{"legend": "a", "value": "3"}]}), "a number"),
        (
            card(ELEMENTS[0], actions=[{"type": "Action.OpenUrl", "title": "x", "url": "file:x"}]),
            "must be a URL",
        ),
        (
            card(changed(ELEMENTS[5], lambda table: table["rows"][0]["cells"].pop())),
            "1 cells for 2 columns",
        ),
        (
            card(
                ELEMENTS[0],
                msteams={
                    "entities": [
                        {
                            "type": "mention",
                            "text": "<at>Bob</at>",
                            "mentioned": {"id": "29:1", "name": "Bob"},
                        }
                    ]
                },
            ),
            "does not occur in the card",
        ),
    ],
)
def test_a_broken_card_is_complained_about(broken: Json, complaint: str) -> None:
    assert complaint in "; ".join(check_card(broken))


async def test_the_connector_looks_at_cards(teams: TeamsStandIn, bot: Connector) -> None:
    good = card(*ELEMENTS[:3])
    assert (await bot.post("Lunch", attached(good)))[0] == 201
    assert teams.answers("Lunch")[0].cards == [good]
    answer = await bot.post("Lunch", attached(card({"type": "TextBlock"})))
    assert code(answer) == (400, "BadArgument")
    assert "/body/0: text is missing" in answer[1]["error"]["message"]


async def test_a_large_card_is_refused(bot: Connector) -> None:
    block = {"type": "TextBlock", "text": "x" * 15_000}
    assert (await bot.post("Lunch", attached(card(block))))[0] == 201
    answer = await bot.post("Lunch", attached(card(block, block)))
    assert code(answer) == (413, "MessageSizeTooBig")
