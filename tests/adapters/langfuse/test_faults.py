"""Langfuse dead, hanging, slow, broken: the bot does not notice, and nothing piles up."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from adapters.langfuse import tracer as tracing_module
from adapters.langfuse.checking import TIMEOUT_S
from adapters.langfuse.ids import trace_id
from adapters.langfuse.settings import LangfuseSettings
from adapters.langfuse.tracer import LangfuseTracer
from tests.adapters.langfuse.facts import (
    AT_ONCE,
    call,
    new_keys,
    rating,
    request,
    settings_of,
    tracing,
    turn,
)
from tests.standins.langfuse import Fault, LangfuseStandIn

ROOT = Path(__file__).parents[3]
STEADY = [Fault("hang"), Fault("drip"), Fault("slow", after_s=30), Fault("status", 500)]
NAMES = ["hanging", "dripping", "slow", "broken"]


def tell(tracer: LangfuseTracer, turn_id: str) -> None:
    tracer.called(call(request=request(turn_id=turn_id)))
    tracer.turn_recorded(turn(turn_id=turn_id))
    tracer.rated("slack", rating(turn_id=turn_id))


@pytest.mark.parametrize("fault", STEADY, ids=NAMES)
async def test_telling_never_waits(
    langfuse: LangfuseStandIn, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bound is generous, as it is the machine's that runs this: a request takes seconds."""
    monkeypatch.setattr(tracing_module, "CLOSE_S", 0.1)
    langfuse.fault = fault
    tracer = LangfuseTracer(settings_of(langfuse), str, AT_ONCE)
    slowest_s = 0.0
    for n in range(300):
        began = time.perf_counter()
        tell(tracer, f"t{n}")
        slowest_s = max(slowest_s, time.perf_counter() - began)
        await asyncio.sleep(0)
    assert slowest_s < TIMEOUT_S / 2, "as long as a server may take"
    await tracer.close()


@pytest.mark.parametrize("status", [500, 503, 429])
async def test_an_outage_costs_no_turn_and_no_rating(
    langfuse: LangfuseStandIn, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    langfuse.fault = Fault("status", status, path="/traces" if status == 500 else "")
    async with tracing(langfuse) as tracer:
        for n in range(30):
            tell(tracer, f"t{n}")
        await langfuse.until(lambda one: any("traces" in sent for sent in one.requests))
        langfuse.fault = None
        await langfuse.until(lambda one: len(one.observations) == 60)
    assert {score.trace_id for score in langfuse.scores.newest()} == {
        trace_id(f"t{n}") for n in range(30)
    }
    said = caplog.text.count("Langfuse takes nothing at the moment")
    # The others are tried again by the exporter itself, for some seconds.
    assert said in ({1} if status == 500 else {0, 1})
    assert caplog.text.count("Langfuse takes traces again") == said
    assert "Failed to export" not in caplog.text


async def test_a_turn_that_langfuse_chokes_on_does_not_stop_the_others(
    langfuse: LangfuseStandIn,
) -> None:
    """It is tried alone, three times, then given up."""
    langfuse.chokes_on = trace_id("t3")
    async with tracing(langfuse) as tracer:
        for n in range(8):
            tell(tracer, f"t{n}")
        await langfuse.until(lambda one: len(one.observations) == 14)
    assert langfuse.trace(trace_id("t3")) == []
    langfuse.refused.clear()


async def test_broken_ratings_do_not_stop_the_traces(langfuse: LangfuseStandIn) -> None:
    langfuse.fault = Fault("status", 500, path="/scores")
    async with tracing(langfuse) as tracer:
        tracer.rated("slack", rating(turn_id="lost"))
        for n in range(20):
            tracer.turn_recorded(turn(turn_id=f"t{n}"))
        await langfuse.until(lambda one: len(one.observations) == 20)


async def test_wrong_keys_are_said_in_a_line(
    langfuse: LangfuseStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    async with tracing(langfuse, secret_key="sk-lf-wrong") as tracer:
        tell(tracer, "t1")
        await langfuse.until(lambda one: any("traces" in sent for sent in one.requests))
    assert caplog.text.count("does not take the keys; set LANGFUSE_PUBLIC_KEY") == 1
    assert "sk-lf-wrong" not in caplog.text
    assert langfuse.observations == {}


async def test_a_dead_server_is_said_in_a_line(
    free_port: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing_module, "CLOSE_S", 1.0)
    settings = LangfuseSettings(**new_keys(), base_url=f"http://127.0.0.1:{free_port}")
    tracer = LangfuseTracer(settings, str, AT_ONCE)
    tell(tracer, "t1")
    await tracer.close()
    assert caplog.text.count("cannot be reached (ConnectError); check LANGFUSE_BASE_URL") == 1


async def test_closing_a_hanging_one_is_bounded(
    langfuse: LangfuseStandIn, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tracing_module, "CLOSE_S", 0.2)
    tracer = LangfuseTracer(settings_of(langfuse), str, AT_ONCE)
    await langfuse.until(lambda one: any("projects" in sent for sent in one.requests))
    langfuse.fault = Fault("hang")
    tell(tracer, "t1")
    await langfuse.until(lambda one: any("traces" in sent for sent in one.requests))
    began = time.monotonic()
    await tracer.close()
    assert time.monotonic() - began < 3.0
    assert "Langfuse is too slow at the end" in caplog.text
    tell(tracer, "t2")  # late observers' calls hurt nobody


CHILD = """
import asyncio, sys, threading
from adapters.langfuse.settings import LangfuseSettings
from adapters.langfuse.tracer import LangfuseTracer, Pace
from tests.adapters.langfuse.facts import call, rating, turn

async def main():
    settings = LangfuseSettings("pk-lf-child", "sk-lf-child", sys.argv[1])
    tracer = LangfuseTracer(settings, str, Pace(gather_s=0.0))
    for n in range(200):
        tracer.called(call())
        tracer.turn_recorded(turn(turn_id=f"t{n}"))
        tracer.rated("slack", rating(turn_id=f"t{n}"))
    while not hasattr(sys.modules.get("adapters.langfuse.sending"), "Sender"):
        await asyncio.sleep(0.05)
    print("closing", flush=True)
    await tracer.close()
    print("closed", flush=True)
    alive = [one.name for one in threading.enumerate() if not one.daemon]
    print("not daemons:", alive, flush=True)

asyncio.run(main())
"""


def running_child(address: str) -> tuple[float, float]:
    """Seconds from the beginning of the end to closed, and to the end of the process."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, address], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    killing = threading.Timer(20.0, child.kill)
    killing.start()
    assert child.stdout.readline() == "closing\n"
    began = time.monotonic()
    assert child.stdout.readline() == "closed\n"
    closed = time.monotonic()
    rest = child.stdout.read()
    assert child.wait() == 0
    killing.cancel()
    child.stdout.close()
    assert "MainThread" in rest
    return closed - began, time.monotonic() - began


async def test_a_process_ends_within_five_seconds() -> None:
    """Real ones: hooks at their end and threads that they wait for count too."""

    async def times(fault: Fault) -> tuple[float, float]:
        async with LangfuseStandIn(public_key="pk-lf-child", secret_key="sk-lf-child") as langfuse:
            langfuse.fault = fault
            return await asyncio.to_thread(running_child, langfuse.base_url)

    faults = [Fault("hang", path="/traces"), Fault("drip", path="/traces"), Fault("drip")]
    for closed_s, ended_s in await asyncio.gather(*map(times, faults)):
        assert closed_s < 5.0
        assert ended_s < 6.0, "with the time that the interpreter itself needs"


async def test_a_process_whose_server_is_well_sends_everything_before_it_ends() -> None:
    async with LangfuseStandIn(public_key="pk-lf-child", secret_key="sk-lf-child") as langfuse:
        await asyncio.to_thread(running_child, langfuse.base_url)
        roots = [one for one in langfuse.observations.values() if not one.parent_id]
        assert len(roots) == 200
        assert len(langfuse.scores.newest()) == 200
