"""What stands below a finished answer: the notice, the footer, the buttons to try again or cancel.
A footer alone ends the text itself, as a card would put a frame around it.

Buttons to rate it are Teams' own, and no part of a card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.teams.drawing.card import build_card, draw, to_attachment
from adapters.teams.drawing.elements import small
from adapters.teams.drawing.text import to_card_text, to_message_text
from adapters.teams.drawing.verbs import VERB_AGAIN, VERB_CANCEL, Press, build_button

if TYPE_CHECKING:
    from core.draft import Ending

Json = dict[str, Any]

TRY_AGAIN: Final = "Try again"
CANCEL: Final = "Cancel"


def to_line(ending: Ending) -> str:
    """The footer as a light line of Markdown; empty where there is none, or a card has it."""
    if ending.notice or ending.can_retry or ending.can_cancel:
        return ""
    footer = to_message_text(ending.footer).strip()
    return f"*{footer}*" if footer and "*" not in footer else footer


def to_attachments(ending: Ending) -> list[Json]:
    """One card, or none where a line of text says it all."""
    if to_line(ending):
        return []
    body: list[Json] = draw(ending.notice)["body"] if ending.notice else []
    if footer := to_card_text(ending.footer):
        body.append(small(footer))
    buttons = [build_button(TRY_AGAIN, Press(VERB_AGAIN))] if ending.can_retry else []
    if ending.can_cancel:
        buttons.append(build_button(CANCEL, Press(VERB_CANCEL)))
    if buttons:
        body.append({"type": "ActionSet", "actions": buttons})
    return [to_attachment(build_card(body))] if body else []
