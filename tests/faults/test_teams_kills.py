"""Bots in Teams that are killed: nothing acknowledged is lost, nothing is answered twice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.e2e.tenant import Tenant, is_finished
from tests.standins.teams import faults

if TYPE_CHECKING:
    from tests.conftest import Count
    from tests.standins.teams import Message

Json = dict[str, Any]
SETTINGS = {"RATE_LIMIT_USER": "0", "RATE_LIMIT_CHANNEL": "0", "RATE_LIMIT_WORKSPACE": "0"}
POSTS = "/v3/conversations/*/activities"
SHELL = "…"
WORDS = "one two three four five six seven eight nine"


async def test_a_bot_killed_in_its_answers_finishes_them_where_they_are(
    hasty_tenant: Tenant,
) -> None:
    tenant = hasty_tenant
    async with tenant.bot(**SETTINGS) as bot:
        questions = [
            tenant.ask(f"repeat: {WORDS} in {where} fault:stall x1", where=where)
            for where in ("Lunch", "General", "alice")
        ]
        begun = [await tenant.text_appears(question) for question in questions]
        assert [one.stream is not None for one in begun] == [False, False, True]
        await bot.kill()
        assert not any(is_finished(one) for one in begun)
    async with tenant.bot(**SETTINGS):
        for question, message in zip(questions, begun, strict=True):
            answer = await tenant.answer_to(question, WORDS)
            # A stream takes no other words than those it has shown: then it makes room.
            assert answer is message or (message.stream is not None and message.deleted)
    rows = tenant.ledger("SELECT starts, failures FROM inbox")
    assert rows == [{"starts": 2, "failures": 0}] * 3


def opens(body: Json) -> bool:
    """The call that makes a message, which is filled later."""
    return body.get("text") == SHELL or any(
        entity.get("streamSequence") == 1 for entity in body.get("entities", [])
    )


def ends(body: Json) -> bool:
    """The call after which a message is complete."""
    return body.get("type") == "message" and "channelData" in body


WINDOWS = {
    "Lunch": faults.latency(5.0, after=True),
    "General": faults.black_hole(after=True),
    "alice": faults.reset_after(),
}
"""What fails to come after Teams has done what it was asked to: its answer."""


async def test_kills_just_after_teams_took_a_write_double_nothing(hasty_tenant: Tenant) -> None:
    tenant = hasty_tenant
    asked: dict[str, list[Message]] = {where: [] for where in WINDOWS}
    calls = (opens, ends)
    for call in calls:
        rules = [
            tenant.teams.faults.on("*", path_of(tenant, where), fault, where=call)
            for where, fault in WINDOWS.items()
        ]
        async with tenant.bot(**SETTINGS) as bot:
            for where, questions in asked.items():
                questions.append(tenant.ask(f"repeat: {call.__name__}", where=where))
            await tenant.told()
            await tenant.teams.wait_for(lambda: all(rule.hits for rule in rules))  # noqa: B023 - awaited here
            await bot.kill()
    async with tenant.bot(**SETTINGS):
        for where, questions in asked.items():
            for question in questions:
                await tenant.in_ledger(question)
            said = tenant.teams.answers(where)
            assert sorted(one.text for one in said if is_finished(one)) == ["ends", "opens"]
            # What was begun and never saved stays as it was: a bot cannot look for its messages. In
            # a personal chat that may be a stream, and the message that was begun in its place.
            left = [one.text for one in said if not is_finished(one)]
            assert set(left) <= {SHELL, ""}
            assert len(left) <= len(calls)


def path_of(tenant: Tenant, where: str) -> str:
    return f"/v3/conversations/{tenant.teams.workspace.conversation(where).id}*"


async def test_kills_at_any_moment_lose_and_double_nothing(
    hasty_tenant: Tenant, count: Count
) -> None:
    tenant = hasty_tenant
    tenant.teams.outbox.retry_waits_s = (2.0,) * 50
    kills, a_life = count(short=2, long=8), count(short=16, long=40)
    roots = [tenant.ask(f"repeat: root {n}", told=False) for n in range(8)]
    questions: dict[str, Message] = {}

    def ask_some() -> None:
        for _ in range(a_life):
            n = len(questions)
            text = f"answer {n} in thread {n % len(roots)}"
            root = roots[n % len(roots)]
            questions[text] = tenant.ask(f"repeat: {text}", root=root.id)

    def finished() -> Counter[str]:
        return Counter(one.text for one in tenant.teams.answers("General") if is_finished(one))

    tenant.teams.faults.on("*", POSTS + "*", faults.latency(0.05, after=True), times=None)
    for _ in range(kills):
        async with tenant.bot(**SETTINGS) as bot:
            before = finished().total()
            ask_some()
            # Some are done, some begun, some only stored.
            await tenant.teams.wait_for(lambda: finished().total() > before + 3)  # noqa: B023 - awaited here
            await bot.kill()
    async with tenant.bot(**SETTINGS):
        await tenant.told()
        for question in questions.values():
            await tenant.in_ledger(question)
        assert finished() == Counter(questions.keys())
    for n, root in enumerate(roots):
        told = [text for text in questions if text.endswith(f"thread {n}")]
        done = [one.text for one in tenant.teams.answers("General", root=root.id)]
        assert sorted(text for text in done if text != SHELL) == sorted(told)
    cut = tenant.ledger("SELECT 1 FROM inbox WHERE starts > 1")
    assert len(cut) >= kills, "the kills came when nothing was at work"
