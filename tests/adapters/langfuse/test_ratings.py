"""Ratings as scores, over the wire."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from adapters.langfuse.backlog import RATING_TRIES
from adapters.langfuse.ids import is_sampled, trace_id
from core.conversation import Author
from tests.adapters.langfuse.facts import NOON, rating, reading, tracing
from tests.standins.langfuse import Fault

if TYPE_CHECKING:
    from tests.standins.langfuse import LangfuseStandIn


async def test_a_rating_is_a_categorical_score_of_its_trace(langfuse: LangfuseStandIn) -> None:
    async with tracing(langfuse) as tracer:
        tracer.rated("slack", rating(value=-1, reason="It is the old address"))
    (score,) = langfuse.scores.newest()
    assert (score.name, score.value, score.data_type) == ("rating", "down", "CATEGORICAL")
    assert (score.trace_id, score.timestamp) == (trace_id("t1"), NOON)
    assert score.comment == "It is the old address"
    assert score.metadata == {"platform": "slack", "user": "U1"}


async def test_another_mind_replaces_the_score_and_withdrawing_is_a_value(
    langfuse: LangfuseStandIn,
) -> None:
    async with tracing(langfuse) as tracer:
        for n, (value, said) in enumerate([(1, "up"), (-1, "down"), (None, "withdrawn")], start=1):
            tracer.rated("slack", rating(value=value))
            await langfuse.until(lambda one, n=n: one.scores.received == n)
            assert [score.value for score in langfuse.scores.newest()] == [said]
    assert not any(request.startswith("DELETE") for request in langfuse.requests)


async def test_people_platforms_and_turns_are_rated_apart(langfuse: LangfuseStandIn) -> None:
    async with tracing(langfuse) as tracer:
        tracer.rated("slack", rating())
        tracer.rated("slack", rating(author=Author("U2", "Ben")))
        tracer.rated("teams", rating())
        tracer.rated("slack", rating(turn_id="t2"))
    assert len({score.id for score in langfuse.scores.newest()}) == 4


async def test_only_the_newest_of_several_that_wait_is_sent(langfuse: LangfuseStandIn) -> None:
    langfuse.fault = Fault("status", 503)
    async with tracing(langfuse) as tracer:
        for value in (1, -1, 1, -1):
            tracer.rated("slack", rating(value=value))
        langfuse.fault = None
    assert [score.value for score in langfuse.scores.newest()] == ["down"]


async def test_a_rating_without_a_time_is_not_sent(langfuse: LangfuseStandIn) -> None:
    """Each try would make another score."""
    async with tracing(langfuse) as tracer:
        tracer.rated("slack", rating(turn_id="old", asked_at=None))
        tracer.rated("slack", rating())
    assert [score.trace_id for score in langfuse.scores.newest()] == [trace_id("t1")]


async def test_ratings_of_turns_that_are_not_sampled_stay_here(langfuse: LangfuseStandIn) -> None:
    ids = [f"t{n}" for n in range(30)]
    async with tracing(langfuse, sample_rate=0.5) as tracer:
        for turn_id in ids:
            tracer.rated("slack", rating(turn_id=turn_id))
    kept = {trace_id(one) for one in ids if is_sampled(trace_id(one), 0.5)}
    assert {score.trace_id for score in langfuse.scores.newest()} == kept
    assert 5 < len(kept) < 25


async def test_without_texts_no_reason_leaves(langfuse: LangfuseStandIn) -> None:
    async with tracing(langfuse, texts=False) as tracer:
        tracer.rated("slack", rating(reason="It is the old address"))
    (score,) = langfuse.scores.newest()
    assert (score.value, score.comment) == ("up", None)
    assert "address" not in langfuse.text()


async def test_a_server_that_knows_no_lists_costs_the_rating_and_a_line(
    langfuse: LangfuseStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    langfuse.version = "4.58.3"
    async with tracing(langfuse) as tracer:
        tracer.rated("slack", rating())
        await langfuse.until(lambda one: one.refused)
    assert langfuse.scores.newest() == []
    assert "has version 4.58.3, which loses ratings; update it to 4.59" in caplog.text
    assert "Langfuse refused 1 ratings with status 400" in caplog.text
    langfuse.refused.clear()


@pytest.mark.parametrize("status", [401, 403])
async def test_ratings_wait_while_the_keys_are_refused_and_that_is_said_once(
    langfuse: LangfuseStandIn, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    langfuse.fault = Fault("status", status, path="/scores")
    async with tracing(langfuse) as tracer:
        tracer.rated("slack", rating())

        def tries(one: LangfuseStandIn) -> int:
            return sum("/scores" in request for request in one.requests)

        await langfuse.until(lambda one: tries(one) > RATING_TRIES)
        langfuse.fault = None
        await langfuse.until(lambda one: one.scores.received)
    assert [score.value for score in langfuse.scores.newest()] == ["up"]
    assert caplog.text.count(f"takes no ratings with these keys (status {status})") == 1


async def test_scores_can_be_read_with_the_sdk(langfuse: LangfuseStandIn) -> None:
    async with tracing(langfuse) as tracer:
        tracer.rated("slack", rating(reason="clear"))
    with reading(langfuse) as api:
        found = await asyncio.to_thread(api.scores.get_many, trace_id=trace_id("t1"))
    assert [(one.name, one.value, one.comment) for one in found.data] == [("rating", "up", "clear")]
