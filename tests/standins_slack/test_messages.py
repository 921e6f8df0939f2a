"""chat.postMessage, chat.update, chat.delete, chat.postEphemeral."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.standins_slack.conftest import refused

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from tests.standins.slack import SlackStandIn

DIVIDER = [{"type": "divider"}]


async def post(client: AsyncWebClient, **args: Any) -> str:
    answer = await client.chat_postMessage(**({"channel": "C0GENERAL", "text": "x"} | args))
    return str(answer["ts"])


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"channel": ""}, "invalid_arguments"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0OUTSIDE"}, "not_in_channel"),
        ({"channel": "C0OLD"}, "is_archived"),
        ({"text": ""}, "no_text"),
        ({"text": " \n "}, "no_text"),
        ({"text": None}, "no_text"),
        ({"markdown_text": "y"}, "markdown_text_conflict"),
        ({"text": None, "markdown_text": "y", "blocks": DIVIDER}, "markdown_text_conflict"),
        ({"text": None, "markdown_text": "y" * 12_001}, "msg_too_long"),
        ({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks"),
        ({"blocks": "nonsense"}, "invalid_blocks_format"),
        ({"attachments": [{}] * 101}, "too_many_attachments"),
        ({"thread_ts": "soon"}, "invalid_thread_ts"),
        ({"thread_ts": "1700000000.000001"}, "thread_not_found"),
        ({"metadata": {"event_payload": {}}}, "invalid_metadata_format"),
        ({"metadata": {"event_type": "t"}}, "invalid_metadata_schema"),
        (
            {"metadata": {"event_type": "t", "event_payload": {"k": "v" * 8000}}},
            "metadata_too_large",
        ),
    ],
)
async def test_a_bad_post_is_refused_and_changes_nothing(
    client: AsyncWebClient, slack: SlackStandIn, args: dict[str, Any], code: str
) -> None:
    assert await refused(post(client, **args)) == code
    assert [m for c in slack.workspace.channels for m in slack.workspace.messages(c)] == []


async def test_a_private_channel_without_the_bot_does_not_exist_for_it(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    slack.workspace.channels["C0SECRET"].members.discard("U0BOT")
    assert await refused(post(client, channel="C0SECRET")) == "channel_not_found"


async def test_long_text_is_cut_without_a_word(client: AsyncWebClient, slack: SlackStandIn) -> None:
    await post(client, text="x" * 40_001)
    assert len(slack.workspace.messages("C0GENERAL")[0].text) == 40_000


async def test_nobody_can_answer_under_a_reply(client: AsyncWebClient) -> None:
    root = await post(client)
    reply = await post(client, thread_ts=root)
    assert await refused(post(client, thread_ts=reply)) == "cannot_reply_to_message"


async def test_unfurl_flags_are_kept(client: AsyncWebClient, slack: SlackStandIn) -> None:
    await post(client, unfurl_links=False, unfurl_media=False)
    await post(client)
    first, second = slack.workspace.messages("C0GENERAL")
    assert (first.unfurl_links, first.unfurl_media) == (False, False)
    assert (second.unfurl_links, second.unfurl_media) == (None, None)


async def test_a_post_to_a_person_opens_their_conversation(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    answer = await client.chat_postMessage(channel="U0ALICE", text="x")
    assert answer["channel"] == slack.workspace.dm("U0ALICE").id


async def test_two_timestamps_are_never_the_same(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    slack.rates.enabled = False
    times = [await post(client) for _ in range(50)]
    assert sorted(set(times)) == times


async def test_blocks_hide_the_text(client: AsyncWebClient, slack: SlackStandIn) -> None:
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Costs"}}]
    await post(client, text="only in the notification", blocks=blocks)
    assert slack.workspace.messages("C0GENERAL")[0].shown == "Costs"


async def test_an_update_replaces_what_is_shown_and_keeps_every_version(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    ts = await post(client)
    await client.chat_update(channel="C0GENERAL", ts=ts, text="second")
    message = slack.workspace.message(ts)
    assert message.shown == "second"
    assert [shown for _, shown in message.versions] == ["x", "second"]


async def test_an_update_that_names_no_blocks_leaves_them(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    blocks = [{"type": "markdown", "text": "old"}]
    ts = await post(client, blocks=blocks)
    await client.chat_update(channel="C0GENERAL", ts=ts, text="new")
    assert slack.workspace.message(ts).shown == "old"
    await client.chat_update(channel="C0GENERAL", ts=ts, text="new", blocks=[])
    assert slack.workspace.message(ts).shown == "new"


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"ts": "1700000000.000001"}, "message_not_found"),
        ({"ts": ""}, "invalid_arguments"),
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"text": "x" * 4001}, "msg_too_long"),
        ({"text": None, "markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": ""}, "no_text"),
        ({"markdown_text": "y"}, "markdown_text_conflict"),
    ],
)
async def test_a_bad_update_is_refused(
    client: AsyncWebClient, args: dict[str, Any], code: str
) -> None:
    ts = await post(client)
    call = client.chat_update(**({"channel": "C0GENERAL", "ts": ts, "text": "y"} | args))
    assert await refused(call) == code


async def test_what_others_wrote_cannot_be_changed_or_deleted(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    theirs = slack.people.say("U0ALICE", "C0GENERAL", "mine")
    where: dict[str, Any] = {"channel": "C0GENERAL", "ts": theirs.ts}
    assert await refused(client.chat_update(**where, text="y")) == "cant_update_message"
    assert await refused(client.chat_delete(**where)) == "cant_delete_message"


async def test_what_was_deleted_is_not_found_again(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    ts = await post(client)
    await client.chat_delete(channel="C0GENERAL", ts=ts)
    assert slack.workspace.messages("C0GENERAL") == []
    again = client.chat_delete(channel="C0GENERAL", ts=ts)
    assert await refused(again) == "message_not_found"


async def test_an_archived_channel_takes_no_update(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    ts = await post(client)
    slack.workspace.channels["C0GENERAL"].archived = True
    call = client.chat_update(channel="C0GENERAL", ts=ts, text="y")
    assert await refused(call) == "is_inactive"


async def test_a_whisper_is_seen_by_its_person_only(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    await client.chat_postEphemeral(channel="C0GENERAL", user="U0BOB", text="psst")
    assert [(e.user, e.shown) for e in slack.workspace.ephemerals] == [("U0BOB", "psst")]
    assert slack.workspace.messages("C0GENERAL") == []
    stranger = client.chat_postEphemeral(channel="C0GENERAL", user="U0NOBODY", text="psst")
    assert await refused(stranger) == "user_not_found"
    slack.workspace.channels["C0GENERAL"].members.discard("U0BOB")
    gone = client.chat_postEphemeral(channel="C0GENERAL", user="U0BOB", text="psst")
    assert await refused(gone) == "user_not_in_channel"
