"""What an operator of a bot in Teams sets, starts, watches and stops."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.e2e.conftest import SHARED_SETTINGS, events_url, find_port, messages_url
from tests.e2e.process import run_command
from tests.e2e.team import Team
from tests.e2e.tenant import Tenant, shown
from tests.standins.slack import SlackStandIn
from tests.standins.teams import TeamsStandIn

if TYPE_CHECKING:
    from adapters.demo.server import DemoServer
    from tests.e2e.process import Outcome

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


async def test_readiness_names_a_teams_that_cannot_be_reached(hasty_tenant: Tenant) -> None:
    """Nobody can tell who sent something then, so it is not taken: Teams tells it again."""
    tenant = hasty_tenant
    tenant.teams.outbox.retry_waits_s = (5.0,) * 20
    await tenant.teams.go_offline()
    async with tenant.bot() as bot, aiohttp.ClientSession() as http:
        async with http.get(f"{bot.url}/readyz") as response:
            assert response.status == 503
            assert list((await response.json())["waiting_for"]) == ["teams"]
        question = tenant.ask("repeat: told again")
        [told] = tenant.teams.outbox.deliveries
        await tenant.teams.wait_for(lambda: told.status == 503)
        await tenant.teams.go_online()
        await tenant.answer_to(question, "told again")


async def test_people_who_write_while_the_bot_is_down_are_answered_once(
    hasty_tenant: Tenant,
) -> None:
    tenant = hasty_tenant
    tenant.teams.outbox.retry_waits_s = (5.0,) * 20
    questions = [
        tenant.ask("repeat: hello", where=where, by="alice")
        for where in ("alice", "Lunch", "General")
    ]
    told = tenant.teams.outbox.deliveries
    await tenant.teams.wait_for(lambda: all(len(one.attempts) > 1 for one in told))
    async with tenant.bot():
        for question in questions:
            await tenant.answer_to(question, "hello")
        await tenant.told()
    assert [len(tenant.answers(question)) for question in questions] == [1, 1, 1]


async def test_sigterm_lets_running_answers_end(hasty_tenant: Tenant) -> None:
    tenant = hasty_tenant
    text = "repeat: one two three four five six seven eight nine fault:drip:0.02"
    async with tenant.bot() as bot:
        questions = [tenant.ask(text, where=where) for where in ("alice", "General")]
        for question in questions:
            await tenant.text_appears(question)
        assert await bot.stop() == 0
        for question in questions:
            await tenant.answer_to(question, "eight nine")
        assert not [line for line in bot.lines if "Traceback" in line]


async def test_the_check_says_ok_or_what_is_wrong_line_by_line(
    tmp_path: Path, model: DemoServer
) -> None:
    async with TeamsStandIn() as teams:

        async def check(**changes: str) -> Outcome:
            tenant = Tenant(teams, model, Path(tempfile.mkdtemp(dir=tmp_path)), 0)
            settings = tenant.settings(**changes)
            return await run_command(tenant.folder, "check", environment=settings)

        right, wrong, unset = await asyncio.gather(
            check(),
            check(
                MICROSOFT_APP_PASSWORD="not-the-secret",
                TEAMS_OPENID_METADATA_URL="http://127.0.0.1:9/keys",
            ),
            check(MICROSOFT_APP_PASSWORD=""),
        )
    assert (right.code, right.err, wrong_lines(right)) == (0, "", [])
    assert sum("Teams" in line for line in right.out.splitlines()) == 2
    assert (wrong.code, wrong.err, unset.code, unset.err) == (1, "", 1, "")
    sign_in, keys = wrong_lines(wrong)
    assert "7000215: the client secret is wrong" in sign_in
    assert "http://127.0.0.1:9/keys gives none (TEAMS_OPENID_METADATA_URL)" in keys
    assert "MICROSOFT_APP_PASSWORD: set the client secret" in wrong_lines(unset)[0]
    assert teams.secret not in right.out + wrong.out + unset.out
    assert "not-the-secret" not in wrong.out


def wrong_lines(ended: Outcome) -> list[str]:
    return [line for line in ended.out.splitlines() if not line.startswith("ok   ")]
