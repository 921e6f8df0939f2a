"""One schedule: processes with their tasks, played step by step, and what they were told."""

from __future__ import annotations

import asyncio
import gc
import itertools
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from core.errors import NotStored, OwnershipLost
from tests.adapters.sql.isolation.exploring import explore
from tests.adapters.sql.isolation.judging import Audit, judge
from tests.adapters.sql.isolation.stepping import COMMIT, Actor, Doing, Killed, settle
from tests.contracts.stores import KEY, message, ref, turn

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from adapters.sql.hold import SqlHold
    from adapters.sql.store import SqlStore
    from core.ports import Receipt
    from core.turn import QueuedMessage
    from tests.adapters.sql.isolation.exploring import Chooser, Explored
    from tests.adapters.sql.isolation.scenarios import Scenario
    from tests.adapters.sql.isolation.stages import Stage
    from tests.adapters.sql.isolation.stepping import Fault
    from tests.fakes.clock import FakeClock

EXPIRE = "UPDATE replicas SET expires_at_us = 1 WHERE id = $1"
ONE_MORE = 99
MOST_TURNS = 12
_numbers = itertools.count(1)


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


class Round:
    def __init__(self, stage: Stage, number: int, faults: Sequence[Fault] = ()) -> None:
        self.stage = stage
        self.faults = faults
        self.number = number
        self.key = replace(KEY, thread=f"round-{number}")
        self.stores: dict[str, SqlStore] = {}
        self.actors: list[Actor] = []
        self.deliveries: list[Delivery] = []
        self.asked: set[int] = set()
        self.told: list[Told] = []
        self.complaints: list[str] = []
        self.audit = Audit(stage, self.key)
        self.fault: str = ""
        self.steps = 0
        self._left: set[int] = set()
        self._changed = asyncio.Event()

    async def process(self, name: str, clock: FakeClock | None = None) -> SqlStore:
        if name not in self.stores:
            self.stores[name] = await self.stage.process(name, clock)
        return self.stores[name]

    async def expire(self, name: str) -> None:
        """As if it had not beaten for its lease."""
        self.stage.forget(name)
        await self._expire((await self.process(name))._replica_id)

    async def _expire(self, replica_id: str) -> None:
        self.audit.expired.add(replica_id)
        await self.stage.look(EXPIRE, replica_id)

    async def player(self, name: str) -> Player:
        """Of whom nothing is stepped through: for what was before, and for what comes after."""
        return Player(self, await self.process(name), Actor(name, name))

    async def add(self, process: str, program: Callable[[Player], Awaitable[None]]) -> None:
        store = await self.process(process)
        actor = Actor(f"{process}{len(self.actors) + 1}", process)
        self.actors.append(actor)
        actor.start(self._run(program, Player(self, store, actor)), self._changed)

    async def _run(self, program: Callable[[Player], Awaitable[None]], player: Player) -> None:
        try:
            await program(player)
        except (Killed, OwnershipLost):
            pass
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            if player.actor.dead:
                return
            self.complaints.append(f"{player.actor.name}: {type(error).__name__}: {error}")

    async def play(self, chooser: Chooser) -> None:
        await self.audit.start()
        await self._settle()
        while ready := [actor for actor in self.actors if actor.step]:
            moves = [(actor, "") for actor in ready] + self._possible_faults(ready)
            words = [f"{fault} {actor.name}: {_short(actor.step)}" for actor, fault in moves]
            actor, fault = moves[chooser.choose(words)]
            self.fault = self.fault or fault
            self.steps += 1
            await self._move(actor, fault)
            if self.complaints or self.audit.complaints:
                break
        await self._end()

    def _possible_faults(self, ready: Sequence[Actor]) -> list[tuple[Actor, Any]]:
        """One in a schedule."""
        if self.fault:
            return []
        return [
            (actor, fault)
            for fault in self.faults
            for actor in ready
            if fault != "lose" or actor.step == COMMIT
        ]

    async def _move(self, actor: Actor, fault: Fault) -> None:
        doing, commits = actor.doing, actor.commits
        if fault == "kill":
            await self._kill(actor.process)
        else:
            actor.go(fault)
        await self._settle()
        if actor.commits > commits:
            await self.audit.committed(doing, self.stores[actor.process]._replica_id)

    async def _kill(self, process: str) -> None:
        for actor in self.actors:
            if actor.process == process and not actor.is_over:
                self._left |= {actor.pid} - {0}
                actor.kill()
        self.audit.dead.add(self.stores.pop(process)._replica_id)
        self.stage.forget(process)

    async def _settle(self) -> None:
        await settle(self.actors, self._left, self.stage.waits)

    async def _end(self) -> None:
        """Whoever is left unfinished by a complaint."""
        for actor in self.actors:
            if not actor.is_over:
                actor.kill()
        await asyncio.gather(*(actor.task for actor in self.actors if actor.task))

    async def end(self, *, sweeps: bool) -> list[str]:
        """The dead are declared dead, what was never acknowledged is delivered again, and all that
        live look after what nobody owns. Returns what is wrong then. `sweeps`: there may be
        something left for the sweep although nothing went wrong."""
        if not self._complaints() and not self.fault and not sweeps:
            self.complaints += await self.audit.nothing_is_left_over()
        if not self._complaints():
            try:
                await self._clear_up()
            except AssertionError as error:
                self.complaints.append(str(error))
        if not self._complaints():
            self.complaints += await judge(self)
        return self._complaints()

    def _complaints(self) -> list[str]:
        return self.complaints + self.audit.complaints

    def _never_acknowledged(self) -> set[int]:
        return self.asked - {delivery.n for delivery in self.deliveries}

    async def _clear_up(self) -> None:
        if not self._never_acknowledged() and await self.audit.all_is_done():
            return
        for replica_id in self.audit.dead:
            await self._expire(replica_id)
        heir = await self.player("heir")
        for n in self._never_acknowledged():
            await heir.serve(n)
        await self._sweep()
        if not await self.audit.all_is_done():
            gc.collect()  # a hold that a traceback keeps
            await self._sweep()
        if not await self.audit.all_is_done():
            # Somebody died as the owner of nothing open: the next message has to find its way.
            await heir.serve(ONE_MORE)
            await self._sweep()

    async def _sweep(self) -> None:
        for name in list(self.stores):
            await (await self.player(name)).sweep()


def _short(step: str) -> str:
    return " ".join(step.split())[:60]


class Player:
    """What a process of the bot does with its store, told to the round."""

    def __init__(self, round_: Round, store: SqlStore, actor: Actor) -> None:
        self.round = round_
        self.store = store
        self.actor = actor

    async def do(self, doing: Doing, operation: Callable[[], Awaitable[Any]]) -> Any:
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


async def play_all(
    stage: Stage, scenario: Scenario, faults: Sequence[Fault], most: int
) -> Explored:
    """Schedules of the scenario, until one goes wrong."""

    async def run(chooser: Chooser) -> list[str]:
        played = Round(stage, next(_numbers), faults)
        await scenario.prepare(played)
        await played.play(chooser)
        complaints = await played.end(sweeps=scenario.sweeps)
        if not complaints and scenario.check is not None:
            complaints = await scenario.check(played)
        return complaints

    explored = await explore(run, most)
    if explored.complaints:
        await stage.clear()
    return explored
