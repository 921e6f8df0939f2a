"""What a field of a card may hold, and the complaints with their place."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json = dict[str, Any]
PIXELS = re.compile(r"\d+px")


@dataclass(slots=True)
class Card:
    """The card that is being checked: what was found wrong, and which ids it has."""

    problems: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)

    def add(self, at: str, text: str) -> None:
        self.problems.append(f"{at}: {text}")

    def note_id(self, at: str, value: Any) -> None:
        if value in self.ids:
            self.add(at, f"the id {value!r} is there twice")
        self.ids.add(value)


if TYPE_CHECKING:
    Check = Callable[[Any, str, Card], None]


def string(value: Any, at: str, card: Card) -> None:
    if not isinstance(value, str) or not value.strip():
        card.add(at, "must be a string that is not empty")
    else:
        card.texts.append(value)


def flag(value: Any, at: str, card: Card) -> None:
    if not isinstance(value, bool):
        card.add(at, "must be true or false")


def number(value: Any, at: str, card: Card) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        card.add(at, "must be a number")


def whole(value: Any, at: str, card: Card) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        card.add(at, "must be a whole number")


def thing(value: Any, at: str, card: Card) -> None:
    if not isinstance(value, dict):
        card.add(at, "must be an object")


def data(value: Any, at: str, card: Card) -> None:
    if not isinstance(value, dict | str):
        card.add(at, "must be an object or a string")


def link(value: Any, at: str, card: Card) -> None:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        card.add(at, "must be a URL")


def picture(value: Any, at: str, card: Card) -> None:
    if not isinstance(value, str) or not value.startswith(("https://", "data:image/")):
        card.add(at, "must be a picture's URL, with https or data")


def point(value: Any, at: str, card: Card) -> None:
    """The place of a value on an axis."""
    if isinstance(value, str):
        string(value, at, card)
    else:
        number(value, at, card)


def width(value: Any, at: str, card: Card) -> None:
    if isinstance(value, str):
        if value not in ("auto", "stretch") and not PIXELS.fullmatch(value):
            card.add(at, "must be auto, stretch, a weight or pixels")
    else:
        number(value, at, card)


def one_of(*choices: str) -> Check:
    def check(value: Any, at: str, card: Card) -> None:
        if not isinstance(value, str) or value.lower() not in {c.lower() for c in choices}:
            card.add(at, f"must be one of {', '.join(choices)}")

    return check


def many(check: Check, *, least: int = 1, most: int | None = None) -> Check:
    def check_all(value: Any, at: str, card: Card) -> None:
        if not isinstance(value, list) or len(value) < least:
            card.add(at, f"must be a list of at least {least}")
            return
        if most is not None and len(value) > most:
            card.add(at, f"holds more than {most}")
        for index, item in enumerate(value):
            check(item, f"{at}/{index}", card)

    return check_all


def record(fields: Mapping[str, Check], *needed: str) -> Check:
    """An object with these fields and no other."""

    def check(value: Any, at: str, card: Card) -> None:
        if not isinstance(value, dict):
            card.add(at, "must be an object")
            return
        for name in needed:
            if name not in value:
                card.add(at, f"{name} is missing")
        for name, item in value.items():
            if name not in fields:
                card.add(at, f"Teams does not know {name}")
            else:
                fields[name](item, f"{at}/{name}", card)

    return check


def typed(value: Any, kinds: Mapping[str, Check], at: str, card: Card) -> None:
    """One of several kinds of objects, told apart by `type`."""
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str) or kind not in kinds:
        card.add(at, f"unknown type {kind!r}")
        return
    if "id" in value:
        card.note_id(at, value["id"])
    kinds[kind]({name: item for name, item in value.items() if name != "type"}, at, card)


COMMON: dict[str, Check] = {
    "id": string,
    "isVisible": flag,
    "separator": flag,
    "spacing": one_of(
        "none", "extraSmall", "small", "default", "medium", "large", "extraLarge", "padding"
    ),
    "height": one_of("auto", "stretch"),
    "horizontalAlignment": one_of("left", "center", "right"),
    "targetWidth": string,
    "requires": thing,
    "lang": string,
}
