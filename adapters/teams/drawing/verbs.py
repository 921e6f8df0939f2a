"""What the buttons of our cards carry, and how a press is read when it comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from core.commands.registry import LONGEST_COMMAND_CHARS

if TYPE_CHECKING:
    from core.document import Action

Json = dict[str, Any]

VERB_COMMAND: Final = "command"
VERB_AGAIN: Final = "again"
VERB_CANCEL: Final = "cancel"
STYLES: Final = {"default": "default", "primary": "positive", "danger": "destructive"}
TITLE_CHARS: Final = 60
"""Of a button. Teams names no limit; what is longer pushes the others out of sight."""


@dataclass(frozen=True, slots=True)
class Press:
    verb: Literal["command", "again", "cancel"]
    command: str = ""
    """The line of a command, e.g. `stats 7d me`; empty for the other verbs."""


def build_button(title: str, press: Press, style: str = "default") -> Json:
    """An action that comes back as an invoke, or as a message where a client knows no invokes."""
    data: Json = {"verb": press.verb}
    if press.command:
        data["command"] = press.command
    shown = title if len(title) <= TITLE_CHARS else title[: TITLE_CHARS - 1] + "…"
    same: Json = {"title": shown or "—", "data": data}
    if style != "default":
        same["style"] = style
    plain = {"type": "Action.Submit", **same}
    return {"type": "Action.Execute", "verb": press.verb, **same, "fallback": plain}


def build_command_button(action: Action) -> Json | None:
    """None: no command is that long, so a press could not be read."""
    command = " ".join(action.command.split())
    if not command or len(command) > LONGEST_COMMAND_CHARS:
        return None
    return build_button(action.label, Press(VERB_COMMAND, command), STYLES[action.style])


def read_press(data: object) -> Press | None:
    """`data` is what the button carried: the `value` of a message, or the `action.data` of an
    invoke; the invoke's whole `value` is read too. None: no button of ours made this."""
    if isinstance(data, dict) and isinstance(data.get("action"), dict):
        data = data["action"].get("data")
    return _read(data.get("verb"), data.get("command")) if isinstance(data, dict) else None


def _read(verb: object, command: object) -> Press | None:
    match verb:
        case "again":
            return Press(VERB_AGAIN)
        case "cancel":
            return Press(VERB_CANCEL)
        case "command" if isinstance(command, str):
            line = " ".join(command.split())
            fits = line and len(command) <= LONGEST_COMMAND_CHARS and line.isprintable()
            return Press(VERB_COMMAND, line) if fits else None
        case _:
            return None
