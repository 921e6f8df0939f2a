"""What an operator of a bot in Teams sets, starts, watches and stops."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.e2e.conftest import SHARED_SETTINGS, events_url, find_port, messages_url
from tests.e2e.process import run_command
from tests.e2e.team import Team
from tests.e2e.tenant import Tenant, shown
from tests.standins.slack import SlackStandIn
from tests.standins.teams import TeamsStandIn

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.demo.server import DemoServer

STRANGER = "00000000-aaaa-4bbb-8ccc-000000000000"


async def test_slack_and_teams_in_one_bot_keep_what_is_theirs_apart(
    tmp_path: Path, model: DemoServer
) -> None:
    port = find_port()
    slack = SlackStandIn(events_url=events_url(port), tiers=False)
    teams = TeamsStandIn(bot_url=messages_url(port), rates=False)
    team, tenant = Team(slack, model, tmp_path, port), Tenant(teams, model, tmp_path, port)
    async with slack, teams, team.bot(**SHARED_SETTINGS, **tenant.environment()) as bot:
        tenant.watch(bot)
        in_slack, in_teams = team.ask("My name is Ada."), tenant.ask("My name is Grace.")
        await team.answer_to(in_slack)
        answer = await tenant.answer_to(in_teams)
        tenant.people.react("alice", answer, "like")
        again = team.ask("What is my name?", thread=in_slack.ts)
        assert "Ada" in (await team.answer_to(again)).shown
        later = tenant.ask("What is my name?", root=in_teams.id)
        assert "Grace" in shown(await tenant.answer_to(later))
        await tenant.answer_to(tenant.ask("fault:quota x9"), "used up")
        await tenant.told()

        assert "👍 0  👎 0" in await team.stats("all")
        asked = tenant.ask("stats all")
        await tenant.recorded(asked)
        assert "👍 1 👎 0" in shown(tenant.answer_in(asked))
        whole = await numbers(tenant)
        assert (whole["requests"], whole["answered"], whole["failed"]) == (5, 4, 1)
        assert whole["ratings"] == {"up": 1, "down": 0}
        found = tenant.ledger("SELECT DISTINCT platform, workspace FROM conversations")
        assert {(row["platform"], row["workspace"]) for row in found} == {
            ("slack", "T0ACME"),
            ("teams", teams.tenant),
        }


async def numbers(tenant: Tenant) -> dict[str, Any]:
    ended = await run_command(tenant.folder, "stats", "--json", environment=tenant.settings())
    assert (ended.code, ended.err) == (0, "")
    found: dict[str, Any] = json.loads(ended.out)
    return found


async def test_only_allowed_tenants_are_answered_and_nobody_may_ask_too_much(
    hasty_tenant: Tenant,
) -> None:
    tenant = hasty_tenant
    async with tenant.bot(
        TEAMS_ALLOWED_TENANTS=f"{STRANGER},{tenant.teams.tenant}", RATE_LIMIT_USER="2/hour"
    ):
        held_back = tenant.people.say("carol", "General", "@bot repeat: hello", told=False)
        for foreign in ("11111111-aaaa-4bbb-8ccc-000000000000", ""):
            held_back.activity["conversation"]["tenantId"] = foreign
            held_back.activity["channelData"]["tenant"]["id"] = foreign
            refused = tenant.people.tell(held_back)
            await refused.done.wait()
            assert (refused.state, refused.status) == ("given_up", 403)
        questions = [tenant.ask(f"repeat: number {n}") for n in range(4)]
        await tenant.answer_to(tenant.ask("repeat: and me", by="bob"), "and me")
        requests = [await tenant.request(question) for question in questions]
        assert sorted(one["outcome"] for one in requests) == ["answered"] * 2 + ["refused"] * 2
        alice = tenant.teams.workspace.person("alice").id
        whispers = [one for one in tenant.teams.answers("General") if one.targeted_to == alice]
        [notice] = whispers
        assert "many questions at once" in shown(notice)
        assert tenant.model.calls == 3
        assert not tenant.ledger("SELECT 1 FROM inbox WHERE message_id = ?", held_back.id)


async def test_what_is_written_while_the_bot_is_down_or_knows_no_keys_is_answered_once(
    hasty_tenant: Tenant,
) -> None:
    """Without keys nobody can tell who sent something, so it is not taken: Teams tells it again."""
    tenant = hasty_tenant
    tenant.teams.outbox.retry_waits_s = (2.0,) * 100
    await tenant.teams.go_offline()
    questions = [tenant.ask("repeat: hello", where=where) for where in ("Lunch", "General")]
    told = tenant.teams.outbox.deliveries
    await tenant.teams.wait_for(lambda: all(len(one.attempts) > 1 for one in told))
    assert {one.status for one in told} == {None}, "somebody has answered"
    async with tenant.bot() as bot, aiohttp.ClientSession() as http:
        async with http.get(f"{bot.url}/readyz") as response:
            assert response.status == 503
            assert list((await response.json())["waiting_for"]) == ["teams"]
        await tenant.teams.wait_for(lambda: any(one.status == 503 for one in told))
        await tenant.teams.go_online()
        for question in questions:
            await tenant.answer_to(question, "hello")
        await tenant.told()
        assert [len(tenant.answers(question)) for question in questions] == [1, 1]


async def test_sigterm_lets_running_answers_end(hasty_tenant: Tenant) -> None:
    tenant = hasty_tenant
    text = "repeat: one two three four five six seven eight nine fault:drip:0.01"
    async with tenant.bot() as bot:
        questions = [tenant.ask(text, where=where) for where in ("alice", "General")]
        for question in questions:
            await tenant.text_appears(question)
        assert await bot.stop() == 0
        for question in questions:
            await tenant.answer_to(question, "eight nine")
        assert not [line for line in bot.lines if "Traceback" in line]


async def test_the_check_tells_a_wrong_secret_and_never_says_it(
    tmp_path: Path, model: DemoServer
) -> None:
    """What it says of a right one: beside the check of Slack."""
    async with TeamsStandIn() as teams:
        tenant = Tenant(teams, model, tmp_path, 0)
        settings = tenant.settings(MICROSOFT_APP_PASSWORD="not-the-secret")
        ended = await run_command(tmp_path, "check", environment=settings)
    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.splitlines()
    [wrong] = [line for line in lines if not line.startswith("ok   ")]
    assert "7000215: the client secret is wrong" in wrong
    assert "MICROSOFT_APP_ID, _PASSWORD" in wrong
    assert "the keys that its requests are signed with can be fetched" in lines[-1]
    assert "not-the-secret" not in ended.out


async def test_a_tenant_is_paused_and_goes_on(hasty_tenant: Tenant) -> None:
    team = hasty_tenant
    admin = team.teams.workspace.person("bob").aad_id
    async with team.bot(ADMIN_USERS=f"teams:{team.teams.tenant}:{admin}"):
        refused = team.ask("pause")
        await team.recorded(refused)
        assert "Only an admin" in shown(team.answer_in(refused))
        paused = team.ask("pause all we are moving", by="bob")
        await team.recorded(paused)
        assert "Paused in this whole workspace" in shown(team.answer_in(paused))
        questions = [team.ask("repeat: in a chat", where="alice"), team.ask("repeat: in a channel")]
        await team.teams.wait_for(lambda: "we are moving" in said(team, "alice"))
        assert team.model.calls == 0
        slash = team.people.slash("bob", "General", "/chatbot-resume all")
        await team.teams.wait_for(lambda: team.answers(slash))
        for question in questions:
            await team.recorded(question)
        assert team.model.calls == 2
        assert said(team, "alice").count("Your question is kept") == 1


def said(tenant: Tenant, who: str) -> str:
    """All that the bot says to a person, in their chat or in the channel."""
    told = [*tenant.teams.messages(who), *tenant.teams.messages("General", reader=who)]
    return "\n".join(shown(one) for one in told if one.sender == tenant.teams.workspace.bot.id)
