"""A person's traces and ratings are deleted, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.langfuse import erasing
from adapters.langfuse.erasing import ErasingFailedError, erase
from adapters.langfuse.ids import trace_id
from core.conversation import Author
from core.scrub import Scrubber
from tests.adapters.langfuse.facts import ADA, rating, settings_of, tracing, turn
from tests.standins.langfuse import Fault

if TYPE_CHECKING:
    from tests.standins.langfuse import LangfuseStandIn

BEN = Author("U2", "Ben")
ADAS = ("slack", "T1", "U1")


async def use(langfuse: LangfuseStandIn) -> None:
    async with tracing(langfuse) as tracer:
        for n in range(5):
            tracer.turn_recorded(turn(turn_id=f"a{n}"))
        tracer.turn_recorded(turn(turn_id="b", author=BEN))
        for rater in (ADA, BEN):
            tracer.rated("slack", rating(turn_id="a0", author=rater))
            tracer.rated("slack", rating(turn_id="b", author=rater, reason="secret"))


async def run(langfuse: LangfuseStandIn, *, dry_run: bool = False) -> tuple[int, int]:
    return await erase(settings_of(langfuse), Scrubber([]), ADAS, dry_run=dry_run)


async def test_traces_and_ratings_of_one_person_go(
    langfuse: LangfuseStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "PAGE", 2)
    monkeypatch.setattr(erasing, "BATCH", 2)
    await use(langfuse)
    assert await run(langfuse, dry_run=True) == (5, 2)
    assert len({trace for trace, _ in langfuse.observations}) == 6
    assert await run(langfuse) == (5, 2)
    assert {trace for trace, _ in langfuse.observations} == {trace_id("b")}
    (left,) = langfuse.scores.newest()
    assert left.metadata == {"platform": "slack", "user": "U2"}
    assert await run(langfuse) == (0, 0)


@pytest.mark.parametrize("path", ["/observations", "/scores", "/traces"])
async def test_a_server_that_fails_is_told_in_a_line(langfuse: LangfuseStandIn, path: str) -> None:
    await use(langfuse)
    langfuse.fault = Fault("status", 403, path=path)
    with pytest.raises(ErasingFailedError, match=r"answers 403$"):
        await run(langfuse)
    langfuse.fault = None
    assert (await run(langfuse))[0] == 5


async def test_a_server_that_is_not_there_is_told_in_a_line(
    langfuse: LangfuseStandIn, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(erasing.PATIENT, "max_retries", 0)
    settings = settings_of(langfuse, base_url=f"http://127.0.0.1:{free_port}")
    with pytest.raises(ErasingFailedError, match="cannot be reached"):
        await erase(settings, Scrubber([]), ADAS, dry_run=False)


async def test_one_that_never_ends_is_left(
    langfuse: LangfuseStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "LIMIT_S", 0.2)
    langfuse.fault = Fault("slow", after_s=0.5, path="/observations")
    with pytest.raises(ErasingFailedError, match="did not come to an end"):
        await run(langfuse)
    await langfuse.until(lambda one: len(one.requests) == 1)


async def test_more_than_can_be_listed_is_said(
    langfuse: LangfuseStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "PAGE", 1)
    monkeypatch.setattr(erasing, "MAX_PAGES", 2)
    await use(langfuse)
    with pytest.raises(ErasingFailedError, match="more traces"):
        await run(langfuse)
