"""Real processes, ended the hard way."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.sql.store import SqlStore
from tests.contracts.stores import SqlPlace, accept, message

if TYPE_CHECKING:
    from tests.conftest import Count

ROOT = Path(__file__).parents[3]


async def accept_for_ever(url: str, round_number: str) -> None:
    """Runs in the child: tells of every message that it may acknowledge."""
    from tests.fakes.clock import FakeClock

    store = await SqlStore.open(url, replica_id=round_number, lease_s=10, clock=FakeClock())

    async def one_after_the_other(lane: int) -> None:
        for n in range(1_000_000):
            turn_id = f"{round_number}-{lane}-{n}"
            await accept(store, message(turn_id), turn_id=turn_id, slot=False)
            sys.stdout.write(turn_id + "\n")
            sys.stdout.flush()

    await asyncio.gather(*(one_after_the_other(lane) for lane in range(8)))


def acknowledged_before_death(url: str, round_number: int, at_least: int) -> list[str]:
    child = subprocess.Popen(
        [sys.executable, "-m", __name__, url, str(round_number)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        acknowledged = [child.stdout.readline().strip() for _ in range(at_least)]
        child.send_signal(signal.SIGKILL)
        acknowledged += child.stdout.read().split("\n")[:-1]
    child.wait()
    assert all(acknowledged), "the child died by itself"
    return acknowledged


async def test_what_was_acknowledged_before_a_kill_is_there(tmp_path: Path, count: Count) -> None:
    place = SqlPlace(tmp_path / "store.db")
    acknowledged: set[str] = set()
    for round_number in range(count(short=3, long=50)):
        told = await asyncio.to_thread(
            acknowledged_before_death, place.url, round_number, 20 + 37 * round_number
        )
        acknowledged |= set(told)
        store = await place.restart()
        stored: set[str] = set()
        (hold,) = await store.adopt(5)
        while (queued := await hold.begin()) is not None:
            stored.add(queued.turn_id)
            await hold.bury(queued.turn_id, "seen")
        assert set(told) <= stored
        assert await hold.release()
        assert place.sql is not None
        await place.sql.close()
        place.sql = None
    assert len(acknowledged) >= 20


if __name__ == "__main__":
    asyncio.run(accept_for_ever(sys.argv[1], sys.argv[2]))
