"""`settings`: show and change which model answers, and how freely it writes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.commands.command import UsageError, caller, quotable
from core.document import Action, Actions, Document, Facts, Note, Text
from core.people.preferences import (
    MAX_TEMPERATURE,
    NAMES,
    NARROWEST_FIRST,
    describe_temperature,
    read_temperature,
)
from core.ports import Deed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from core.conversation import CommandCall
    from core.document import Block
    from core.people.preferences import InForce, ModelChoice, Name
    from core.ports import Preferences, Scope

PRESETS: Mapping[str, float] = {"focused": 0.2, "balanced": 0.7, "creative": 1.2}
MODELS_OFFERED = 5
DEFAULT = "default"
SCOPES: Mapping[str, Scope] = {
    **{scope: scope for scope in NARROWEST_FIRST},
    "me": "person",
}
FOR_WHOM: Mapping[Scope, str] = {
    "person": "you",
    "channel": "this channel",
    "workspace": "this workspace",
}
ORIGIN: Mapping[Scope, str] = {
    "person": "your own setting",
    "channel": "set for this channel",
    "workspace": "set for this workspace",
}


@dataclass(frozen=True, slots=True)
class _Wish:
    """What somebody typed; without a name they only want to look."""

    scope: Scope
    name: Name | None = None
    value: str = ""


class Settings:
    name = "settings"
    usage = "settings [person|channel|workspace] [temperature 0.3 | model NAME | NAME default]"
    summary = "Show or change the model and how freely it writes"

    def __init__(
        self,
        preferences: Preferences,
        choice: ModelChoice,
        may_configure: Callable[[CommandCall], bool],
    ) -> None:
        """`may_configure`: whether the caller may change what others get too."""
        self._preferences = preferences
        self._choice = choice
        self._may_configure = may_configure

    def fits(self, arguments: Sequence[str]) -> bool:
        return _read(arguments) is not None

    async def run(self, call: CommandCall) -> Document:
        wish = _read(call.arguments)
        if wish is None:
            raise UsageError("I can show settings, or change `temperature` or `model`.")
        if wish.name is None:
            return await self._show(call, wish.scope)
        if wish.scope != "person" and not self._may_configure(call):
            text = f"Only an admin of the bot can change settings for {FOR_WHOM[wish.scope]}."
            return Document("", (Text(text),))
        return await self._change(call, wish.scope, wish.name, wish.value)

    async def _change(self, call: CommandCall, scope: Scope, name: Name, text: str) -> Document:
        value = None if text.lower() == DEFAULT else self._valid(name, text)
        where = call.conversation
        subject = {"person": call.author.user_id, "channel": where.channel, "workspace": ""}[scope]
        deed = None if scope == "person" else _deed(call, subject, name, value)
        await self._preferences.write(
            scope, where.platform, where.workspace, subject, name, value, deed
        )
        model, temperature = await self._in_force(call)
        now: InForce[str] | InForce[float] = model if name == "model" else temperature
        if value is None:
            said = f"Done. The {name} is no longer set for {FOR_WHOM[scope]}."
        else:
            said = f"Done. The {name} is now {_shown(value)} for {FOR_WHOM[scope]}."
        if now.scope != scope:
            said += f" For you it is {_shown(now.value)}: {_origin(now.scope)}."
        return Document("", (Text(said),))

    def _valid(self, name: Name, text: str) -> str:
        """The value as it is stored; raises UsageError."""
        if name == "model":
            model = self._choice.read_model(text)
            if model is None:
                known = ", ".join(f"`{one}`" for one in self._choice.allowed_models)
                raise UsageError(f"I do not know the model `{quotable(text)}`. I know {known}.")
            return model
        temperature = PRESETS.get(text.lower(), read_temperature(text))
        if temperature is None:
            raise UsageError(
                f"The temperature is a number from 0 to {MAX_TEMPERATURE:g}, or one of "
                f"{', '.join(PRESETS)}."
            )
        return f"{temperature:g}"

    async def _show(self, call: CommandCall, scope: Scope) -> Document:
        model, temperature = await self._in_force(call)
        return Document(
            "Settings in force for you here", tuple(self._blocks(model, temperature, scope))
        )

    def _blocks(
        self, model: InForce[str], temperature: InForce[float], scope: Scope
    ) -> Iterator[Block]:
        yield Facts(
            (
                ("Model", f"{model.value} ({_origin(model.scope)})"),
                (
                    "Temperature",
                    f"{temperature.value:g}, {describe_temperature(temperature.value)} "
                    f"({_origin(temperature.scope)})",
                ),
            )
        )
        yield Note(
            "Below 0.5 answers are focused, from 0.5 balanced, from 1 on creative. "
            "Your own setting wins over the channel's, and that over the workspace's."
        )
        prefix = "settings" if scope == "person" else f"settings {scope}"
        yield Actions(tuple(_temperatures(prefix, temperature, scope)))
        models = tuple(self._models(prefix, model, scope))
        if models:
            yield Actions(models)

    def _models(self, prefix: str, model: InForce[str], scope: Scope) -> Iterator[Action]:
        others = [name for name in self._choice.allowed_models if name != model.value]
        for name in others[:MODELS_OFFERED]:
            yield Action(name, f"{prefix} model {name}")
        if model.scope == scope:
            yield Action("Default model", f"{prefix} model {DEFAULT}")

    async def _in_force(self, call: CommandCall) -> tuple[InForce[str], InForce[float]]:
        where = call.conversation
        return await self._choice.in_force(
            where.platform, where.workspace, where.channel, call.author.user_id
        )


def _deed(call: CommandCall, channel: str, name: Name, value: str | None) -> Deed:
    """`channel` empty: the workspace."""
    where = (call.conversation.platform, call.conversation.workspace, channel)
    subject = ":".join(one for one in where if one)
    return Deed(caller(call), "settings", subject, f"{name} {value or DEFAULT}")


def _temperatures(prefix: str, now: InForce[float], scope: Scope) -> Iterator[Action]:
    for name, value in PRESETS.items():
        command = f"{prefix} temperature {value:g}"
        is_now = describe_temperature(now.value) == name
        yield Action(name.capitalize(), command, "primary" if is_now else "default")
    if now.scope == scope:
        yield Action("Default", f"{prefix} temperature {DEFAULT}")


def _read(arguments: Sequence[str]) -> _Wish | None:
    """None: no scope, name and value in that order."""
    words = list(arguments)
    scope = SCOPES.get(words[0].lower()) if words else None
    if scope is not None:
        del words[0]
    if not words:
        return _Wish(scope or "person")
    name = next((one for one in NAMES if one == words[0].lower()), None)
    if name is None or len(words) != 2:
        return None
    return _Wish(scope or "person", name, words[1])


def _origin(scope: Scope | None) -> str:
    return "the bot's default" if scope is None else ORIGIN[scope]


def _shown(value: str | float) -> str:
    temperature = value if isinstance(value, float) else read_temperature(value)
    if temperature is None:
        return f"`{value}`"
    return f"{temperature:g} ({describe_temperature(temperature)})"
