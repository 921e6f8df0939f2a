"""The heartbeat of the process: what may not stop it."""

from __future__ import annotations

import asyncio
import gc
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest

from bot.lifecycle import beat_forever
from bot.running import Bot
from core.errors import NotStored
from tests.core.turns.office import Office
from tests.fakes.clock import LoopClock
from tests.fakes.store import FakeStore

pytestmark = pytest.mark.looptime


class Metrics:
    broken = False

    def loop_lag(self, seconds):
        pass

    def inbox(self, open_messages, oldest_s):
        if self.broken:
            raise ValueError("no such gauge")

    def breakers(self, states):
        pass


class Watched(FakeStore):
    """Counts beats; what it reads can hang or fail."""

    beats = 0
    reads = "fine"

    async def beat(self):
        self.beats += 1
        return await super().beat()

    async def depth(self):
        if self.reads == "hang":
            await asyncio.Event().wait()
        if self.reads == "fail":
            raise NotStored("the disk is gone")
        return await super().depth()


class Lanes:
    """Never ready if `error` is set."""

    error = None

    def start(self):
        pass

    async def ready(self):
        if self.error:
            raise self.error


def make_bot(store):
    office = Office("Ok.", store=store)
    return Bot(
        clock=office.clock,
        store=store,
        workers=office.workers,
        desk=office.desk,
        metrics=Metrics(),
        model=SimpleNamespace(breaking=SimpleNamespace(states=dict), lanes=Lanes()),
        schedule=SimpleNamespace(start=lambda: None, stop=lambda: None),
        channels=(),
        pause_teller=office.teller,
        resources=AsyncExitStack(),
    )


async def run_for(bot, seconds):
    beating = asyncio.create_task(beat_forever(bot))
    await asyncio.wait({beating}, timeout=seconds)
    assert not beating.done(), "the heart has stopped"
    beating.cancel()
    await asyncio.wait({beating})


@pytest.mark.parametrize("reads", ["fine", "hang", "fail"])
async def test_the_lease_is_renewed_each_second_whatever_reading_does(reads):
    store = Watched(LoopClock())
    bot = make_bot(store)
    store.reads = reads
    await run_for(bot, 10.5)
    await bot.close()
    assert store.beats == 10


async def test_a_gauge_that_fails_does_not_end_the_process():
    store = Watched(LoopClock())
    bot = make_bot(store)
    bot.metrics.broken = True
    await run_for(bot, 5.5)
    await bot.close()
    assert store.beats == 5


async def test_an_inbox_that_cannot_be_looked_at_is_named_after_a_while():
    store = Watched(LoopClock())
    bot = make_bot(store)
    await run_for(bot, 2.5)
    assert await bot.readiness() == {}
    store.adopt = lambda limit: asyncio.Event().wait()
    await run_for(bot, 20)
    assert "not looked at" in (await bot.readiness())["inbox"]
    await bot.close()


@pytest.fixture
def interpreter():
    """As it was, afterwards."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("interpreter")
@pytest.mark.parametrize("error", [None, ImportError("no litellm")])
async def test_what_was_loaded_is_not_looked_through_for_garbage(error):
    bot = make_bot(Watched(LoopClock()))
    bot.model.lanes.error = error
    assert gc.get_freeze_count() == 0
    await bot.start(SimpleNamespace())
    await asyncio.wait({bot._loading})
    assert gc.get_freeze_count() > 10_000
    await bot.close()
