"""What a turn works with, and how the outcome of one is stored that must not be lost."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from core.errors import NotStored

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from core.commands import Commands
    from core.model.metered import Meter
    from core.people.limits import Limits
    from core.people.preferences import ModelChoice
    from core.ports import ChatModel, Clock, Completions, Platform, PromptSource, Turns
    from core.turns.history import HistoryBuilder
    from core.turns.reading import Reader
    from core.turns.reporting import Reporter
    from core.turns.waiting import Patience

_Result = TypeVar("_Result")
logger = logging.getLogger(__name__)

STORE_RETRY_S = 1.0


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


async def stored(store: Callable[[], Awaitable[_Result]], clock: Clock) -> _Result:
    """Store what belongs to a whole answer, for as long as it takes: it is paid for, and perhaps on
    the screen already."""
    while True:
        try:
            return await store()
        except NotStored as error:
            logger.warning("what belongs to an answer could not be stored yet: %s", error)
            await clock.sleep(STORE_RETRY_S)
