"""A real process that stands still for longer than its lease, and then goes on."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.sql.store import SqlStore
from core.errors import OwnershipLost
from tests.contracts.stores import KEY, accept, begun, message, turn
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from tests.adapters.sql.postgres.conftest import Replicas

ROOT = Path(__file__).parents[4]
LEASE_S = 1.0


async def hold_and_record(url: str) -> None:
    """Runs in the child: begins a turn, stands still, and wants to record it."""
    store = await SqlStore.open(url, replica_id="frozen", lease_s=LEASE_S, clock=FakeClock())
    hold, first = await begun(store, message("1"))
    print("begun", flush=True)
    sys.stdin.readline()
    try:
        await hold.record(turn(first, answer="late"))
        print("recorded", flush=True)
    except OwnershipLost:
        print("lost", flush=True)
    await store.beat()
    print((await accept(store, message("2"))).status, flush=True)
    await store.close()


def start_child(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", __name__, url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


async def test_a_process_that_was_frozen_changes_nothing_and_goes_on(replicas: Replicas) -> None:
    other = await replicas.one()
    child = start_child(replicas.url)
    assert child.stdin is not None
    assert child.stdout is not None
    with child.stdin, child.stdout:
        assert await asyncio.to_thread(child.stdout.readline) == "begun\n"
        child.send_signal(signal.SIGSTOP)
        outside = await replicas.outside()
        while not (adopted := await other.adopt(5)):
            await outside.execute("SELECT pg_sleep(0.05)")
        queued = await adopted[0].begin()
        assert queued is not None
        assert queued.recovered
        await adopted[0].record(turn(queued, answer="in time"))
        child.send_signal(signal.SIGCONT)
        child.stdin.write("go on\n")
        child.stdin.flush()
        said = await asyncio.to_thread(child.stdout.read)
    assert said.split() == ["lost", "accepted"]
    assert child.wait() == 0
    assert [one.answer for one in await other.history(KEY, 9)] == ["in time"]


if __name__ == "__main__":
    asyncio.run(hold_and_record(sys.argv[1]))
