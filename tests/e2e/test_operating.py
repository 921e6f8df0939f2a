"""What operators and admins do to a whole bot while it runs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.e2e.process import run_command
from tests.e2e.team import eventually

if TYPE_CHECKING:
    from tests.e2e.process import Outcome
    from tests.e2e.team import Team

ADMINS = {"ADMIN_USERS": "slack:T0ACME:U0BOB"}


async def command(team: Team, *words: str) -> Outcome:
    return await run_command(team.folder, *words, environment=team.settings())


def notices(team: Team) -> list[str]:
    return [one for one in team.whispers("U0ALICE") if "paused" in one]


async def answer_to_command(team: Team, text: str, **more: Any) -> str:
    asked = team.command(text, **more)
    shown: str = await team.slack.wait_for(
        lambda: asked.response_url.shown and asked.response_url.shown[-1].shown
    )
    return shown


async def test_a_dead_letter_is_retried_beside_the_bot_and_answered_in_the_same_message(
    team: Team,
) -> None:
    async with team.bot() as bot:
        question = team.ask("repeat: the answer at last fault:stall x1")
        await team.text_appears(question)
        await bot.kill()
    with closing(sqlite3.connect(team.folder / "chatbot.db")) as raw:
        raw.execute("UPDATE inbox SET starts = 10")  # as if it had killed as many processes
        raw.commit()
    async with team.bot():
        await team.slack.wait_for(
            lambda: any("several times" in one.shown for one in team.answers(question))
        )
        listed = await command(team, "dead-letters", "list", "--json")
        (letter,) = json.loads(listed.out)
        assert (letter["category"], letter["platform"], letter["tries"]) == ("crash", "slack", 11)
        retried = await command(team, "dead-letters", "retry", letter["id"])
        assert (retried.code, retried.err) == (0, "")
        await team.answer_to(question, "the answer at last")
        assert (await command(team, "dead-letters", "list")).out == "There are no dead letters.\n"


async def test_questions_wait_for_the_end_of_a_pause_over_a_restart(team: Team) -> None:
    async with team.bot(**ADMINS) as bot:
        assert "Only an admin" in await answer_to_command(team, "now", name="pause")
        said = await answer_to_command(team, "we are moving", name="pause", by="U0BOB")
        assert said.startswith("Paused in this channel.")
        questions = [team.ask(f"repeat: number {n}") for n in range(2)]
        await team.slack.wait_for(lambda: notices(team))
        assert await team.stats(), "commands are answered"
        await bot.kill()
    checked = await command(team, "check")
    assert checked.code == 0
    assert "ok     paused: slack:T0ACME:C0GENERAL since " in checked.out
    assert "(we are moving)\n" in checked.out
    calls = team.model.calls
    async with team.bot(**ADMINS):
        questions.append(team.ask("repeat: number 2"))
        await team.told()
        elsewhere = f"{team.people.mention} repeat: elsewhere"
        other = team.people.say("U0ALICE", "C0RANDOM", elsewhere, raw=True)
        await team.recorded(other)
        assert team.model.calls == calls + 1
        team.ask("resume", by="U0BOB")
        for n, question in enumerate(questions):
            await team.answer_to(question, f"number {n}")
        [whisper] = notices(team)
        assert "paused here for now: we are moving. Your question is kept" in whisper
        noted = json.loads((await command(team, "audit", "--json")).out)
        assert [(one["who"], one["what"], one["on"]) for one in noted] == [
            ("slack:T0ACME:U0BOB", what, "slack:T0ACME:C0GENERAL") for what in ("pause", "resume")
        ]


async def test_a_person_is_forgotten_and_a_backup_restored_while_people_go_on(team: Team) -> None:
    async with team.bot() as bot:
        await team.answer_to(team.ask("repeat: my secret"), "my secret")
        kept = team.ask("repeat: kept words", by="U0BOB")
        await team.answer_to(kept, "kept words")
        backed_up = await command(team, "backup", str(team.folder / "copy.db"))
        assert (backed_up.code, backed_up.err) == (0, "")
        forgotten = await command(team, "erase", "--user", "slack:T0ACME:U0ALICE")
        assert (forgotten.code, forgotten.err) == (0, "")
        assert "     1 turns" in forgotten.out
        assert await eventually(lambda: b"my secret" not in everything(team))
        assert len(team.ledger("SELECT 1 FROM turns WHERE latency_s > 0")) == 2
        await team.answer_to(team.ask("repeat: undisturbed"), "undisturbed")
        await bot.stop()
    (team.folder / "chatbot.db").unlink()
    (team.folder / "copy.db").rename(team.folder / "chatbot.db")
    async with team.bot():
        told = [
            one for one in team.slack.outbox.deliveries if one.payload["event"]["ts"] == kept.ts
        ]
        for delivery in told:
            team.people.tell_again(delivery, new_event_id=True)
        await team.told()
        await team.answer_to(team.ask("repeat: after it"), "after it")
        assert len(team.answers(kept)) == 1


def everything(team: Team) -> bytes:
    """What the tables say, not what freed pages may still hold."""
    with closing(sqlite3.connect(team.folder / "chatbot.db")) as connection:
        return "\n".join(connection.iterdump()).encode()
