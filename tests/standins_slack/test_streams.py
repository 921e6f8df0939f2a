"""chat.startStream, chat.appendStream, chat.stopStream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.standins_slack.conftest import refused

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from tests.standins.slack import Message, SlackStandIn

RECIPIENT = {"recipient_team_id": "T0ACME", "recipient_user_id": "U0ALICE"}
Json = dict[str, Any]


@pytest.fixture
def asked(slack: SlackStandIn) -> Message:
    slack.announcer.subscriptions.clear()
    return slack.people.say("U0ALICE", "C0GENERAL", "question")


async def start(client: AsyncWebClient, asked: Message, **changes: Any) -> Json:
    args = {"channel": asked.channel, "thread_ts": asked.ts, **RECIPIENT} | changes
    answer = await client.chat_startStream(**args)
    return {"channel": asked.channel, "ts": answer["ts"]}


async def test_a_stream_grows_and_ends(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    stream = await start(client, asked, markdown_text="one ")
    await client.chat_appendStream(**stream, markdown_text="two ")
    await client.chat_stopStream(**stream, markdown_text="three", blocks=[{"type": "divider"}])
    [answer] = slack.workspace.answers_to(asked.ts)
    assert answer.markdown == "one two three"
    assert answer.blocks == [{"type": "divider"}]
    assert not slack.announcer.stream_is_open(answer)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"thread_ts": ""}, "invalid_arguments"),
        ({"thread_ts": "1700000000.000001"}, "thread_not_found"),
        ({"recipient_team_id": None}, "missing_recipient_team_id"),
        ({"recipient_user_id": None}, "missing_recipient_user_id"),
        ({"recipient_user_id": "U0NOBODY"}, "user_not_found"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        (
            {"markdown_text": "x", "chunks": [{"type": "markdown_text", "text": "x"}]},
            "cannot_provide_both_markdown_text_and_chunks",
        ),
        ({"chunks": [{"type": "picture"}]}, "invalid_chunks"),
        ({"chunks": [{"type": "task_update", "id": "1", "title": "x"}]}, "invalid_chunks"),
        ({"chunks": [{"type": "blocks", "blocks": [{"type": "x"}]}]}, "invalid_blocks"),
        ({"channel": "C0OUTSIDE"}, "not_in_channel"),
    ],
)
async def test_a_bad_start_is_refused(
    client: AsyncWebClient, asked: Message, changes: Json, code: str
) -> None:
    assert await refused(start(client, asked, **changes)) == code


async def test_a_stream_in_a_direct_conversation_needs_no_recipient(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    asked = slack.people.say("U0ALICE", "U0ALICE", "question")
    none = dict.fromkeys(RECIPIENT)
    assert (await start(client, asked, **none))["ts"]


async def test_a_stream_dies_after_five_minutes_and_takes_an_update_then(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    stream = await start(client, asked, markdown_text="one")
    slack.clock.advance(290)
    await client.chat_appendStream(**stream, markdown_text="two")
    slack.clock.advance(11)
    late = client.chat_appendStream(**stream, markdown_text="three")
    assert await refused(late) == "message_not_in_streaming_state"
    end = client.chat_stopStream(**stream)
    assert await refused(end) == "message_not_in_streaming_state"
    await client.chat_update(**stream, markdown_text="one two three")
    assert slack.workspace.answers_to(asked.ts)[0].shown == "one two three"


async def test_an_open_stream_takes_no_update_and_no_deletion(
    client: AsyncWebClient, asked: Message
) -> None:
    stream = await start(client, asked, markdown_text="one")
    assert await refused(client.chat_update(**stream, text="x")) == "streaming_state_conflict"
    assert await refused(client.chat_delete(**stream)) == "cant_delete_message"


async def test_a_stream_holds_twelve_thousand_characters_in_all(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    stream = await start(client, asked, markdown_text="x" * 7_000)
    more = client.chat_appendStream(**stream, markdown_text="x" * 5_001)
    assert await refused(more) == "msg_too_long"
    await client.chat_appendStream(**stream, markdown_text="x" * 5_000)
    assert len(slack.workspace.answers_to(asked.ts)[0].shown) == 12_000


async def test_a_stream_keeps_the_kind_it_began_with(
    client: AsyncWebClient, asked: Message
) -> None:
    stream = await start(client, asked, chunks=[{"type": "markdown_text", "text": "one"}])
    other = client.chat_appendStream(**stream, markdown_text="two")
    assert await refused(other) == "streaming_mode_mismatch"


async def test_nothing_cannot_be_appended(client: AsyncWebClient, asked: Message) -> None:
    stream = await start(client, asked)
    assert await refused(client.chat_appendStream(**stream)) == "no_text"


async def test_a_post_is_no_stream(client: AsyncWebClient, slack: SlackStandIn) -> None:
    posted = await client.chat_postMessage(channel="C0GENERAL", text="x")
    call = client.chat_appendStream(channel="C0GENERAL", ts=posted["ts"], markdown_text="y")
    assert await refused(call) == "message_not_in_streaming_state"
    theirs = slack.people.say("U0ALICE", "C0GENERAL", "x")
    call = client.chat_appendStream(channel="C0GENERAL", ts=theirs.ts, markdown_text="y")
    assert await refused(call) == "message_not_owned_by_app"


async def test_a_stream_that_a_person_stopped_takes_no_more_text_but_an_end(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    stream = await start(client, asked, markdown_text="one")
    with pytest.raises(LookupError):
        slack.people.stop("U0ALICE", asked.channel, asked.ts)
    where = {"channel_id": asked.channel, "thread_ts": asked.ts}
    await client.agents_sessions_setStatus(**where, status="processing")
    slack.people.stop("U0ALICE", asked.channel, asked.ts)
    more = client.chat_appendStream(**stream, markdown_text="two")
    assert await refused(more) == "stopped_by_user"
    await client.chat_stopStream(**stream, session_status="active")
    assert slack.announcer.session(asked.channel, asked.ts).status == "active"
