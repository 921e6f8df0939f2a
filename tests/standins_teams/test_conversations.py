"""Making conversations, members, rates, faults, and pictures and files."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.standins.teams import TeamsFile, TeamsStandIn, faults

if TYPE_CHECKING:
    from tests.standins_teams.conftest import Connector, Receiver

Json = dict[str, Any]
HELLO = {"type": "message", "text": "hello"}


def wanted(teams: TeamsStandIn, **changes: Any) -> Json:
    body: Json = {
        "isGroup": False,
        "bot": {"id": teams.workspace.bot.id, "name": "chatbot"},
        "members": [{"id": teams.workspace.person("alice").id}],
        "tenantId": teams.tenant,
        "channelData": {"tenant": {"id": teams.tenant}},
    } | changes
    return {name: value for name, value in body.items() if value is not None}


async def test_a_personal_chat_is_opened_once(teams: TeamsStandIn, bot: Connector) -> None:
    first = await bot.call("POST", "conversations", wanted(teams))
    again = await bot.call("POST", "conversations", wanted(teams))
    assert first[:2] == again[:2] == (201, {"id": teams.workspace.personal("alice").id})


async def test_a_thread_is_made_in_a_channel(teams: TeamsStandIn, bot: Connector) -> None:
    channel = teams.workspace.conversation("General").id
    data = {"tenant": {"id": teams.tenant}, "channel": {"id": channel}}
    body = wanted(teams, isGroup=True, members=None, channelData=data, activity=HELLO)
    status, made, _ = await bot.call("POST", "conversations", body)
    assert status == 201
    assert made["id"] == f"{channel};messageid={made['activityId']}"
    await bot.say(made["id"], "a reply")
    assert len(teams.messages("General", root=made["activityId"])) == 2


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"bot": {"id": "28:other"}}, 400, "BadArgument"),
        ({"bot": None}, 400, "BadArgument"),
        ({"members": []}, 400, "BadSyntax"),
        ({"members": [{"id": "29:nobody"}]}, 403, "ForbiddenOperationException"),
        ({"tenantId": None, "channelData": None}, 400, "BadSyntax"),
        ({"tenantId": "other"}, 403, "Forbidden"),
        ({"topicName": "x"}, 400, "BadArgument"),
        ({"activity": HELLO}, 400, "BadArgument"),
        ({"isGroup": True}, 400, "BadSyntax"),
    ],
)
async def test_a_wrong_conversation_is_refused(
    teams: TeamsStandIn, bot: Connector, changes: Json, status: int, error: str
) -> None:
    answer = await bot.call("POST", "conversations", wanted(teams, **changes))
    assert (answer[0], answer[1]["error"]["code"]) == (status, error)


async def test_a_thread_is_made_in_a_channel_only(teams: TeamsStandIn, bot: Connector) -> None:
    root = await bot.say("General")
    for where in ("Lunch", f"General;messageid={root}"):
        data = {"tenant": {"id": teams.tenant}, "channel": {"id": bot.address(where)}}
        body = wanted(teams, isGroup=True, channelData=data, activity=HELLO)
        status, answer, _ = await bot.call("POST", "conversations", body)
        assert (status, answer["error"]["code"]) == (400, "BadSyntax")


async def test_a_person_without_the_bot_cannot_be_written_to(
    teams: TeamsStandIn, bot: Connector
) -> None:
    teams.people.block("alice")
    status, answer, _ = await bot.call("POST", "conversations", wanted(teams))
    assert (status, answer["error"]["code"]) == (403, "ForbiddenOperationException")


async def test_members_are_told(teams: TeamsStandIn, bot: Connector) -> None:
    alice = teams.workspace.person("alice")
    path = f"conversations/{quote(bot.address('Lunch'))}/members/"
    status, member, _ = await bot.call("GET", path + quote(alice.id))
    assert (status, member["aadObjectId"], member["tenantId"]) == (200, alice.aad_id, teams.tenant)
    carol = teams.workspace.person("carol")
    assert (await bot.call("GET", path + quote(carol.id)))[0] == 404


async def test_every_call_needs_a_good_token(teams: TeamsStandIn, bot: Connector) -> None:
    bot.token = "guess"
    for method, path in (
        ("POST", "conversations"),
        ("POST", f"conversations/{bot.address('alice')}/activities"),
        ("GET", "attachments/x/views/original"),
    ):
        assert (await bot.call(method, path, {}))[0] == 401
    bot.token = teams.login.issue()
    assert (await bot.call("GET", "unknown"))[0] == 404


# --- rates ---------------------------------------------------------------------------------------


async def test_a_conversation_takes_seven_calls_a_second(
    teams: TeamsStandIn, bot: Connector
) -> None:
    teams.rates.enabled = True
    path = f"conversations/{quote(bot.address('alice'))}/activities"
    seen = [await bot.call("POST", path, HELLO) for _ in range(8)]
    assert [status for status, _, _ in seen] == [201] * 7 + [429]
    assert seen[-1][2]["Retry-After"] == "1"
    await bot.say("Lunch")
    teams.clock.advance(2)
    await bot.say("alice")


# --- faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("retry_after", ["1", "soon", None])
async def test_a_throttled_call_stores_nothing(
    teams: TeamsStandIn, bot: Connector, retry_after: str | None
) -> None:
    path = f"conversations/{quote(bot.address('alice'))}/activities"
    teams.faults.on("POST", "/v3/conversations/*/activities", faults.throttled(retry_after))
    status, _, headers = await bot.call("POST", path, HELLO)
    assert (status, headers.get("Retry-After")) == (429, retry_after)
    assert teams.messages("alice") == []
    await bot.say("alice")


@pytest.mark.parametrize("stored", [False, True])
async def test_a_reset_comes_before_or_after_storing(
    teams: TeamsStandIn, bot: Connector, stored: bool
) -> None:
    fault = faults.reset_after() if stored else faults.reset_before()
    teams.faults.on("*", "*/activities", fault, where=lambda body: body["text"] == "hello")
    with pytest.raises(aiohttp.ClientError):
        await bot.say("alice")
    assert len(teams.messages("alice")) == stored
    [call] = teams.calls("POST", "/activities")
    assert (call.status, call.accepted, call.error) == (0, stored, fault.name)


async def test_a_hanging_call_and_a_dead_network(teams: TeamsStandIn, bot: Connector) -> None:
    posted = await bot.say("alice")
    teams.faults.on("PUT", "*", faults.black_hole(after=True))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bot.change("PUT", "alice", posted, HELLO | {"text": "two"}), 0.1)
    assert teams.answers("alice")[0].text == "two"
    await teams.go_offline()
    with pytest.raises(aiohttp.ClientError):
        await bot.say("alice")
    await teams.go_online()
    await bot.say("alice")


# --- pictures and files --------------------------------------------------------------------------


async def test_pictures_need_the_token_and_files_must_not_see_it(
    teams: TeamsStandIn, receiver: Receiver, bot: Connector
) -> None:
    picture = TeamsFile("cat.png", b"PNG", "image/png")
    plan = TeamsFile("plan.txt", b"the plan", "text/plain")
    said = teams.people.say("alice", "alice", "look", images=[picture], files=[plan])
    shown, file, twin = said.activity["attachments"]
    assert (shown["contentType"], twin["contentType"]) == ("image/*", "text/html")
    token = {"Authorization": f"Bearer {bot.token}"}
    for url, headers, status in (
        (shown["contentUrl"], token, 200),
        (shown["contentUrl"], {}, 401),
        (file["content"]["downloadUrl"], {}, 200),
        (file["content"]["downloadUrl"], token, 401),
        (file["content"]["downloadUrl"].partition("?")[0], {}, 404),
    ):
        async with bot.session.get(url, headers=headers) as response:
            assert response.status == status
    assert len(teams.files.leaked) == 1
    await teams.settled()
    assert receiver.activities == [said.activity]


async def test_channels_hand_over_no_files(teams: TeamsStandIn, receiver: Receiver) -> None:
    plan = TeamsFile("plan.txt", b"the plan", "text/plain")
    said = teams.people.say("alice", "General", "@bot look", files=[plan])
    [stub] = said.activity["attachments"]
    assert f'<attachment id="{plan.key}">' in stub["content"]
    await teams.settled()
