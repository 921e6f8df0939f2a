"""Actors that run one statement at a time, each when the schedule says so."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sqlalchemy import event
from sqlalchemy.util import await_only

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    import asyncpg
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

COMMIT = "COMMIT"
LOOK_S = 0.002
"""How long a statement is given before somebody looks whether it waits for a lock."""
STUCK_S = 20.0
Fault = Literal["", "kill", "cut", "lose"]
"""`kill`: the process is gone, its connections with it. `cut`: a connection breaks before the
statement arrives. `lose`: it breaks after COMMIT was done and before the answer."""
acting: ContextVar[Actor | None] = ContextVar("acting", default=None)


class Killed(BaseException):
    """The process of this actor is no more: nothing of it may go on, not even an `except`."""


@dataclass(frozen=True, slots=True)
class Doing:
    """Which operation an actor is in, for whoever judges its commits."""

    operation: str = ""
    turn_id: str = ""
    epoch: int | None = None
    """Of the hold whose operation it is."""


class Actor:
    """One task of one process. It stops before each statement and before each COMMIT."""

    def __init__(self, name: str, process: str) -> None:
        self.name = name
        self.process = process
        self.doing = Doing()
        self.step = ""
        """What it will run next; empty while it runs, waits for a lock, or is over."""
        self.pid = 0
        self.commits = 0
        self.dead = False
        self.task: asyncio.Task[None] | None = None
        self.changed: asyncio.Event
        self._connection: asyncpg.Connection[Any] | None = None
        self._go: asyncio.Future[Fault]

    def start(self, program: Coroutine[Any, Any, None], changed: asyncio.Event) -> None:
        self.changed = changed
        acting.set(self)
        self.task = asyncio.create_task(program)
        acting.set(None)
        self.task.add_done_callback(lambda _: changed.set())

    @property
    def is_over(self) -> bool:
        return self.task is None or self.task.done()

    async def pause(self, step: str, connection: asyncpg.Connection[Any] | None = None) -> Fault:
        if self.dead:
            raise Killed
        self._connection = connection
        self.pid = connection.get_server_pid() if connection is not None else 0
        self._go = asyncio.get_running_loop().create_future()
        self.step = step
        self.changed.set()
        fault = await self._go
        if fault == "cut":
            self.disconnect()
        return fault

    def go(self, fault: Fault = "") -> None:
        self.step = ""
        self._go.set_result(fault)

    def kill(self) -> None:
        self.dead = True
        self.disconnect()
        step, self.step = self.step, ""
        if step == COMMIT:
            self._go.set_result("kill")  # it fails by itself, so that the toolkit sees it fail
        elif step:
            self._go.set_exception(Killed())

    def disconnect(self) -> None:
        """Without a goodbye: what the server has of this connection it has to undo by itself."""
        if self._connection is not None:
            self._connection.terminate()


class Waits(Protocol):
    """Knows which statements wait for a lock."""

    async def find(self, pids: Sequence[int]) -> tuple[set[int], set[int]]:
        """Of these connections: those that wait for others, and those that are still there."""
        ...


async def settle(actors: Sequence[Actor], left: set[int], waits: Waits | None) -> None:
    """Until each actor stands before its next step, waits for another, or is over, and what the
    dead have `left` at the server is gone or waits too."""
    async with asyncio.timeout(STUCK_S):
        while running := _running(actors):
            if await _come_to_rest(running, actors):
                continue
            if waits is not None and await _all_wait(actors, left, waits):
                return
        while left and waits is not None and not await _all_wait(actors, left, waits):  # noqa: ASYNC110 - it is the server that changes, and it tells nobody
            await asyncio.sleep(LOOK_S / 4)


def _running(actors: Sequence[Actor]) -> list[Actor]:
    return [actor for actor in actors if not actor.is_over and not actor.step]


async def _come_to_rest(running: Sequence[Actor], actors: Sequence[Actor]) -> bool:
    """False: somebody takes so long that it may be waiting for somebody else."""
    changed = running[0].changed
    try:
        async with asyncio.timeout(LOOK_S):
            while _running(actors):
                changed.clear()
                await changed.wait()
    except TimeoutError:
        return False
    return True


async def _all_wait(actors: Sequence[Actor], left: set[int], waits: Waits) -> bool:
    """Not when nobody else could go on: then a deadlock is broken by the server."""
    pids = [actor.pid for actor in _running(actors)]
    waiting, there = await waits.find([*pids, *left])
    left &= there
    running = _running(actors)
    if running and not any(actor.step for actor in actors):
        return False
    return waiting >= {actor.pid for actor in running} | left


def step_through(engine: AsyncEngine) -> None:
    """Every statement on it becomes a step of whoever acts."""
    event.listen(engine.sync_engine, "before_cursor_execute", _before_statement)
    event.listen(engine.sync_engine, "commit", _before_commit)


def _before_statement(connection: Connection, _: object, sql: str, *__: object) -> None:
    actor, driver = acting.get(), _driver(connection)
    if actor is not None and driver is not None:  # what the toolkit asks at first is no step
        await_only(actor.pause(sql, driver))


def _before_commit(connection: Connection) -> None:
    actor, driver = acting.get(), _driver(connection)
    if actor is None or driver is None:
        return
    fault = await_only(actor.pause(COMMIT, driver))
    if fault == "lose":
        await_only(driver.execute(COMMIT))
        actor.disconnect()
    if fault not in {"cut", "kill"}:
        actor.commits += 1


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
