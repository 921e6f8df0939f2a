"""Which fault strikes whom, and after how many questions: all of it follows from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Kind = Literal[
    "kill", "stop", "hang", "lock", "clock", "cut", "mute", "restart", "failover"
]  # fmt: skip
MEANINGS: Mapping[Kind, str] = {
    "kill": "SIGKILL, and a new start",
    "stop": "SIGTERM, and a new start",
    "hang": "SIGSTOP for longer than the lease, then SIGCONT",
    "lock": "somebody else keeps the database file locked",
    "clock": "the wall clock jumps by an hour, and back",
    "cut": "every connection to the database is cut",
    "mute": "the network to the database swallows everything",
    "restart": "the database ends at once, and is started again",
    "failover": "the database is killed, and its standby takes over",
}
WITH_KILLS: Mapping[str, Mapping[Kind, float]] = {
    "sqlite": {"stop": 0.1, "hang": 0.06, "lock": 0.1, "clock": 0.06},
    "postgres": {"stop": 0.1, "hang": 0.1, "cut": 0.2, "mute": 0.06, "clock": 0.1, "restart": 0.1},
}
"""How many there are of each for one kill; at least one."""
PEACE_AFTER = 8
"""So many faults, then a time in which all can end: ten kills in a question make a dead letter."""
MOST_ANSWERS_WAITED_FOR = 6


@dataclass(frozen=True, slots=True)
class Step:
    kind: Kind
    replica: int
    ask_before: int
    answers: int
    """New ones that are waited for before it strikes: some questions are done by then, some begun,
    some only stored."""
    ask_meanwhile: int
    peace: bool
    """Before it, everything is answered."""

    def __str__(self) -> str:
        return f"{self.kind} {self.replica}"


def make_plan(seed: int, store: str, kills: int, events: int, *, failover: bool) -> list[Step]:
    random = Random(f"{seed} {store}")
    kinds: list[Kind] = ["kill"] * kills
    for kind, share in WITH_KILLS[store].items():
        kinds += [kind] * max(1, round(share * kills))
    kinds += ["failover"] * failover
    random.shuffle(kinds)
    return [
        _make_step(random, kind, asks, number, 3 if store == "postgres" else 1)
        for number, (kind, asks) in enumerate(zip(kinds, _share(events, len(kinds)), strict=True))
    ]


def _make_step(random: Random, kind: Kind, asks: int, number: int, replicas: int) -> Step:
    before = random.randint(asks // 2, asks)
    return Step(
        kind,
        random.randrange(replicas),
        before,
        random.randint(0, min(MOST_ANSWERS_WAITED_FOR, before // 2)),
        asks - before,
        peace=number % PEACE_AFTER == PEACE_AFTER - 1,
    )


def _share(events: int, steps: int) -> Sequence[int]:
    """Almost the same number for each."""
    return [events * (n + 1) // steps - events * n // steps for n in range(steps)]
