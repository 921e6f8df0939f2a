"""The parts of blocks: text objects, images, buttons and menus, as Slack checks them."""

from __future__ import annotations

import math
from typing import Any

Json = dict[str, Any]
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
URL = 3000
ALT_TEXT = 2000
ELEMENT_FIELDS: dict[str, set[str]] = {
    "button": {"text", "url", "value", "style", "confirm", "accessibility_label", "agent_prompt"},
    "feedback_buttons": {"positive_button", "negative_button"},
    "icon_button": {
        "icon",
        "text",
        "value",
        "confirm",
        "accessibility_label",
        "visible_to_user_ids",
    },
    "overflow": {"options", "confirm"},
    "static_select": {
        "placeholder",
        "options",
        "option_groups",
        "initial_option",
        "confirm",
        "focus_on_load",
    },
}


class Problems:
    """Complaints with the place they are about."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, at: str, text: str) -> None:
        self.found.append(f"{text} [json-pointer:{at}]")

    def only(self, value: Json, at: str, allowed: set[str]) -> None:
        for name in value.keys() - allowed:
            self.add(at, f"invalid additional property: {name}")

    def string(self, value: Json, at: str, name: str, limit: int | None) -> str:
        """A required, non-empty string; "" when it is none."""
        text = value.get(name)
        if not isinstance(text, str):
            self.add(at, f"missing required field: {name}")
            return ""
        if not text:
            self.add(f"{at}/{name}", "must be more than 0 characters")
        if limit is not None and len(text) > limit:
            self.add(f"{at}/{name}", f"must be less than {limit + 1} characters")
        return text

    def number(self, value: Json, at: str, name: str) -> float:
        found = value.get(name)
        if (
            isinstance(found, bool)
            or not isinstance(found, (int, float))
            or not math.isfinite(found)
        ):
            self.add(f"{at}/{name}", "must be a number")
            return math.nan
        return found

    def items(
        self, value: Json, at: str, name: str, limit: int | None, *, needed: bool = True
    ) -> list[Any]:
        found = value.get(name)
        if found is None and not needed:
            return []
        if not isinstance(found, list) or not found:
            self.add(at, f"missing required field: {name}")
            return []
        if limit is not None and len(found) > limit:
            self.add(f"{at}/{name}", f"no more than {limit} items allowed")
        return found


def check_text(value: Any, at: str, problems: Problems, limit: int, *, plain: bool = False) -> None:
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if not isinstance(value, dict) or value.get("type") not in kinds:
        problems.add(at, "failed to match all allowed schemas")
        return
    own = {"emoji"} if value["type"] == "plain_text" else {"verbatim"}
    problems.only(value, at, {"type", "text", *own})
    problems.string(value, at, "text", limit)


def check_image(value: Json, at: str, problems: Problems) -> None:
    problems.string(value, at, "alt_text", ALT_TEXT)
    if isinstance(value.get("slack_file"), dict):
        return
    url = problems.string(value, at, "image_url", URL)
    if url and not url.startswith(("https://", "http://")):
        problems.add(f"{at}/image_url", "must be a valid URL")


def check_element(value: Any, at: str, problems: Problems, types: list[str]) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in types:
        problems.add(f"{at}/type", f"unsupported type: {kind}")
        return
    if kind == "image":
        check_image(value, at, problems)
        return
    if kind in ELEMENT_FIELDS:
        problems.only(value, at, {"type", "action_id", *ELEMENT_FIELDS[kind]})
    action_id = value.get("action_id", "generated")
    if not isinstance(action_id, str) or not 0 < len(action_id) <= 255:
        problems.add(f"{at}/action_id", "must be 1 to 255 characters")
    _check_kind(value, at, problems)


def _check_kind(value: Json, at: str, problems: Problems) -> None:
    match value["type"]:
        case "button":
            _button(value, at, problems)
        case "feedback_buttons":
            _feedback(value, at, problems)
        case "icon_button":
            check_text(value.get("text"), f"{at}/text", problems, BUTTON_TEXT, plain=True)
            if value.get("icon") != "trash":
                problems.add(f"{at}/icon", "must be a valid enum value")
        case "overflow":
            _options(value, at, problems, 5)
        case "static_select":
            if "option_groups" not in value:
                _options(value, at, problems, 100)


def _button(value: Json, at: str, problems: Problems) -> None:
    check_text(value.get("text"), f"{at}/text", problems, BUTTON_TEXT, plain=True)
    for name, limit in (("value", BUTTON_VALUE), ("url", URL), ("accessibility_label", 75)):
        if name in value:
            problems.string(value, at, name, limit)
    if value.get("style", "primary") not in ("primary", "danger"):
        problems.add(f"{at}/style", "must be a valid enum value")


def _feedback(value: Json, at: str, problems: Problems) -> None:
    for name in ("positive_button", "negative_button"):
        button = value.get(name)
        where = f"{at}/{name}"
        if not isinstance(button, dict):
            problems.add(at, f"missing required field: {name}")
            continue
        problems.only(button, where, {"text", "value", "accessibility_label"})
        check_text(button.get("text"), f"{where}/text", problems, BUTTON_TEXT, plain=True)
        problems.string(button, where, "value", BUTTON_VALUE)


def _options(value: Json, at: str, problems: Problems, limit: int) -> None:
    for index, option in enumerate(problems.items(value, at, "options", limit)):
        where = f"{at}/options/{index}"
        if not isinstance(option, dict):
            problems.add(where, "must be an object")
            continue
        check_text(option.get("text"), f"{where}/text", problems, BUTTON_TEXT)
        problems.string(option, where, "value", 150)
