"""What stands below a finished answer: the notice, the footer, and the buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.slack.outbound.draw import draw
from adapters.slack.outbound.mrkdwn import to_mrkdwn

if TYPE_CHECKING:
    from adapters.slack.outbound.messages import BlockChoices
    from core.draft import Ending

Json = dict[str, Any]

FEEDBACK_ACTION: Final = "feedback"
RATE_UP_ACTION: Final = "rate-up"
RATE_DOWN_ACTION: Final = "rate-down"
RETRY_ACTION: Final = "try-again"
CANCEL_ACTION: Final = "cancel"
UP: Final = "up"
DOWN: Final = "down"


def to_choices(ending: Ending) -> BlockChoices:
    """Best first: Slack's own feedback buttons, ordinary ones, plain text, nothing."""
    said: list[Json] = draw(ending.notice) if ending.notice else []
    if ending.footer:
        footer = {"type": "mrkdwn", "text": to_mrkdwn(ending.footer)}
        said.append({"type": "context", "elements": [footer]})
    buttons = [_button(RETRY_ACTION, "Try again", "again")] if ending.can_retry else []
    if ending.can_cancel:
        buttons.append(_button(CANCEL_ACTION, "Cancel", "cancel"))
    retry = [_actions(buttons)] if buttons else []
    if not ending.can_rate:
        return _distinct([*said, *retry], said, [])
    ordinary = _actions(
        [_button(RATE_UP_ACTION, "👍", UP, "Good"), _button(RATE_DOWN_ACTION, "👎", DOWN, "Bad")]
    )
    return _distinct([*said, *retry, _feedback()], [*said, *retry, ordinary], said, [])


def _distinct(*choices: list[Json]) -> BlockChoices:
    return tuple(choice for at, choice in enumerate(choices) if choice not in choices[:at])


def _feedback() -> Json:
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": FEEDBACK_ACTION,
                "positive_button": _side("Good answer", UP),
                "negative_button": _side("Bad answer", DOWN),
            }
        ],
    }


def _side(label: str, value: str) -> Json:
    return {
        "text": {"type": "plain_text", "text": label},
        "accessibility_label": f"Rate this as a {label.lower()}",
        "value": value,
    }


def _actions(buttons: list[Json]) -> Json:
    return {"type": "actions", "elements": buttons}


def _button(action_id: str, label: str, value: str, spoken: str = "") -> Json:
    button: Json = {
        "type": "button",
        "action_id": action_id,
        "text": {"type": "plain_text", "text": label, "emoji": True},
        "value": value,
    }
    return button | ({"accessibility_label": f"{spoken} answer"} if spoken else {})
