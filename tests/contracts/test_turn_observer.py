"""What core relies on when it tells of turns and model calls: no observer raises, and none makes
the loop wait."""

from __future__ import annotations

import asyncio
import math
import threading
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from adapters.files.requests import QUEUE_SIZE, RequestLog
from adapters.langfuse import tracer as tracing_module
from adapters.langfuse.tracer import LangfuseTracer
from adapters.prometheus import Metrics
from core.completion import Call, ChatMessage, Completion, Usage
from core.conversation import Author, ConversationKey
from core.rating import Rating
from core.turn import Turn
from tests.adapters.langfuse.facts import AT_ONCE, new_keys, settings_of
from tests.core.turns.office import CallsHeard, Watching
from tests.fakes.model import make_request
from tests.standins.langfuse import Fault, LangfuseStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.ports import CallObserver, TurnObserver

TURN = Turn(
    turn_id="t1",
    conversation=ConversationKey("slack", "T1", "C1", "1.0"),
    author=Author("U1", "Ada"),
    kind="question",
    outcome="answered",
    received_at=datetime(2026, 3, 2, tzinfo=UTC),
    question="why?",
    answer="so",
)
ODD = ["", "\0", "\ud800", "{}\n", "é" * 10_000]
NUMBERS = [math.nan, math.inf, -math.inf, -1.0, 1e308]
TURNS = [
    TURN,
    *(replace(TURN, turn_id=odd, question=odd, answer=odd, model=odd, error=odd) for odd in ODD),
    *(replace(TURN, conversation=ConversationKey(odd, odd, odd, odd)) for odd in ODD),
    *(replace(TURN, author=Author(odd, odd), correlation_id=odd) for odd in ODD),
    *(replace(TURN, outcome="refused", error=odd) for odd in ODD),
    *(replace(TURN, latency_s=n, first_token_s=n, first_visible_s=n, cost_usd=n) for n in NUMBERS),
    *(
        replace(TURN, completions=(Completion("t1", 1, "m", n, Usage(-1, -1, -1, -1), n),))
        for n in NUMBERS
    ),
    replace(TURN, usage=Usage(-1, 10**30, -5, -5), attempts=-3),
    replace(TURN, received_at=datetime.min.replace(tzinfo=UTC)),
    replace(TURN, received_at=datetime.max.replace(tzinfo=UTC)),
]
RATINGS = [Rating(odd, Author(odd, odd), value) for odd in ODD for value in (1, -1, None)]


CALLS = [
    Call(
        request=replace(make_request(odd, turn_id=odd, model=odd), temperature=number),
        completion=Completion(odd, 1, odd, None, Usage(-1, 10**30, -5, -5), number, outcome=odd),
        said=odd,
        began_at=moment,
        took_s=number,
        first_token_s=number,
        error=odd,
    )
    for odd, number in zip(ODD, NUMBERS, strict=True)
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
]


@asynccontextmanager
async def request_log(folder: Path) -> AsyncIterator[TurnObserver]:
    log = RequestLog(folder, str, texts=True)
    yield log
    await log.close()


@asynccontextmanager
async def unwritable_request_log(folder: Path) -> AsyncIterator[TurnObserver]:
    (folder / "file").write_text("in the way")
    log = RequestLog(folder / "file", str)
    yield log
    await log.close()


@asynccontextmanager
async def stuck_request_log(folder: Path) -> AsyncIterator[TurnObserver]:
    """As on a disk that hangs."""
    go_on = threading.Event()

    def hang(turn: Turn) -> dict[str, str]:
        go_on.wait()
        return {}

    log = RequestLog(folder, str, custom=hang)
    yield log
    go_on.set()
    await log.close()


@asynccontextmanager
async def metrics(folder: Path) -> AsyncIterator[TurnObserver]:
    made = Metrics()
    yield made
    assert b"chatbot_requests_total" in made.render()
    assert b"NaN" not in made.render()


@asynccontextmanager
async def tracer(folder: Path) -> AsyncIterator[LangfuseTracer]:
    async with LangfuseStandIn(**new_keys()) as langfuse:
        made = LangfuseTracer(settings_of(langfuse), str, AT_ONCE)
        made.turn_recorded(replace(TURN, turn_id="before"))
        await langfuse.until(lambda one: one.observations)
        yield made
        made.turn_recorded(replace(TURN, turn_id="after"))
        await langfuse.until(
            lambda one: any(
                o.metadata.get("correlation_id") == "after" for o in one.observations.values()
            )
        )
        await made.close()


@asynccontextmanager
async def hanging_tracer(folder: Path) -> AsyncIterator[LangfuseTracer]:
    async with LangfuseStandIn(**new_keys()) as langfuse:
        langfuse.fault = Fault("hang")
        made = LangfuseTracer(settings_of(langfuse), str, AT_ONCE)
        yield made
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tracing_module, "CLOSE_S", 0.1)
            await made.close()


@asynccontextmanager
async def fake(folder: Path) -> AsyncIterator[TurnObserver]:
    yield Watching()


@asynccontextmanager
async def fake_of_calls(folder: Path) -> AsyncIterator[CallObserver]:
    yield CallsHeard()


@pytest.fixture(
    params=[
        request_log,
        unwritable_request_log,
        stuck_request_log,
        metrics,
        tracer,
        hanging_tracer,
        fake,
    ],
    ids=lambda make: make.__name__,
)
async def observer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TurnObserver]:
    async with request.param(tmp_path) as observer:
        yield observer


@pytest.fixture(params=[tracer, hanging_tracer, fake_of_calls], ids=lambda make: make.__name__)
async def call_observer(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[CallObserver]:
    async with request.param(tmp_path) as observer:
        yield observer


async def test_nothing_that_a_call_says_makes_an_observer_raise(
    call_observer: CallObserver,
) -> None:
    for call in CALLS:
        assert call_observer.called(call) is None
        if isinstance(call_observer, LangfuseTracer):
            turn_id = call.request.turn_id
            call_observer.turn_recorded(replace(TURN, turn_id=turn_id))


async def test_more_calls_than_anybody_can_remember_stop_nobody(
    call_observer: CallObserver,
) -> None:
    messages = (ChatMessage("user", "why? " * 1_000),)

    def tell() -> None:
        for n in range(10_000):
            request = replace(make_request(turn_id=f"t{n}"), messages=messages)
            call_observer.called(replace(CALLS[0], request=request))

    async with asyncio.timeout(20):
        await asyncio.to_thread(tell)


async def test_nothing_that_a_turn_says_makes_an_observer_raise(observer: TurnObserver) -> None:
    for turn in TURNS:
        assert observer.turn_recorded(turn) is None
    for rating in RATINGS:
        assert observer.rated("slack", rating) is None
        assert observer.rated("\ud800", rating) is None


async def test_more_turns_than_anybody_can_write_down_stop_nobody(observer: TurnObserver) -> None:
    def tell() -> None:
        for _ in range(QUEUE_SIZE + 500):
            observer.turn_recorded(TURN)

    async with asyncio.timeout(20):
        await asyncio.to_thread(tell)
