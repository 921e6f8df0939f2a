"""What a turn in Teams costs: our adapter, our whole bot and the documented way, in turns."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.contenders import OURS, model_server, our_bot_with
from benchmarks.figures import Figure, Goal, percentile
from benchmarks.model import Script
from benchmarks.processes import answered, free_port, running
from benchmarks.teams.asking import Asker
from benchmarks.teams.light import LightTeams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from benchmarks.processes import Measured

ADAPTER, DOCUMENTED = "adapter", "documented"
INSTANT = Script(chunks=20, chars=12, first_ms=0, pace_ms=0)
FEW, MANY = 20, 100
TURNS = 300
ADAPTER_TURNS = 2000
EACH_OF_MANY = 3
SPREAD_S = 2.0
REST_S = 0.5
"""After the last answer: what follows one has been done by then."""


@dataclass(frozen=True, slots=True)
class Round:
    """Figures of a turn, unless they say otherwise."""

    cpu_ms: float
    sender_cpu_ms: float
    """Of this process, which asks and answers for Microsoft."""
    ack_p50_ms: float
    ack_p99_ms: float
    calls: float
    new_connections: float
    logins_a_300: float
    """Requests for tokens, for keys, and for where those are."""
    lost: int


@dataclass(slots=True)
class Arena:
    teams: LightTeams
    bots: Mapping[str, Measured]
    token: str

    async def round(self, name: str, people: int, each: int, spread_s: float = 0.0) -> Round:
        """All begin in one instant, or one after the other within `spread_s`."""
        bot = self.bots[name]
        askers = [Asker(self.teams, number, self.token) for number in range(people)]
        questions = [[one.prepare(str(INSTANT)) for _ in range(each)] for one in askers]
        await asyncio.gather(*(one.connect(bot) for one in askers))
        self.teams.take_counts()
        cpu_s, own_s = bot.cpu_s(), time.process_time()
        series = [
            one.ask_in_turn(asked, n * spread_s / people)
            for n, (one, asked) in enumerate(zip(askers, questions, strict=True))
        ]
        asked = [one for answers in await asyncio.gather(*series) for one in answers]
        own_s = time.process_time() - own_s
        await asyncio.sleep(REST_S)
        cpu_s, counts = bot.cpu_s() - cpu_s, self.teams.take_counts()
        await asyncio.gather(*(one.close() for one in askers))
        acks = [one.ack_s * 1000 for one in asked]
        expected = INSTANT.answer() if name == OURS else str(INSTANT)
        return Round(
            cpu_ms=cpu_s * 1000 / len(asked),
            sender_cpu_ms=own_s * 1000 / len(asked),
            ack_p50_ms=percentile(acks, 0.5),
            ack_p99_ms=percentile(acks, 0.99),
            calls=counts.calls / len(asked),
            new_connections=len(counts.connections) / len(asked),
            logins_a_300=(counts.tokens + counts.discoveries) * 300 / len(asked),
            lost=sum(not one.answer.rstrip().endswith(expected) for one in asked),
        )


@asynccontextmanager
async def arena(
    folder: Path, names: tuple[str, ...] = (ADAPTER, OURS, DOCUMENTED)
) -> AsyncIterator[Arena]:
    async with AsyncExitStack() as stack:
        teams = await stack.enter_async_context(LightTeams())
        bots: dict[str, Measured] = {}
        for name in names:
            own = folder / name
            own.mkdir()
            if name == OURS:
                model = await stack.enter_async_context(model_server(folder))
                bot = our_bot_with(own, teams.environment(), model)
            else:
                bot = _simple_bot(name, own, teams)
            bots[name] = await stack.enter_async_context(bot)
        yield Arena(teams, bots, teams.keys.token())


MODULES = {
    ADAPTER: "benchmarks.teams.adapter_alone",
    DOCUMENTED: "benchmarks.documented_teams_bot",
}


@asynccontextmanager
async def _simple_bot(name: str, folder: Path, teams: LightTeams) -> AsyncIterator[Measured]:
    settings = teams.environment()
    async with running(name, [MODULES[name]], folder, free_port(), settings) as process:
        await answered(process, "/api/messages", 405)
        await process.idle()
        yield process


@dataclass(slots=True)
class Measures:
    """By bot, a value for each round."""

    calm: dict[str, list[Round]]
    burst: dict[str, list[Round]]
    busy: dict[str, list[Round]]

    def of(self, field: str, kind: str = "calm") -> Callable[[str], list[float]]:
        rounds: dict[str, list[Round]] = getattr(self, kind)
        return lambda name: [getattr(one, field) for one in rounds[name]]


async def turns_in_teams(
    folder: Path, rounds: int, turns: int = TURNS, adapter_turns: int = ADAPTER_TURNS
) -> list[Figure]:
    whole = (OURS, DOCUMENTED)
    found = Measures(
        {name: [] for name in (ADAPTER, *whole)},
        {name: [] for name in whole},
        {name: [] for name in whole},
    )
    async with arena(folder) as place:
        for name in place.bots:  # everybody is known to it, every import is done
            await place.round(name, MANY, 1)
        for _ in range(rounds):
            for name, calm in found.calm.items():
                each = (adapter_turns if name == ADAPTER else turns) // FEW
                calm.append(await place.round(name, FEW, each))
            for name, burst in found.burst.items():
                burst.append(await place.round(name, MANY, 1))
            for name, busy in found.busy.items():
                busy.append(await place.round(name, MANY, EACH_OF_MANY, SPREAD_S))
        rss = {name: bot.rss_mb() for name, bot in place.bots.items()}
    return [
        *_turn_figures(found),
        *_ack_figures(found),
        *_call_figures(found),
        Figure("adapter: memory after it", "MB", rss[ADAPTER], rss[DOCUMENTED]),
        Figure("bot: memory after it", "MB", rss[OURS], rss[DOCUMENTED]),
    ]


def _turn_figures(found: Measures) -> list[Figure]:
    cpu, busy_cpu = found.of("cpu_ms"), found.of("cpu_ms", "busy")
    sender, calls = found.of("sender_cpu_ms"), found.of("calls")
    goal = Goal(most=1.5, of_ours=True)
    documented = cpu(DOCUMENTED)
    return [
        Figure.of_rounds("adapter: CPU per turn", "ms", cpu(ADAPTER), documented, goal),
        Figure.of_rounds(f"bot, {FEW} askers: CPU per turn", "ms", cpu(OURS), documented),
        Figure.of_rounds(
            f"bot, {MANY} askers: CPU per turn", "ms", busy_cpu(OURS), busy_cpu(DOCUMENTED)
        ),
        Figure.of_rounds(
            "adapter: the sender's CPU per turn", "ms", sender(ADAPTER), sender(DOCUMENTED)
        ),
        Figure.of_rounds("bot: calls of Teams per turn", "", calls(OURS), calls(DOCUMENTED)),
    ]


def _ack_figures(found: Measures) -> list[Figure]:
    goal = Goal(most=50, of_ours=True)

    def figure(name: str, field: str, kind: str, goal: Goal | None = None) -> Figure:
        acks = found.of(field, kind)
        return Figure.of_rounds(f"{name}", "ms", acks(OURS), acks(DOCUMENTED), goal)

    return [
        figure(f"{MANY} in one instant: acknowledged, p50", "ack_p50_ms", "burst"),
        figure(f"{MANY} in one instant: acknowledged, p99", "ack_p99_ms", "burst", goal),
        figure(f"{MANY} askers: acknowledged, p50", "ack_p50_ms", "busy"),
        figure(f"{MANY} askers: acknowledged, p99", "ack_p99_ms", "busy", goal),
    ]


def _call_figures(found: Measures) -> list[Figure]:
    connections, logins, lost = (
        found.of("new_connections"),
        found.of("logins_a_300"),
        found.of("lost"),
    )
    return [
        Figure.of_rounds(
            "new connections per turn", "", connections(OURS), connections(DOCUMENTED)
        ),
        Figure.of_rounds(
            "token and key requests a 300 turns", "", logins(OURS), logins(DOCUMENTED)
        ),
        Figure.of_rounds(
            "answers that were not whole",
            "",
            lost(OURS),
            lost(DOCUMENTED),
            Goal(most=0, of_ours=True),
        ),
    ]
