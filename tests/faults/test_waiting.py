"""A provider that is down for a while: what people see, and that nothing is asked twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.demo.faults import Fault
from tests.e2e.tenant import shown

if TYPE_CHECKING:
    from tests.e2e.team import Team
    from tests.e2e.tenant import Tenant

WAITS = "The model cannot be reached just now"
SETTINGS = {
    "RETRY_ATTEMPTS": "0",
    "BREAKER_FAILURES": "2",
    "BREAKER_RESET_S": "0.5",
    "REQUEST_TIMEOUT": "2",
}


async def test_a_question_waits_over_a_restart_and_is_answered_in_the_same_message(
    team: Team,
) -> None:
    team.model.faults.switch(Fault("unavailable"))
    async with team.bot(**SETTINGS) as bot:
        question = team.ask("repeat: worth the wait")
        waits = await team.slack.wait_for(
            lambda: next((one for one in team.answers(question) if WAITS in one.shown), None)
        )
        assert "cancel" in str(waits.blocks)
        await bot.kill()
    team.model.faults.switch(None)
    async with team.bot(**SETTINGS):
        answer = await team.answer_to(question, "worth the wait")
        assert answer.ts == waits.ts
        assert WAITS not in answer.shown
        assert (await team.request(question))["error"] == ""


async def test_a_question_that_waits_is_cancelled_by_its_button(team: Team) -> None:
    team.model.faults.switch(Fault("unavailable"))
    async with team.bot(**SETTINGS):
        question = team.ask("repeat: never mind")
        waits = await team.slack.wait_for(
            lambda: next((one for one in team.answers(question) if WAITS in one.shown), None)
        )
        team.people.press("U0BOB", waits, "cancel", "cancel")
        assert (await team.recorded(question))["outcome"] == "stopped"
        assert "Stopped." in (await team.answer_to(question, "Stopped.")).shown


async def test_in_teams_it_waits_and_is_answered_in_the_same_message(hasty_tenant: Tenant) -> None:
    tenant = hasty_tenant
    tenant.model.faults.switch(Fault("unavailable"))
    async with tenant.bot(**SETTINGS):
        questions = [
            tenant.ask("repeat: worth the wait", where=where) for where in ("alice", "General")
        ]
        for question in questions:
            waits = await tenant.teams.wait_for(
                lambda one=question: [a for a in tenant.answers(one) if WAITS in shown(a)]
            )
            assert len(waits) == 1
        tenant.model.faults.switch(None)
        for question in questions:
            await tenant.answer_to(question, "worth the wait")
