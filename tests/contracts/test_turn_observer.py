"""What core relies on when it tells of turns: no observer raises, and none makes the loop wait."""

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
from adapters.prometheus import Metrics
from core.completion import Completion, Usage
from core.conversation import Author, ConversationKey
from core.rating import Rating
from core.turn import Turn
from tests.core.turns.office import Watching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from core.ports import TurnObserver

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
async def fake(folder: Path) -> AsyncIterator[TurnObserver]:
    yield Watching()


@pytest.fixture(
    params=[request_log, unwritable_request_log, stuck_request_log, metrics, fake],
    ids=lambda make: make.__name__,
)
async def observer(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TurnObserver]:
    async with request.param(tmp_path) as observer:
        yield observer


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
