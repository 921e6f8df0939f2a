"""`./run bench`: every figure on one machine, in one run, beside a bare bot where that means
something."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from contextlib import aclosing
from pathlib import Path

from benchmarks.accepting import accept_alone
from benchmarks.answering import (
    EACH_OF_FEW,
    EACH_OF_MANY,
    FEW,
    MANY,
    long_answers,
    short_answers,
)
from benchmarks.durability import parts as durability
from benchmarks.engines.comparing import Size, compare
from benchmarks.figures import Report, print_head
from benchmarks.pacing import within_tiers
from benchmarks.starting import start_demo
from benchmarks.teams.comparing import turns_in_teams
from benchmarks.tracing import trace_answers

PARTS = ("answers", "long", "accept", "start", "teams", "tracing", "tiers", *durability.PARTS)
ASKED_FOR = ("engines",)
"""Only by their names: they need packages of their own."""
TOGETHER = {"durability": durability.PARTS}
PARTS_HELP = (
    f"of {', '.join(PARTS)}; durability is the last {len(durability.PARTS)}; all of these. "
    "engines, if asked for: the store beside DBOS and Procrastinate, which are installed for it"
)


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=PARTS_HELP)
    parser.add_argument("--long", action="store_true", help="more rounds, three minutes of tiers")
    arguments = parser.parse_args()
    arguments.parts = [one for name in arguments.parts for one in TOGETHER.get(name, (name,))]
    if unknown := set(arguments.parts) - {*PARTS, *ASKED_FOR}:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    return arguments


async def run(arguments: argparse.Namespace) -> None:
    rounds = 5 if arguments.long else 3
    report = Report(long=arguments.long, rounds=rounds)
    for part in arguments.parts or PARTS:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as made:
            await run_part(part, Path(made), report)
    print(f"\nwritten to {report.write()}")


async def run_part(part: str, folder: Path, report: Report) -> None:
    match part:
        case "answers":
            print_head("Short answers: 20 chunks, 50 ms to the first, 10 ms apart")
            few, many = (FEW, EACH_OF_FEW), (MANY, EACH_OF_MANY)
            report.add(await short_answers(folder, report.rounds, few, many))
        case "long":
            print_head("Long answers: 100 chunks, 300 ms to the first, 20 ms apart")
            report.add(await long_answers(folder, report.rounds))
        case "accept":
            print_head("Accepting alone, on one core")
            report.add(await accept_alone(folder, report.rounds, 2000))
        case "start":
            print_head("The start of the demo")
            report.add(await start_demo(folder, report.rounds))
        case "teams":
            print_head("Teams: turns with an instant model", "sdk")
            report.add(await turns_in_teams(folder, report.rounds))
        case "tracing":
            print_head("Tracing: the bot beside itself without it")
            report.add(await trace_answers(folder, report.rounds))
        case "tiers":
            minutes = 3 if report.long else 1
            print_head(f"Within Slack's limits: {minutes} min, then 20 answers of 8,000 characters")
            report.add(await within_tiers(folder, minutes))
        case "engines":
            await add_engines(folder, report)
        case _:
            await durability.run_part(part, folder, report)


async def add_engines(folder: Path, report: Report) -> None:
    size = Size(fresh=100, burst=2000, kills=5) if report.long else Size()
    async with aclosing(compare(folder, size)) as compared:
        async for engine, figures in compared:
            print_head(f"Our store beside {engine}", bare="theirs")
            report.add(figures, beside=engine)


def main() -> None:
    asyncio.run(run(read_arguments()))


if __name__ == "__main__":
    main()
