"""What the client makes of the answer to an invoke: anything but the right shape is an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.standins.teams.cards import check_card

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = dict[str, Any]


def complaint(payload: Mapping[str, Any], answer: Any) -> str | None:
    """None when the person sees what was meant."""
    if payload.get("type") != "invoke":
        return None
    if not isinstance(answer, dict):
        return f"the answer must be an object, not {answer!r:.60}"
    if payload.get("name") == "adaptiveCard/action":
        return _card_action(answer)
    if payload.get("name") == "message/submitAction" and answer:
        return "the answer must be an empty object"
    return None


def _card_action(answer: Json) -> str | None:
    if answer.keys() != {"statusCode", "type", "value"}:
        return f"statusCode, type and value are needed, not {sorted(answer)}"
    status, value = answer["statusCode"], answer["value"]
    if isinstance(status, bool) or not isinstance(status, int):
        return "statusCode must be a number"
    match answer["type"]:
        case "application/vnd.microsoft.card.adaptive":
            return (
                "; ".join(check_card(value)) or None
                if isinstance(value, dict)
                else "value must be the card"
            )
        case "application/vnd.microsoft.activity.message":
            return None if isinstance(value, str) and value else "value must be the text"
        case "application/vnd.microsoft.error":
            good = isinstance(value, dict) and value.keys() == {"code", "message"}
            return None if good else "value must hold code and message"
        case other:
            return f"unknown type {other!r}"
