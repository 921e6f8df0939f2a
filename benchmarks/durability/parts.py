"""The parts of `./run bench durability`, each by its own name too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.durability.fresh import start_fresh, stay_idle
from benchmarks.durability.growth import grow
from benchmarks.durability.recovery import recover
from benchmarks.durability.replicas import share_work
from benchmarks.durability.steady import accept_steadily
from benchmarks.figures import print_head

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.figures import Report

PARTS = ("steady", "fresh", "idle", "recovery", "replicas", "growth")


async def run_part(part: str, folder: Path, report: Report) -> None:
    match part:
        case "steady":
            print_head("Accepting 1,000 events a second, on one core")
            report.add(await accept_steadily(folder, report.rounds))
        case "fresh":
            print_head("A question to a bot at rest: from the event to the model")
            report.add(await start_fresh(folder, report.rounds))
        case "idle":
            print_head("A bot at rest: CPU in 20 s")
            report.add(await stay_idle(folder, report.rounds))
        case "recovery":
            print_head("Killed in the midst of answers")
            report.add(await recover(folder, 2 * report.rounds))
        case "replicas":
            print_head("PostgreSQL: two bots beside one", ours="two", bare="one")
            report.add(await share_work(folder, report.rounds))
        case "growth":
            print_head("A million turns beside a thousand", ours="many", bare="few")
            report.add(await grow(folder, report.rounds))
