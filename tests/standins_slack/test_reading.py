"""conversations.history, .replies, .info, .members, .open and users.info."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.standins.slack import SlackStandIn
from tests.standins_slack.conftest import refused

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient


@pytest.fixture(autouse=True)
def quiet(slack: SlackStandIn) -> None:
    slack.announcer.subscriptions.clear()


def texts(answer: Any) -> list[str]:
    return [message["text"] for message in answer["messages"]]


async def test_history_is_newest_first_without_replies(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    first = slack.people.say("U0ALICE", "C0GENERAL", "a")
    slack.people.say("U0BOB", "C0GENERAL", "reply", first.ts)
    slack.people.say("U0BOB", "C0GENERAL", "b")
    answer = await client.conversations_history(channel="C0GENERAL")
    assert texts(answer) == ["b", "a"]
    assert answer["messages"][1]["reply_count"] == 1


async def test_one_message_is_fetched_by_its_time(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    said = [slack.people.say("U0ALICE", "C0GENERAL", text) for text in "abc"]
    where: dict[str, Any] = {"channel": "C0GENERAL", "latest": said[1].ts, "limit": 1}
    assert texts(await client.conversations_history(**where, inclusive=True)) == ["b"]
    assert texts(await client.conversations_history(**where)) == ["a"]
    newer = await client.conversations_history(channel="C0GENERAL", oldest=said[1].ts)
    assert texts(newer) == ["c"]


async def test_pages_follow_each_other_by_cursor(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    root = slack.people.say("U0ALICE", "C0GENERAL", "0")
    for number in range(1, 7):
        slack.people.say("U0ALICE", "C0GENERAL", str(number), root.ts)
    pages = []
    async for page in await client.conversations_replies(channel="C0GENERAL", ts=root.ts, limit=3):
        pages.append(texts(page))
    assert pages == [["0", "1", "2"], ["3", "4", "5"], ["6"]]


async def test_the_root_comes_first_whatever_the_bounds(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    root = slack.people.say("U0ALICE", "C0GENERAL", "root")
    slack.people.say("U0ALICE", "C0GENERAL", "a", root.ts)
    last = slack.people.say("U0ALICE", "C0GENERAL", "b", root.ts)
    answer = await client.conversations_replies(
        channel="C0GENERAL", ts=root.ts, oldest=last.ts, inclusive=True
    )
    assert texts(answer) == ["root", "b"]


async def test_the_thread_of_a_reply_is_the_reply_alone(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    root = slack.people.say("U0ALICE", "C0GENERAL", "root")
    reply = slack.people.say("U0ALICE", "C0GENERAL", "reply", root.ts)
    assert texts(await client.conversations_replies(channel="C0GENERAL", ts=reply.ts)) == ["reply"]


async def test_a_deleted_root_leaves_a_tombstone(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    root = slack.people.say("U0ALICE", "C0GENERAL", "root")
    slack.people.say("U0ALICE", "C0GENERAL", "reply", root.ts)
    slack.people.delete(root)
    answer = await client.conversations_replies(channel="C0GENERAL", ts=root.ts)
    assert [m.get("subtype") for m in answer["messages"]] == ["tombstone", None]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0OUTSIDE"}, "not_in_channel"),
        ({"latest": "today"}, "invalid_ts_latest"),
        ({"oldest": "x"}, "invalid_ts_oldest"),
        ({"cursor": "%%%"}, "invalid_cursor"),
        ({"limit": 1001}, "invalid_limit"),
        ({"limit": "many"}, "invalid_arguments"),
    ],
)
async def test_bad_reading_is_refused(
    client: AsyncWebClient, args: dict[str, Any], code: str
) -> None:
    assert await refused(client.conversations_history(**({"channel": "C0GENERAL"} | args))) == code


async def test_an_unknown_thread_is_not_found(client: AsyncWebClient) -> None:
    call = client.conversations_replies(channel="C0GENERAL", ts="1700000000.000001")
    assert await refused(call) == "thread_not_found"


async def test_metadata_needs_a_scope_of_its_own_to_be_read_back(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    metadata = {"event_type": "turn", "event_payload": {"id": "1"}}
    await client.chat_postMessage(channel="C0GENERAL", text="x", metadata=metadata)
    read: dict[str, Any] = {"channel": "C0GENERAL", "include_all_metadata": True}
    without = await client.conversations_history(**read)
    assert "metadata" not in without["messages"][0]
    slack.scopes.add("metadata.message:read")
    granted = await client.conversations_history(**read)
    assert granted["messages"][0]["metadata"] == metadata


async def test_a_channel_says_what_it_is(client: AsyncWebClient, slack: SlackStandIn) -> None:
    shared = (await client.conversations_info(channel="C0SHARED"))["channel"]
    assert (shared["is_ext_shared"], shared["is_private"]) == (True, False)
    secret = (await client.conversations_info(channel="C0SECRET"))["channel"]
    assert (secret["is_ext_shared"], secret["is_private"]) == (False, True)
    dm = (await client.conversations_info(channel=slack.workspace.dm("U0BOB").id))["channel"]
    assert (dm["is_im"], dm["user"]) == (True, "U0BOB")


async def test_members_come_in_pages(client: AsyncWebClient, slack: SlackStandIn) -> None:
    seen: list[str] = []
    async for page in await client.conversations_members(channel="C0GENERAL", limit=2):
        seen += page["members"]
    assert set(seen) == slack.workspace.channels["C0GENERAL"].members


async def test_a_conversation_with_one_person_is_opened_with_several_refused(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    opened = await client.conversations_open(users=["U0BOB"])
    assert opened["channel"]["id"] == slack.workspace.dm("U0BOB").id
    several = client.conversations_open(users=["U0BOB", "U0ALICE"])
    assert await refused(several) == "missing_scope"
    assert await refused(client.conversations_open(users=["U0NOBODY"])) == "user_not_found"


async def test_people_have_names_zones_and_no_address(client: AsyncWebClient) -> None:
    bob = (await client.users_info(user="U0BOB"))["user"]
    assert (bob["profile"]["display_name"], bob["tz"]) == ("Bob", "America/New_York")
    assert "email" not in bob["profile"]
    assert (await client.users_info(user="U0GUEST"))["user"]["is_restricted"] is True
    assert await refused(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_an_app_outside_the_marketplace_reads_fifteen_messages_a_minute(
    session: Any,
) -> None:
    from slack_sdk.web.async_client import AsyncWebClient

    async with SlackStandIn(outside_marketplace=True) as slack:
        slack.announcer.subscriptions.clear()
        for number in range(20):
            slack.people.say("U0ALICE", "C0GENERAL", str(number))
        client = AsyncWebClient(
            slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[]
        )
        assert len(texts(await client.conversations_history(channel="C0GENERAL"))) == 15
        assert await refused(client.conversations_history(channel="C0GENERAL")) == "ratelimited"
