"""How much people may ask, in questions and in money."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.team import Team

CALLS = 4
TOKENS = 10
PRICES = {"openai/demo": {"input": 0.0, "output": 1_000_000.0}}
"""A dollar a token, so that each answer of TOKENS words costs what was reserved for it."""
LONG = " ".join(f"word{n}" for n in range(3 * TOKENS))


async def test_who_asks_too_much_is_told_once_and_others_are_not_held_up(team: Team) -> None:
    async with team.bot(RATE_LIMIT_USER="3/hour", SLACK_PACING="off"):
        questions = [team.ask(f"repeat: number {n}") for n in range(8)]
        other = team.ask("repeat: and me", by="U0BOB")
        await team.answer_to(other, "and me")
        requests = [await team.request(question) for question in questions]
        outcomes = [request["outcome"] for request in requests]
        assert outcomes.count("answered") == 3
        assert outcomes.count("refused") == 5
        assert {one["error"] for one in requests if one["outcome"] == "refused"} == {"user"}
        [whisper] = team.whispers("U0ALICE")
        assert "many questions at once" in whisper
        assert team.whispers("U0BOB") == []
        refused = [q for q, r in zip(questions, requests, strict=True) if r["outcome"] == "refused"]
        assert [team.answers(question) for question in refused] == [[]] * 5
        assert team.model.calls == 4
        for _ in range(3):
            assert "Questions" in await team.stats()  # commands cost nothing


async def test_a_channel_and_a_workspace_have_limits_too(team: Team) -> None:
    async with team.bot(
        RATE_LIMIT_CHANNEL="2/hour", RATE_LIMIT_WORKSPACE="3/hour", SLACK_PACING="off"
    ):
        asked = [team.ask("repeat: hello", by=by) for by in ("U0ALICE", "U0BOB", "U0CAROL")]
        requests = [await team.request(question) for question in asked]
        assert sorted(request["error"] for request in requests) == ["", "", "channel"]
        mention = f"{team.people.mention} repeat: hi"
        for error in ("", "workspace"):  # what was refused does not count
            elsewhere = team.people.say("U0BOB", "C0RANDOM", mention, raw=True)
            assert (await team.request(elsewhere))["error"] == error


async def test_a_budget_of_a_few_calls_admits_exactly_those_and_outlives_a_restart(
    team: Team,
) -> None:
    (team.folder / "prices.json").write_text(json.dumps(PRICES))
    settings = {
        "PRICES_FILE": "prices.json",
        "LLM_MAX_TOKENS": str(TOKENS),
        "BUDGET_WORKSPACE_USD_DAY": str(CALLS * TOKENS),
        "BUDGET_USER_USD_DAY": "0",
        "SLACK_PACING": "off",
        "RETRY_ATTEMPTS": "0",
    }
    async with team.bot(**settings):
        people = ("U0ALICE", "U0BOB", "U0CAROL")
        questions = [team.ask(f"repeat: {LONG}", by=people[n % 3]) for n in range(15)]
        requests = [await team.request(question) for question in questions]
        assert team.model.calls == CALLS
        assert [one["error"] for one in requests].count("budget_workspace") == 15 - CALLS
        [paid] = team.ledger("SELECT sum(cost_usd) AS usd FROM completions")
        assert paid["usd"] == CALLS * TOKENS
        told = [answer.shown for question in questions for answer in team.answers(question)]
        told += [one for person in people for one in team.whispers(person)]
        assert sum("budget of this workspace" in one for one in told) >= len(people)
    async with team.bot(**settings):
        late = team.ask(f"repeat: {LONG}")
        assert (await team.request(late))["error"] == "budget_workspace"
        assert team.model.calls == CALLS


async def test_one_who_has_spent_a_budget_does_not_spend_that_of_others(team: Team) -> None:
    (team.folder / "prices.json").write_text(json.dumps(PRICES))
    async with team.bot(
        PRICES_FILE="prices.json",
        LLM_MAX_TOKENS=str(TOKENS),
        BUDGET_USER_USD_DAY=str(TOKENS),
        SLACK_PACING="off",
    ):
        asked = [team.ask(f"repeat: {LONG}") for _ in range(3)]
        requests = [await team.request(question) for question in asked]
        assert sorted(one["error"] for one in requests) == ["", "budget_user", "budget_user"]
        other = team.ask(f"repeat: {LONG}", by="U0BOB")
        assert (await team.request(other))["outcome"] == "answered"
