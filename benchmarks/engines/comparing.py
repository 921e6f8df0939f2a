"""One harness for all: a message is stored, worked off in the order of its conversation, done."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from benchmarks.durability.databases import BOTH, POSTGRES, databases
from benchmarks.engines.contenders import Contender, living
from benchmarks.engines.environment import engines_python
from benchmarks.figures import Figure, Goal, percentile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from benchmarks.durability.databases import Databases
    from benchmarks.engines.book import Book, Message
    from benchmarks.engines.contenders import Life

OURS = Contender("ours", "benchmarks.engines.ours")
CONNECTIONS = 8
CUT_WORKS_S = 2.0
CUT = 10
IDLE_S = 20.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured of each engine."""

    fresh: int = 50
    burst: int = 1000
    in_each: int = 10
    idle_s: float = IDLE_S
    kills: int = 3


@dataclass(slots=True)
class Measures:
    """Of one engine on one database."""

    fresh_ms: list[float] = field(default_factory=list)
    stored_ms: list[float] = field(default_factory=list)
    next_ms: list[float] = field(default_factory=list)
    """From the end of a message to the beginning of the one that waited behind it."""
    per_s: float = 0.0
    idle_percent: float = 0.0
    recovery_s: list[float] = field(default_factory=list)
    """From the kill until a cut message begins again, the start of the new process included."""
    ready_s: list[float] = field(default_factory=list)
    """The same from when the new process takes messages; below zero where it was sooner."""
    lost: int = 0
    doubled: int = 0
    overlaps: int = 0
    out_of_order: int = 0


def contenders(kind: str) -> Sequence[Contender]:
    """Those that run on this database; DBOS twice, as its queue asks the database for work."""
    python = engines_python()
    dbos = [
        Contender(f"DBOS, {ms} ms", "benchmarks.engines.dbos_queue", ms / 1000, python)
        for ms in (100, 20)
    ]
    if kind != POSTGRES:
        return (OURS, *dbos)
    module = "benchmarks.engines.procrastinate_jobs"
    return (OURS, *dbos, Contender("Procrastinate", module, python=python))


async def compare(folder: Path, size: Size) -> AsyncIterator[tuple[str, Sequence[Figure]]]:
    """Figures beside ours, by whose they are, as soon as they are taken."""
    async with databases(folder) as both:
        for kind in BOTH:
            ours: Measures | None = None
            for contender in contenders(kind):
                own = folder / f"{contender.name}-{kind}"
                own.mkdir()
                measures = await _measure(contender, own, both, kind, size)
                if ours is not None:
                    yield f"{contender.name}, {kind}", tuple(figures(ours, measures))
                ours = ours or measures


async def _measure(
    contender: Contender, folder: Path, both: Databases, kind: str, size: Size
) -> Measures:
    to = Measures()
    url = await both.new(kind)
    async with living(contender, folder, url, works_s=0.0) as life:
        await _start_fresh(life, size, to)
        await _stay_idle(life, size, to)
        await _work_off(life, size, to)
    url = await both.new(kind)
    for n in range(size.kills):
        await _recover(contender, folder, url, f"kill-{n}", to)
    return to


async def _start_fresh(life: Life, size: Size, to: Measures) -> None:
    """One message at a time, each the first of its conversation."""
    warm = [("warm", n) for n in range(5)]
    await life.tell(warm)
    await life.done(warm)
    life.stored_s.clear()
    messages = [(f"fresh{n}", 1) for n in range(size.fresh)]
    for message in messages:
        await life.tell([message])
        await asyncio.sleep(random.uniform(0.1, 0.3))
    begun = (await life.done(messages)).begun()
    to.stored_ms += [took * 1000 for took in life.stored_s]
    to.fresh_ms += [(begun[one][0] - life.sent_at[one]) * 1000 for one in messages]


async def _stay_idle(life: Life, size: Size, to: Measures) -> None:
    await asyncio.sleep(1.0)
    before_s = life.process.cpu_s()
    await asyncio.sleep(size.idle_s)
    to.idle_percent = (life.process.cpu_s() - before_s) / size.idle_s * 100


async def _work_off(life: Life, size: Size, to: Measures) -> None:
    """A crowd of conversations at once, each with several messages."""
    keys = [f"crowd{n}" for n in range(size.burst // size.in_each)]
    messages = [(key, n) for n in range(size.in_each) for key in keys]
    began = time.monotonic()
    await life.tell(messages, CONNECTIONS)
    book = await life.done(messages)
    last_at = max(times[0] for times in book.ended().values())
    to.per_s = len(messages) / (last_at - began)
    _check(book, messages, to)


async def _recover(contender: Contender, folder: Path, url: str, book: str, to: Measures) -> None:
    """Some messages are at work, as many wait behind them, and the process is killed."""
    running = [(f"{book}-{n}", 1) for n in range(CUT)]
    behind = [(f"{book}-{n}", 2) for n in range(CUT)]
    async with living(contender, folder, url, works_s=CUT_WORKS_S, book=book) as life:
        await life.tell(running, CONNECTIONS)
        await life.tell(behind, CONNECTIONS)
        await life.begun(running)
        await asyncio.sleep(random.uniform(0.2, 0.8))
        killed_at = life.kill()
    async with living(contender, folder, url, works_s=CUT_WORKS_S, book=book) as life:
        found = await life.done(running + behind)
        begun, ended = found.begun(), found.ended()
        again = [begun[one][1] for one in running if len(begun.get(one, ())) > 1]
        to.recovery_s += [at - killed_at for at in again]
        to.ready_s += [at - life.ready_at for at in again]
        for first, second in zip(running, behind, strict=True):
            if first in ended and second in begun:
                to.next_ms.append((begun[second][0] - ended[first][0]) * 1000)
        _check(found, running + behind, to)


def _check(book: Book, messages: Sequence[Message], to: Measures) -> None:
    to.lost += book.lost(messages)
    to.doubled += book.doubled()
    to.overlaps += book.overlaps()
    to.out_of_order += book.out_of_order()


def figures(ours: Measures, theirs: Measures) -> Iterator[Figure]:
    def share(name: str, unit: str, field: str, share: float) -> Figure:
        values = [percentile(getattr(one, field) or [inf], share) for one in (ours, theirs)]
        return Figure(f"{name}, p{share * 100:g}", unit, *values)

    def number(name: str, unit: str, field: str, goal: Goal | None = None) -> Figure:
        return Figure(name, unit, getattr(ours, field), getattr(theirs, field), goal)

    nothing = Goal(most=0.0, of_ours=True)
    yield share("stored", "ms", "stored_ms", 0.5)
    yield share("a fresh message begins", "ms", "fresh_ms", 0.5)
    yield share("a fresh message begins", "ms", "fresh_ms", 0.99)
    yield share("the next one begins", "ms", "next_ms", 0.5)
    yield number("messages of a crowd", "1/s", "per_s")
    yield number("idle, share of a core", "%", "idle_percent")
    yield share("from a kill to the next try", "s", "recovery_s", 0.5)
    yield share("from a kill to the next try", "s", "recovery_s", 0.99)
    yield share("from the restart to the next try", "s", "ready_s", 0.5)
    yield number("not done within 90 s", "", "lost", nothing)
    yield number("done twice", "", "doubled", nothing)
    yield number("overlapping in a conversation", "", "overlaps", nothing)
    yield number("out of order", "", "out_of_order", nothing)
