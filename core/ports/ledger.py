"""What core needs of a store to remember turns, money, ratings and choices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from core.completion import Completion
    from core.conversation import ConversationKey, MessageRef
    from core.errors import LimitScope
    from core.ports.operating import Deed
    from core.rating import Mark, Rating
    from core.turn import QueuedMessage, Turn


ROUNDING_USD = 1e-9
"""Ten times 0.1 are a whole dollar, whatever floating point says."""


class Turns(Protocol):
    """The ledger."""

    async def history(self, conversation: ConversationKey, limit: int) -> Sequence[Turn]:
        """The newest turns since the last reset that carry an answer, oldest first."""
        ...

    async def of_message(self, ref: MessageRef) -> Turn | None:
        """The turn that a message of an answer belongs to."""
        ...

    async def recorded(self, turn_id: str) -> tuple[Turn, tuple[MessageRef, ...]] | None:
        """A turn, and the messages that are its answer now; None: it is not recorded."""
        ...

    async def again(self, turn_id: str) -> QueuedMessage | None:
        """The question of a recorded turn that failed or was stopped, with the parts of its
        answer; None: unknown, or it was answered since."""
        ...

    async def summary(self, query: StatsQuery) -> Summary: ...

    async def succeeded_at(self, conversation: ConversationKey) -> datetime | None:
        """When the newest turn there that did not fail was over; None: there is none."""
        ...

    async def forget(self, conversation: ConversationKey, user_id: str | None = None) -> int:
        """Start the history anew; with `user_id`, of every conversation in the channel that the
        person asked in. Returns how many conversations."""
        ...

    async def forgotten_at(self, conversation: ConversationKey) -> datetime | None:
        """When the history was started anew; None: never. What people said before then is not
        read from the thread either."""
        ...


@dataclass(frozen=True, slots=True)
class StatsQuery:
    """Half-open [since, until). Empty strings: everything."""

    since: datetime
    until: datetime
    platform: str = ""
    workspace: str = ""
    channel: str = ""
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class ModelSummary:
    requests: int
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers over the turns of a period; commands are not counted as requests."""

    requests: int = 0
    answered: int = 0
    failed: int = 0
    stopped: int = 0
    refused: int = 0
    cost_usd: float = 0.0
    """What is known; `price_unknown` counts the completions without a price."""
    price_unknown: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    latency_s: Mapping[str, float] | None = None
    """p50, p95, p99 over answered turns; None: there were none."""
    first_visible_s: Mapping[str, float] | None = None
    errors: Mapping[str, int] | None = None
    up: int = 0
    down: int = 0
    models: Mapping[str, ModelSummary] | None = None
    steps: tuple[int, ...] = ()
    """Requests in equal steps of the period, oldest first; 12 to 31 of them."""


class Completions(Protocol):
    """Money. A row before each model call, settled with the record of the turn."""

    async def reserve(
        self,
        turn_id: str,
        model: str,
        reserved_usd: float | None,
        *,
        within: Budget | None = None,
    ) -> Completion:
        """Raises BudgetUsedUp, and reserves nothing, when `within` is used up. No two reservations
        in one workspace look at the same time, in whatever processes they are made."""
        ...

    async def settle(self, completion: Completion) -> None:
        """Only for calls whose turn will not be recorded by this process."""
        ...

    async def spent(self, platform: str, workspace: str, user_id: str, since: datetime) -> Spent:
        """Settled costs plus open reservations."""
        ...


@dataclass(frozen=True, slots=True)
class Spent:
    """What one person and what the whole workspace spent, in one look."""

    user_usd: float = 0.0
    workspace_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class Budget:
    """What a person and the whole workspace may spend since a moment; None and 0: no limit."""

    platform: str
    workspace: str
    user_id: str
    since: datetime
    user_usd: float | None
    workspace_usd: float | None

    def used_up(self, spent: Spent) -> LimitScope | None:
        if _is_used_up(self.user_usd, spent.user_usd):
            return "budget_user"
        if _is_used_up(self.workspace_usd, spent.workspace_usd):
            return "budget_workspace"
        return None


def _is_used_up(budget_usd: float | None, spent_usd: float) -> bool:
    return bool(budget_usd) and spent_usd > (budget_usd or 0.0) - ROUNDING_USD


@dataclass(frozen=True, slots=True)
class Counted:
    """Whose questions are counted; an empty channel or user: all of them."""

    platform: str
    workspace: str
    channel: str = ""
    user_id: str = ""


class Arrivals(Protocol):
    async def count(
        self, wanted: Sequence[tuple[Counted, datetime]], until: datetime | None = None
    ) -> Sequence[int]:
        """For each: the questions that arrived since that moment and before `until`, have begun
        and were not refused.

        `until` None: up to now. What only waits does not count, so that one person's storm does
        not use up the limit of a whole channel.
        """
        ...


class Ratings(Protocol):
    async def rate(self, mark: Mark) -> Rating | None:
        """Keep the mark, and return the person's rating of the turn that follows from it. None:
        the message is not (yet) known as part of an answer."""
        ...


Scope = Literal["person", "channel", "workspace"]


class Preferences(Protocol):
    """Small settings that people make in the chat; the narrowest scope wins."""

    async def read(
        self, platform: str, workspace: str, channel: str, user_id: str
    ) -> Mapping[Scope, Mapping[str, str]]: ...

    async def write(
        self,
        scope: Scope,
        platform: str,
        workspace: str,
        subject: str,
        name: str,
        value: str | None,
        deed: Deed | None = None,
    ) -> None:
        """`subject` is the user or channel id, empty for the workspace. None removes it. `deed`
        where it changes what others get too."""
        ...


class Places(Protocol):
    """Where people can be reached: what an adapter has learned and needs in any process."""

    async def keep_place(self, platform: str, workspace: str, channel: str, place: str) -> bool:
        """`place` is opaque; the newest wins. True: none was known, which of several who keep one
        at the same time only one is told."""
        ...

    async def place_of(self, platform: str, workspace: str, channel: str) -> str | None: ...

    async def forget_place(self, platform: str, workspace: str, channel: str) -> None:
        """The bot was removed from there."""
        ...


class Upkeep(Protocol):
    """What the lifecycle and an operator ask of a store."""

    async def ready(self) -> str:
        """Empty when it can be written to, else what is wrong in one line; never raises."""
        ...

    async def prune(self, before: datetime) -> int:
        """Forget what people wrote before then, in small steps; returns how many rows."""
        ...
