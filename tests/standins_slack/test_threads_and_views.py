"""Status lines, sessions, reactions, the home tab and modals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.standins_slack.conftest import refused

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from tests.standins.slack import Message, SlackStandIn

HOME: dict[str, Any] = {"type": "home", "blocks": [{"type": "divider"}]}
MODAL: dict[str, Any] = {"type": "modal", "title": {"type": "plain_text", "text": "x"}} | {
    "blocks": [{"type": "divider"}]
}


@pytest.fixture
def asked(slack: SlackStandIn) -> Message:
    slack.announcer.subscriptions &= {"agent_session_stopped"}
    return slack.people.say("U0ALICE", "U0ALICE", "question")


def where(asked: Message) -> dict[str, Any]:
    return {"channel_id": asked.channel, "thread_ts": asked.ts}


async def test_a_status_goes_with_the_reply(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    await client.assistant_threads_setStatus(**where(asked), status="is thinking")
    assert slack.announcer.status(asked.channel, asked.ts) == "is thinking"
    await client.chat_postMessage(channel=asked.channel, thread_ts=asked.ts, text="x")
    assert slack.announcer.status(asked.channel, asked.ts) == ""


async def test_a_status_goes_after_two_minutes_or_when_it_is_emptied(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    await client.assistant_threads_setStatus(**where(asked), status="is thinking")
    slack.clock.advance(121)
    assert slack.announcer.status(asked.channel, asked.ts) == ""
    await client.assistant_threads_setStatus(**where(asked), status="is thinking")
    await client.assistant_threads_setStatus(**where(asked), status="")
    assert slack.announcer.status(asked.channel, asked.ts) == ""


async def test_ten_loading_messages_are_taken_and_eleven_refused(
    client: AsyncWebClient, asked: Message
) -> None:
    call = client.assistant_threads_setStatus
    await call(**where(asked), status="x", loading_messages=["y"] * 10)
    many = call(**where(asked), status="x", loading_messages=["y"] * 11)
    assert await refused(many) == "invalid_arguments"


async def test_a_status_needs_a_thread(client: AsyncWebClient, asked: Message) -> None:
    call = client.assistant_threads_setStatus(
        channel_id=asked.channel, thread_ts="1700000000.000001", status="x"
    )
    assert await refused(call) == "invalid_thread_ts"


async def test_suggested_prompts_need_no_thread_and_are_four_at_most(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    prompt = {"title": "a", "message": "b"}
    call = client.assistant_threads_setSuggestedPrompts
    await call(channel_id=asked.channel, prompts=[prompt])
    assert slack.announcer.session(asked.channel, "").prompts == [prompt]
    many = call(channel_id=asked.channel, prompts=[prompt] * 5)
    assert await refused(many) == "invalid_arguments"
    half = call(channel_id=asked.channel, prompts=[{"title": "a"}])
    assert await refused(half) == "invalid_arguments"


async def test_a_session_has_four_states(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    call = client.agents_sessions_setStatus
    await call(**where(asked), status="processing", title="T", initiator_user_id="U0ALICE")
    assert slack.announcer.session(asked.channel, asked.ts).title == "T"
    assert await refused(call(**where(asked), status="busy")) == "invalid_arguments"
    long = call(**where(asked), status="active", title="x" * 201)
    assert await refused(long) == "invalid_arguments"
    stranger = call(**where(asked), status="active", initiator_user_id="U0BOB")
    assert await refused(stranger) == "user_not_in_channel"


async def test_processing_without_the_stop_event_is_warned_of(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    answer = await client.agents_sessions_setStatus(**where(asked), status="processing")
    assert "warning" not in answer.data
    slack.announcer.subscriptions.discard("agent_session_stopped")
    answer = await client.agents_sessions_setStatus(**where(asked), status="processing")
    assert answer["warning"] == "missing_agent_session_stopped_event_subscription"


async def test_a_reaction_is_added_once_and_removed_once(
    client: AsyncWebClient, slack: SlackStandIn, asked: Message
) -> None:
    item: dict[str, Any] = {"channel": asked.channel, "timestamp": asked.ts}
    await client.reactions_add(**item, name="eyes")
    assert await refused(client.reactions_add(**item, name="eyes")) == "already_reacted"
    got = await client.reactions_get(**item)
    assert got["message"]["reactions"] == [{"name": "eyes", "users": ["U0BOT"], "count": 1}]
    await client.reactions_remove(**item, name="eyes")
    assert await refused(client.reactions_remove(**item, name="eyes")) == "no_reaction"
    assert await refused(client.reactions_add(**item, name=":eyes:")) == "invalid_name"
    gone = client.reactions_add(channel=asked.channel, timestamp="1.000001", name="x")
    assert await refused(gone) == "message_not_found"


async def test_a_home_tab_is_published_for_a_person(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    first = await client.views_publish(user_id="U0ALICE", view=HOME)
    assert slack.workspace.homes["U0ALICE"]["blocks"] == HOME["blocks"]
    await client.views_publish(user_id="U0ALICE", view=HOME, hash=first["view"]["hash"])
    stale = client.views_publish(user_id="U0ALICE", view=HOME, hash=first["view"]["hash"])
    assert await refused(stale) == "hash_conflict"


@pytest.mark.parametrize(
    ("user", "view"),
    [
        ("U0NOBODY", HOME),
        ("U0ALICE", MODAL),
        ("U0ALICE", {"type": "home", "blocks": [{"type": "divider"}] * 101}),
        ("U0ALICE", {"type": "home", "blocks": [{"type": "table", "rows": []}]}),
        ("U0ALICE", {"type": "home"}),
    ],
)
async def test_a_bad_home_tab_is_refused(
    client: AsyncWebClient, user: str, view: dict[str, Any]
) -> None:
    assert await refused(client.views_publish(user_id=user, view=view)) == "invalid_arguments"


async def test_a_trigger_opens_one_modal_within_three_seconds(
    client: AsyncWebClient, slack: SlackStandIn
) -> None:
    one = slack.people.command("U0ALICE", "C0GENERAL", "/x").delivery.payload["trigger_id"]
    await client.views_open(trigger_id=one, view=MODAL)
    assert await refused(client.views_open(trigger_id=one, view=MODAL)) == "invalid_trigger_id"
    late = slack.people.command("U0ALICE", "C0GENERAL", "/x").delivery.payload["trigger_id"]
    slack.clock.advance(4)
    assert await refused(client.views_open(trigger_id=late, view=MODAL)) == "expired_trigger_id"
