"""One schedule: processes with their tasks, played step by step, and what they were told."""

from __future__ import annotations

import asyncio
import gc
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.errors import OwnershipLost
from tests.adapters.sql.isolation.exploring import explore
from tests.adapters.sql.isolation.judging import Audit, judge
from tests.adapters.sql.isolation.player import Delivery, Player, Told
from tests.adapters.sql.isolation.stepping import COMMIT, Actor, Killed, settle
from tests.contracts.stores import KEY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from adapters.sql.store import SqlStore
    from tests.adapters.sql.isolation.exploring import Chooser, Explored
    from tests.adapters.sql.isolation.scenarios import Scenario
    from tests.adapters.sql.isolation.stages import Stage
    from tests.adapters.sql.isolation.stepping import Fault
    from tests.fakes.clock import FakeClock

EXPIRE = "UPDATE replicas SET expires_at_us = 1 WHERE id = $1"
ONE_MORE = 99
_numbers = itertools.count(1)


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
