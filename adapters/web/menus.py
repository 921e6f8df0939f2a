"""What the page can switch while the bot runs; whoever wires the playground implements it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A model that answers, or could."""

    id: str
    """Given back to `use`."""
    name: str
    detail: str
    """One short line: where it runs, or which key was found. Never the key."""


class ModelMenu(Protocol):
    def current(self) -> ModelCard: ...

    async def offers(self) -> Sequence[ModelCard]:
        """What can be had in one click: the demo model, keys in the environment, local servers.
        May take a second, never raises."""
        ...

    async def use(self, model_id: str) -> None:
        """Raises SettingError: unknown, or gone meanwhile."""
        ...

    async def use_pasted(self, key: str, base_url: str, model: str) -> None:
        """Use a key for the life of this process, in memory only. `base_url` may be empty. Raises
        SettingError with a line for the person who pasted it."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    id: str
    name: str
    detail: str


class FaultSwitch(Protocol):
    """What goes wrong with the demo model, so that people see how the bot takes it."""

    def kinds(self) -> Sequence[Fault]: ...

    def current(self) -> str:
        """The id of what the next answer will meet; empty: nothing."""
        ...

    def set(self, kind: str) -> None:
        """Empty: nothing. Only ids of `kinds` are given."""
        ...
