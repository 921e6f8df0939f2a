"""What a process of the bot does with its store, told to the round."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from core.errors import NotStored
from tests.adapters.sql.isolation.stepping import Doing
from tests.contracts.stores import message, ref, turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from adapters.sql.hold import SqlHold
    from adapters.sql.store import SqlStore
    from core.ports import Receipt
    from core.turn import QueuedMessage
    from tests.adapters.sql.isolation.playing import Round
    from tests.adapters.sql.isolation.stepping import Actor

MOST_TURNS = 12
T = TypeVar("T")


@dataclass(slots=True)
class Told:
    """What one operation ended with, in the order of ends."""

    operation: str
    began: int
    ended: int
    result: Any


@dataclass(slots=True)
class Delivery:
    """An acknowledged one; without its hold, which has to vanish with its process."""

    n: int
    status: str
    turn_id: str


class Player:
    """One task of a process."""

    def __init__(self, round_: Round, store: SqlStore, actor: Actor) -> None:
        self.round = round_
        self.store = store
        self.actor = actor

    async def do(self, doing: Doing, operation: Callable[[], Awaitable[T]]) -> T:
        """Once more when it was not stored, as callers do."""
        began = self.round.steps
        for _ in range(self._tries()):
            self.actor.doing = doing
            with suppress(NotStored):
                result = await operation()
                told = None if doing.operation == "adopt" else result
                self.round.told.append(Told(doing.operation, began, self.round.steps, told))
                return result
        raise AssertionError(f"{doing.operation} was not stored")

    async def deliver(self, n: int, **options: Any) -> Receipt:
        """Until it is acknowledged; each delivery makes a turn id of its own."""
        self.round.asked.add(n)
        changes = {"conversation": self.round.key, **options.pop("changes", {})}
        sent = message(f"{self.round.number}-{n}", **changes)
        given = {"slot": True, "follow_ups": "alone", **options}
        for try_number in range(self._tries()):
            turn_id = f"{self.round.number}-{self.actor.name}-{n}-{try_number}"
            self.actor.doing = Doing("accept", turn_id)
            with suppress(NotStored):
                receipt = await self.store.accept(sent, "question", turn_id=turn_id, **given)
                self.round.deliveries.append(Delivery(n, receipt.status, receipt.turn_id))
                return receipt
        raise AssertionError(f"message {n} was not stored")

    def _tries(self) -> int:
        """A schedule has one fault, so the second time it has to work."""
        return 2 if self.round.faults else 1

    async def serve(self, n: int, **options: Any) -> None:
        """Deliver, and work off what became ours with it."""
        receipt = await self.deliver(n, **options)
        if receipt.hold is not None:
            await self.work(receipt.hold, receipt.first)

    async def begin(self, hold: Any) -> QueuedMessage | None:
        return await self.do(Doing("begin", epoch=epoch_of(hold)), hold.begin)

    async def record(self, hold: Any, queued: QueuedMessage, *, release: bool = True) -> bool:
        answered = turn(queued, answer=f"by {self.store._replica_id}")
        return await self.do(
            Doing("record", queued.turn_id, epoch_of(hold)),
            lambda: hold.record(answered, release=release),
        )

    async def save_part(self, hold: Any, queued: QueuedMessage) -> None:
        part = ref(f"part-{queued.turn_id}", self.round.key)
        await self.do(
            Doing("save_part", queued.turn_id, epoch_of(hold)),
            lambda: hold.save_part(queued.turn_id, part),
        )

    async def release(self, hold: Any, *, force: bool = False) -> bool:
        name = "yield" if force else "release"
        return await self.do(Doing(name, epoch=epoch_of(hold)), lambda: hold.release(force=force))

    async def work(self, hold: Any, queued: QueuedMessage | None = None) -> None:
        """As core's workers do: in order, until it is let go."""
        for _ in range(MOST_TURNS):
            queued = queued or await self.begin(hold)
            if queued is None:
                if await self.release(hold):
                    return
            elif await self.record(hold, queued):
                return
            queued = None
        raise AssertionError(f"{self.actor.name} never lets go")

    async def adopt(self) -> Sequence[SqlHold]:
        return await self.do(Doing("adopt"), lambda: self.store.adopt(5))

    async def sweep(self) -> None:
        for hold in await self.adopt():
            await self.work(hold)


def epoch_of(hold: Any) -> int:
    epoch: int = hold._ours["at_epoch"]
    return epoch
