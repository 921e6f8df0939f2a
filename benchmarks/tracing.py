"""Answers with Langfuse well, dead and hanging, beside the same bot that does not trace."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from adapters.langfuse.backlog import BATCH_TURNS
from adapters.langfuse.settings import LangfuseSettings
from adapters.langfuse.tracer import LangfuseTracer, Pace
from benchmarks.answering import SHORT
from benchmarks.contenders import deliver_to, model_server, our_bot
from benchmarks.crowd import Crowd, settled
from benchmarks.figures import Figure, Goal, median, percentile
from benchmarks.processes import ROOT, answered, free_port, running
from core.completion import ChatMessage
from core.scrub import Scrubber
from tests.adapters.langfuse.facts import call, request, turn
from tests.standins.langfuse import LangfuseStandIn
from tests.standins.slack import SlackStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from benchmarks.processes import Measured

OFF, CONTROL, WELL, DEAD, HANGING = "off", "off, again", "well", "dead", "hanging"
"""The second one shows how much two equal bots differ on this machine."""
PEOPLE, EACH = 3, 40
"""Few: where all cores are busy, a wait for one of them hides everything else."""
OWN_BATCHES = 60
MANY, EACH_OF_MANY = 100, 20
"""Turns enough that what is not bounded would be seen."""


@dataclass(slots=True)
class Seen:
    """Of one bot, an entry a round."""

    cpu_ms: list[float] = field(default_factory=list)
    whole_s: list[list[float]] = field(default_factory=list)
    grown_mb: float = 0.0
    ended_s: float = 0.0


async def trace_answers(folder: Path, rounds: int) -> list[Figure]:
    seen = {name: Seen() for name in (OFF, CONTROL, WELL, DEAD, HANGING)}
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackStandIn(events_url=None, tiers=False))
        model = await stack.enter_async_context(model_server(folder))
        places = await stack.enter_async_context(_servers(folder))
        crowd = Crowd(slack, MANY)
        looking = asyncio.create_task(crowd.look())
        stack.callback(looking.cancel)
        bots = {}
        for name in seen:
            own = folder / name.replace(", ", "-")
            own.mkdir()
            bot = our_bot(own, slack, model, SLACK_PACING="off", **places[name])
            bots[name] = await stack.enter_async_context(bot)
            await _ask(slack, crowd, bots[name], PEOPLE, 1)
        for _ in range(rounds):
            for name, bot in bots.items():
                cpu_s = bot.cpu_s()
                seen[name].whole_s.append(await _ask(slack, crowd, bot, PEOPLE, EACH))
                await asyncio.sleep(2.0)  # what is sent behind the answers counts too
                seen[name].cpu_ms.append((bot.cpu_s() - cpu_s) * 1000 / (PEOPLE * EACH))
        for name, bot in bots.items():
            before_mb = bot.rss_mb()
            await _ask(slack, crowd, bot, MANY, EACH_OF_MANY)
            seen[name].grown_mb = bot.rss_mb() - before_mb
        for name, bot in bots.items():
            seen[name].ended_s = await _end(bot)
        own_cpu_ms = await _own_cpu_ms(places[WELL])
    return _figures(seen, own_cpu_ms)


def _figures(seen: Mapping[str, Seen], own_cpu_ms: float) -> list[Figure]:
    """`bare` is the bot that does not trace."""
    off = seen[OFF]
    found = [
        Figure("tracing: CPU per answer", "ms", median(seen[WELL].cpu_ms), median(off.cpu_ms)),
        Figure("tracing: CPU of the tracer alone, a turn", "ms", own_cpu_ms, goal=Goal(most=0.6)),
        Figure(
            "tracing: CPU that it adds to an answer",
            "ms",
            median(
                [on - without for on, without in zip(seen[WELL].cpu_ms, off.cpu_ms, strict=True)]
            ),
        ),
    ]
    for name in (CONTROL, WELL, DEAD, HANGING):
        goal = None if name == CONTROL else Goal(most=5.0)
        added_ms = [_added_ms(seen[name], off, share) for share in (0.99, 0.5)]
        found += [
            Figure(f"Langfuse {name}: added to p99", "ms", added_ms[0], goal=goal),
            Figure(f"Langfuse {name}: added to the median", "ms", added_ms[1]),
        ]
    turns = MANY * EACH_OF_MANY
    for name in (WELL, HANGING):
        grown = f"Langfuse {name}: memory after {turns:,} more"
        ended = f"Langfuse {name}: SIGTERM to the end"
        found += [
            Figure(grown, "MB", seen[name].grown_mb, off.grown_mb),
            Figure(ended, "s", seen[name].ended_s, off.ended_s),
        ]
    added_s = seen[HANGING].ended_s - off.ended_s
    return [*found, Figure("Langfuse hanging: added to the end", "s", added_s, goal=Goal(most=5.0))]


async def _own_cpu_ms(place: Mapping[str, str]) -> float:
    """All threads of this process, which does nothing else; told as fast as it sends."""
    settings = LangfuseSettings(
        place["LANGFUSE_PUBLIC_KEY"], place["LANGFUSE_SECRET_KEY"], place["LANGFUSE_BASE_URL"]
    )
    prompt = (ROOT / "prompts" / "system_prompt.txt").read_text()
    messages = (ChatMessage("system", prompt), ChatMessage("user", str(SHORT)))
    tracer = LangfuseTracer(settings, Scrubber([settings.secret_key]), Pace(gather_s=0.1))
    _tell(tracer, messages, BATCH_TURNS, "first")
    await asyncio.sleep(3.0)  # the SDK is imported, and a connection open
    began = time.process_time()
    for n in range(OWN_BATCHES):
        _tell(tracer, messages, BATCH_TURNS, f"batch-{n}")
        await asyncio.sleep(0.05)
    await tracer.close()
    return (time.process_time() - began) * 1000 / (OWN_BATCHES * BATCH_TURNS)


def _tell(tracer: LangfuseTracer, messages: tuple[ChatMessage, ...], turns: int, name: str) -> None:
    for n in range(turns):
        asked = request(turn_id=f"{name}-{n}", messages=messages)
        tracer.called(call(request=asked, said=SHORT.answer()))
        tracer.turn_recorded(
            turn(turn_id=asked.turn_id, question=str(SHORT), answer=SHORT.answer())
        )


def _added_ms(seen: Seen, off: Seen, share: float) -> float:
    """The median over the rounds, in each of which both had their turn."""
    rounds = zip(seen.whole_s, off.whole_s, strict=True)
    return 1000 * median([percentile(on, share) - percentile(un, share) for on, un in rounds])


@asynccontextmanager
async def _servers(folder: Path) -> AsyncIterator[Mapping[str, Mapping[str, str]]]:
    """Settings by how Langfuse is."""
    ports = {name: free_port() for name in (WELL, DEAD, HANGING)}
    async with AsyncExitStack() as stack:
        for name, fault in ((WELL, []), (HANGING, ["--fault", "hang"])):
            module = ["tests.standins.langfuse", "--port", str(ports[name]), *fault]
            server = running(f"langfuse-{name}", module, folder, ports[name], {})
            process = await stack.enter_async_context(server)
            if not fault:
                await answered(process, "/api/public/health")
        settings = {name: LangfuseStandIn(port=port).environment() for name, port in ports.items()}
        yield {OFF: {}, CONTROL: {}, **settings}


async def _ask(
    slack: SlackStandIn, crowd: Crowd, bot: Measured, people: int, each: int
) -> list[float]:
    """Seconds to the whole answer, one each."""
    deliver_to(slack, bot)
    series = [crowd.ask_in_turn(person, SHORT, each) for person in range(people)]
    asked = [one for answers in await asyncio.gather(*series) for one in answers]
    await settled(slack)
    return [one.whole_s() for one in asked]


async def _end(bot: Measured) -> float:
    began = time.monotonic()
    os.kill(bot.pid, signal.SIGTERM)
    while True:
        if bot.is_over():
            return time.monotonic() - began
        await asyncio.sleep(0.02)
