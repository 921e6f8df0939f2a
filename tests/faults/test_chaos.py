"""A short `./run chaos`, and that its judge would see what it looks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.chaos.crowd import Crowd, Question
from tests.chaos.judging import judge
from tests.chaos.plan import MEANINGS, WITH_KILLS, make_plan
from tests.chaos.running import run_plan
from tests.standins.slack import SlackStandIn
from tests.standins.slack.workspace import Message
from tests.tooling import parts
from tests.tooling.postgres import installations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.conftest import Count

SEED = 7


@pytest.fixture
def place() -> Iterator[Path]:
    """pytest's own folders are closed to the user that the database runs as."""
    with TemporaryDirectory(prefix="chaos-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_kills_and_hangs_and_cuts_lose_double_and_disorder_nothing(
    place: Path, count: Count, store: str
) -> None:
    if store == "postgres" and not installations() and parts.may_be_missing("postgresql"):
        pytest.skip("ALLOW_MISSING names postgresql")
    kills, events = count(short=3, long=50), count(short=48, long=1000)
    plan = make_plan(SEED, store, kills, events, failover=store == "postgres")
    outcome = await run_plan(place, store, plan, print, faster=80.0)
    assert list(outcome.verdict.details()) == []
    assert outcome.exit_codes == [0] * len(outcome.exit_codes)
    assert outcome.verdict.acknowledged > events / 2
    assert outcome.interrupted > kills, "what broke met nothing at work"


# --- the plan ------------------------------------------------------------------------------------


@pytest.mark.parametrize("store", WITH_KILLS)
def test_a_seed_says_everything(store: str) -> None:
    plan = make_plan(SEED, store, 50, 1000, failover=True)
    assert plan == make_plan(SEED, store, 50, 1000, failover=True)
    assert plan != make_plan(SEED + 1, store, 50, 1000, failover=True)
    assert sum(step.ask_before + step.ask_meanwhile for step in plan) == 1000
    kinds = [step.kind for step in plan]
    assert kinds.count("kill") == 50
    assert set(kinds) == {"kill", "failover", *WITH_KILLS[store]} <= set(MEANINGS)


# --- the judge -----------------------------------------------------------------------------------


@pytest.fixture
async def crowd() -> AsyncIterator[Crowd]:
    """Two questions of one thread; the second was sent when the first was known."""
    async with SlackStandIn(events_url="http://127.0.0.1:1/") as slack:
        crowd = Crowd(slack, 1)
        for _ in range(2):
            crowd.ask(1)
            await slack.outbox.close()  # nobody is there to be told
            acknowledge(crowd.questions[-1])
        yield crowd


def acknowledge(question: Question) -> None:
    from tests.standins.slack.delivery.outbox import Attempt

    for one in question.deliveries:
        one.attempts = [Attempt(question.message.posted_at, 0, ack_s=0.0)]
        one.state = "acked"


def answer(crowd: Crowd, text: str, *, blocks: bool = True) -> Message:
    """Shown at once and whole."""
    workspace = crowd.slack.workspace
    message = Message(
        crowd.questions[0].message.channel,
        workspace.new_ts(),
        workspace.bot_user,
        markdown=text,
        thread_ts=crowd.questions[0].message.thread_ts,
        blocks=[{"type": "divider"}] if blocks else [],
    )
    message.note_version()
    workspace.channels[message.channel].add(message)
    return message


def test_answers_in_their_order_are_as_they_should_be(crowd: Crowd) -> None:
    for question in crowd.questions:
        answer(crowd, question.text)
    assert judge(crowd).holds
    assert judge(crowd).acknowledged == 2


def test_a_lost_a_doubled_and_a_half_answer_are_seen(crowd: Crowd) -> None:
    first, second = (question.text for question in crowd.questions)
    answer(crowd, first)
    answer(crowd, first)
    answer(crowd, second[:9], blocks=False)
    verdict = judge(crowd)
    assert (verdict.lost, verdict.doubled) == ([second], [first])
    assert len(verdict.strange) == 1
    assert not verdict.holds


def test_a_notice_in_place_of_an_answer_is_seen(crowd: Crowd) -> None:
    answer(crowd, crowd.questions[0].text)
    answer(crowd, "That did not work.")
    verdict = judge(crowd)
    assert verdict.lost == [crowd.questions[1].text]
    assert "That did not work." in verdict.strange[0]


def test_an_answer_before_the_one_ahead_of_it_is_seen(crowd: Crowd) -> None:
    for question in reversed(crowd.questions):
        answer(crowd, question.text)
    assert len(judge(crowd).disordered) == 1


def test_what_slack_was_never_told_of_may_be_missing(crowd: Crowd) -> None:
    answer(crowd, crowd.questions[0].text)
    for one in crowd.questions[1].deliveries:
        one.state = "given_up"
    assert judge(crowd).holds
    assert judge(crowd).acknowledged == 1


def test_the_order_of_what_was_told_at_the_same_time_is_free(crowd: Crowd) -> None:
    first, second = crowd.questions
    at = first.message.posted_at
    for one in second.deliveries:
        one.attempts[0] = replace(one.attempts[0], sent_at=at - 1.0)
    for question in (second, first):
        answer(crowd, question.text)
    assert judge(crowd).holds
