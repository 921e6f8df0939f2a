"""Each fault of a provider: what the asker sees, what is recorded, what is paid."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from adapters.demo.faults import NAMES

if TYPE_CHECKING:
    from tests.e2e.team import Row, Team
    from tests.standins.slack import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")

REQUEST_TIMEOUT_S, ANSWER_TIMEOUT_S = 1.5, 4.0
SETTINGS = {
    "REQUEST_TIMEOUT": str(REQUEST_TIMEOUT_S),
    "ANSWER_TIMEOUT": str(ANSWER_TIMEOUT_S),
    "RETRY_ATTEMPTS": "0",
    "WAIT_FOR_MODEL_S": "0",
    "PRICES_FILE": "prices.json",
    "BUDGET_USER_USD_DAY": "0",
    "BUDGET_WORKSPACE_USD_DAY": "0",
}
PRICES = {"openai/demo": {"input": 1_000_000.0, "output": 2_000_000.0}}
"""A dollar for each token that goes in, two for each that comes out."""
FILES = {"prices.json": json.dumps(PRICES)}
TEXT = "From here to the end this is one answer of some length, and then it ends word by word."
FORBIDDEN = re.compile(
    r"Traceback|Error\b|Exception|HTTP|\b(?:4\d\d|50\d)\b|invalid_api_key|insufficient_quota"
    r"|Incorrect API key|Rate limit reached|8192|overloaded|<html|127\.0\.0\.1|choices|openai"
)
"""What a provider or our own code says of a failure is for the log alone."""


@dataclass(frozen=True, slots=True)
class Expected:
    says: str
    category: str = ""
    outcome: str = "failed"
    partial: bool = False
    billed: bool = False
    """Whether the call is paid for, though it failed."""
    ask: str = ""
    """Where the fault's usual pace would take too long."""


FAULTS = {
    "slow": Expected("word by word", outcome="answered", billed=True, ask="slow:0.5"),
    "silent": Expected("took too long", "timeout", billed=True),
    "stall": Expected("took too long", "timeout", partial=True, billed=True),
    "drip": Expected("took too long", "timeout", partial=True, billed=True, ask="drip:0.2"),
    "pings": Expected("took too long", "timeout", billed=True, ask="pings:0.2"),
    "rate_limit": Expected("too many requests", "rate_limit"),
    "quota": Expected("is used up", "quota"),
    "server_error": Expected("not available", "service_unavailable"),
    "unavailable": Expected("not available", "service_unavailable"),
    "html": Expected("not available", "service_unavailable"),
    "auth": Expected("does not accept the bot's credentials", "auth"),
    "context_too_long": Expected("too long for the language model", "context_window"),
    "content_filter": Expected("content filter refused", "content_policy", billed=True),
    "cut": Expected("was lost", "connection", partial=True, billed=True),
    "cut_clean": Expected(
        "connection was lost before the answer was complete",
        "connection",
        "answered",
        partial=True,
        billed=True,
    ),
    "error_frame": Expected("not available", "service_unavailable", partial=True, billed=True),
    "garbage": Expected("not available", "service_unavailable", partial=True, billed=True),
    "empty": Expected("without a word", "empty_answer", billed=True),
    "loop": Expected("over and over", "", "answered", partial=True, billed=True),
    "length": Expected("reached its maximum length", "", "answered", partial=True, billed=True),
}


@dataclass(frozen=True, slots=True)
class Seen:
    answers: list[Message]
    request: Row
    completions: list[Row]

    @property
    def text(self) -> str:
        return "\n".join(answer.shown for answer in self.answers)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def seen(shared: Team) -> dict[str, Seen]:
    """All faults at the same time, each in a thread of its own."""
    questions = {
        name: shared.ask(f"repeat: {TEXT} fault:{expected.ask or name}")
        for name, expected in FAULTS.items()
    }

    async def look(question: Message) -> Seen:
        request = await shared.request(question)
        turn_id = request["request_id"]
        rows = shared.ledger("SELECT * FROM completions WHERE turn_id = ?", turn_id)
        return Seen(shared.answers(question), request, rows)

    looked = await asyncio.gather(*(look(question) for question in questions.values()))
    return dict(zip(questions, looked, strict=True))


async def test_every_fault_of_the_demo_model_is_tried() -> None:
    assert set(FAULTS) == set(NAMES)


@pytest.mark.parametrize("name", FAULTS)
async def test_the_asker_gets_one_message_that_says_what_happened(
    seen: dict[str, Seen], name: str
) -> None:
    expected, told = FAULTS[name], seen[name]
    [answer] = told.answers
    assert expected.says in answer.shown
    assert answer.blocks, "the message was never finished"
    assert not FORBIDDEN.search(answer.shown)
    assert ("Reference" in answer.shown) == (name != "slow")


@pytest.mark.parametrize("name", FAULTS)
async def test_an_answer_that_broke_off_keeps_its_text_and_is_marked(
    seen: dict[str, Seen], name: str
) -> None:
    expected, told = FAULTS[name], seen[name]
    assert told.request["incomplete"] is expected.partial
    begun = told.text.startswith(("From", "F", "I am sorry"))
    assert begun == (expected.partial or name == "slow")
    if expected.partial and expected.outcome == "failed":
        assert "answer above is incomplete" in told.text


@pytest.mark.parametrize("name", FAULTS)
async def test_the_category_is_recorded(seen: dict[str, Seen], name: str) -> None:
    expected, request = FAULTS[name], seen[name].request
    assert (request["outcome"], request["error"]) == (expected.outcome, expected.category)
    assert request["attempts"] == 1


@pytest.mark.parametrize("name", FAULTS)
async def test_the_ledger_has_what_the_call_cost(seen: dict[str, Seen], name: str) -> None:
    expected, told = FAULTS[name], seen[name]
    [row] = told.completions
    assert row["cost_usd"] == row["input_tokens"] + 2 * row["output_tokens"]
    assert told.request["cost_usd"] == row["cost_usd"]
    assert (row["cost_usd"] > 0) == expected.billed
    assert (row["output_tokens"] > 0) == (expected.partial or name == "slow")
    assert row["outcome"] != "running"


async def test_nobody_waits_longer_than_the_settings_say(seen: dict[str, Seen]) -> None:
    slack_s = 2.0
    for name, told in seen.items():
        limit_s = ANSWER_TIMEOUT_S if FAULTS[name].ask else REQUEST_TIMEOUT_S
        assert told.request["latency_s"] < limit_s + slack_s, name


async def test_the_text_of_an_answer_stays_on_the_screen_once_shown(
    seen: dict[str, Seen],
) -> None:
    """From a reader's view a message only grows: nothing is taken back."""
    for told in seen.values():
        versions = [text for _, text in told.answers[0].versions]
        texts = [text for text in versions if text.startswith("F")]
        for before, after in itertools.pairwise(texts):
            assert after.startswith(before.rstrip())


async def test_after_all_that_the_bot_answers(shared: Team) -> None:
    await shared.answer_to(shared.ask(f"repeat: {TEXT}"), TEXT)
