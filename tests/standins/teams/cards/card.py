"""A whole Adaptive Card: its version, its parts, and what goes across them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.standins.teams.cards.elements import actions, check_action, check_element
from tests.standins.teams.cards.fields import Card, flag, many, one_of, record, string

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
VERSIONS = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5")  # "Types of cards": Teams shows up to 1.5
MENTIONED = record({"id": string, "name": string}, "id", "name")
MENTION = record(
    {"type": one_of("mention"), "text": string, "mentioned": MENTIONED}, "type", "text", "mentioned"
)
MSTEAMS = record({"width": one_of("full"), "entities": many(MENTION)})
CARD = record(
    {
        "type": one_of("AdaptiveCard"),
        "$schema": string,
        "version": string,
        "body": many(check_element),
        "actions": actions,
        "fallbackText": string,
        "speak": string,
        "lang": string,
        "rtl": flag,
        "minHeight": string,
        "selectAction": check_action,
        "msteams": MSTEAMS,
    },
    "type",
    "version",
    "body",
)


def check_card(value: Json) -> list[str]:
    """What is wrong with a card, each with its place; empty when Teams shows all of it."""
    card = Card()
    for at in _nulls(value, ""):
        card.add(at, "null is not a value")
    if value.get("version") not in VERSIONS:
        card.add("/version", f"must be one of {', '.join(VERSIONS)}")
    CARD(value, "", card)
    if not card.problems:
        _check_mentions(value, card)
    return card.problems


def _nulls(value: Any, at: str) -> Iterator[str]:
    if value is None:
        yield at
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _nulls(item, f"{at}/{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nulls(item, f"{at}/{index}")


def _check_mentions(value: Json, card: Card) -> None:
    shown = Card()
    many(check_element)(value["body"], "", shown)
    for entity in value.get("msteams", {}).get("entities", []):
        if not any(entity["text"] in text for text in shown.texts):
            card.add("/msteams/entities", f"{entity['text']} does not occur in the card")
