"""What a turn works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.commands import Commands
    from core.model.metered import Meter
    from core.people.limits import Limits
    from core.people.preferences import ModelChoice
    from core.ports import ChatModel, Clock, Completions, Platform, PromptSource, Turns
    from core.turns.history import HistoryBuilder
    from core.turns.reading import Reader
    from core.turns.reporting import Reporter
    from core.turns.waiting import Patience


@dataclass(frozen=True, slots=True)
class EngineParts:
    """What the engine works with; put together once, in the wiring."""

    model: ChatModel
    meter: Meter
    completions: Completions
    turns: Turns
    prompt: PromptSource
    history: HistoryBuilder
    reader: Reader
    choice: ModelChoice
    limits: Limits
    commands: Commands
    reporter: Reporter
    platforms: Mapping[str, Platform]
    clock: Clock
    max_history: int
    max_tokens: int
    answer_timeout_s: float
    patience: Patience
    footer: bool = False
