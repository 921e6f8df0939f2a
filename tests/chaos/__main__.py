"""`./run chaos`: kills, hangs and cuts while people ask; then their answers are counted."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.plan import MEANINGS, make_plan
from tests.chaos.running import run_plan
from tests.tooling import outbound

STORES = ("sqlite", "postgres")


def main() -> None:
    arguments = read_arguments()
    with tempfile.TemporaryDirectory(prefix="chaos-") as made:
        folder = Path(made)
        folder.chmod(0o755)  # the database runs as somebody else
        outbound.guard_children(folder / "refusals.txt")
        holds = [asyncio.run(run(arguments, folder, store)) for store in chosen(arguments)]
    sys.exit(0 if all(holds) else 1)


def read_arguments() -> argparse.Namespace:
    meanings = "".join(f"\n  {kind:9} {meaning}" for kind, meaning in MEANINGS.items())
    parser = argparse.ArgumentParser(
        prog="./run chaos",
        description=f"{__doc__}\n\nWhat happens:{meanings}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--kills", type=int, default=50, help="SIGKILLs for each store (50)")
    parser.add_argument("--events", type=int, default=1000, help="questions for each store (1000)")
    parser.add_argument("--seed", type=int, default=None, help="the same faults as another time")
    parser.add_argument("--only", choices=STORES, help="one of the stores")
    parser.add_argument("--quiet", action="store_true", help="the verdicts alone")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = secrets.randbelow(1_000_000)
    return arguments


def chosen(arguments: argparse.Namespace) -> tuple[str, ...]:
    return (arguments.only,) if arguments.only else STORES


async def run(arguments: argparse.Namespace, folder: Path, store: str) -> bool:
    failover = store == "postgres"
    plan = make_plan(arguments.seed, store, arguments.kills, arguments.events, failover=failover)
    print(f"== {store}, seed {arguments.seed}: {len(plan)} faults", flush=True)
    place = folder / store
    place.mkdir()
    place.chmod(0o755)
    began = time.monotonic()

    def say(line: str) -> None:
        if not arguments.quiet:
            print(f"{time.monotonic() - began:5.0f} s  {line}", flush=True)

    outcome = await run_plan(place, store, plan, say)
    for detail in outcome.verdict.details():
        print(f"  {detail}")
    for error in outcome.errors[:20]:
        print(f"  logged: {error[:600]} ... {error[-600:]}")
    print(
        f"== {store}, seed {arguments.seed}, {arguments.kills} kills and "
        f"{len(plan) - arguments.kills} other faults in {outcome.took_s:.0f} s, which met "
        f"{outcome.interrupted} open questions: {outcome.verdict}"
        f"{'' if outcome.holds else f' - FAILED, exit codes {list(outcome.exit_codes)}'}",
        flush=True,
    )
    return outcome.holds


if __name__ == "__main__":
    main()
