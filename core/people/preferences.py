"""Small settings that people make in the chat: which model, and how freely it writes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeVar, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.conversation import InboundMessage
    from core.ports import Preferences, Scope

Name = Literal["temperature", "model"]
NAMES: tuple[Name, ...] = get_args(Name)
NARROWEST_FIRST: tuple[Scope, ...] = ("person", "channel", "workspace")

MAX_TEMPERATURE = 2.0
"""The widest range among the large providers; a narrower one is the model adapter's concern."""
FOCUSED_BELOW = 0.5
CREATIVE_FROM = 1.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class InForce(Generic[_T]):
    """A value and where it comes from; None: from the bot's own settings."""

    value: _T
    scope: Scope | None


class Choice(NamedTuple):
    model: str
    temperature: float


def describe_temperature(temperature: float) -> str:
    """What a temperature means to a person."""
    if temperature < FOCUSED_BELOW:
        return "focused"
    return "balanced" if temperature < CREATIVE_FROM else "creative"


def read_temperature(text: str) -> float | None:
    """None: not a number from 0 to 2. A decimal comma is fine."""
    try:
        temperature = float(text.replace(",", "."))
    except ValueError:
        return None
    # Not-a-number fails every comparison, and so this one.
    return temperature if 0 <= temperature <= MAX_TEMPERATURE else None


class ModelChoice:
    """The narrowest scope wins; a stored value that is no longer valid counts as not there."""

    def __init__(
        self,
        preferences: Preferences,
        model: str,
        temperature: float,
        allowed_models: Sequence[str] = (),
    ) -> None:
        """The model and the temperature for whoever has chosen nothing; that model is always
        allowed."""
        if not (math.isfinite(temperature) and 0 <= temperature <= MAX_TEMPERATURE):
            raise ValueError("the temperature is not between 0 and 2")
        self._preferences = preferences
        self._model = model
        self._temperature = temperature
        self.allowed_models = tuple(dict.fromkeys((model, *allowed_models)))

    async def of(self, message: InboundMessage) -> Choice:
        """What to ask the model with, for this message."""
        ref = message.ref
        return await self.choice(ref.platform, ref.workspace, ref.channel, message.author.user_id)

    async def choice(self, platform: str, workspace: str, channel: str, user_id: str) -> Choice:
        model, temperature = await self.in_force(platform, workspace, channel, user_id)
        return Choice(model.value, temperature.value)

    async def in_force(
        self, platform: str, workspace: str, channel: str, user_id: str
    ) -> tuple[InForce[str], InForce[float]]:
        """Model and temperature, each with its origin."""
        stored = await self._preferences.read(platform, workspace, channel, user_id)
        return (
            _narrowest(stored, "model", self.read_model, self._model),
            _narrowest(stored, "temperature", read_temperature, self._temperature),
        )

    def read_model(self, text: str) -> str | None:
        """The allowed model of that name, in any case, its provider's prefix left out or not;
        None: there is none, or several."""
        wanted = text.lower()
        for name in self.allowed_models:
            if name.lower() == wanted:
                return name
        short = [name for name in self.allowed_models if name.lower().endswith(f"/{wanted}")]
        return short[0] if len(short) == 1 else None


def _narrowest(
    stored: Mapping[Scope, Mapping[str, str]],
    name: Name,
    read: Callable[[str], _T | None],
    default: _T,
) -> InForce[_T]:
    for scope in NARROWEST_FIRST:
        text = stored.get(scope, {}).get(name)
        value = None if text is None else read(text)
        if value is not None:
            return InForce(value, scope)
    return InForce(default, None)
