"""What people do, as it is told by HTTP: payloads, signatures, retries, duplicates."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.signature import SignatureVerifier

from tests.standins.slack import SlackFile

if TYPE_CHECKING:
    from slack_sdk.web.async_client import AsyncWebClient

    from tests.standins.slack import SlackStandIn
    from tests.standins_slack.conftest import Receiver

FEEDBACK: list[dict[str, Any]] = [
    {
        "type": "context_actions",
        "block_id": "rating",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "feedback",
                "positive_button": {"text": {"type": "plain_text", "text": "+"}, "value": "up"},
                "negative_button": {"text": {"type": "plain_text", "text": "-"}, "value": "down"},
            }
        ],
    },
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "again",
                "text": {"type": "plain_text", "text": "Again"},
                "value": "7",
            }
        ],
    },
]


async def test_requests_are_signed_over_their_raw_body(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    slack.people.say("U0ALICE", "C0GENERAL", "héllo")
    slack.people.command("U0ALICE", "C0GENERAL", "/x", "a=b&c")
    await slack.outbox.settled()
    verifier = SignatureVerifier(slack.signing_secret)
    assert len(receiver.requests) == 2
    for headers, body in receiver.requests:
        assert verifier.is_valid_request(body, headers)


async def test_a_mention_is_told_twice_under_two_event_ids(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    text = f"{slack.people.mention} a < b"
    said = slack.people.say("U0ALICE", "C0GENERAL", text, files=[SlackFile("a.txt", b"x")])
    await slack.outbox.settled()
    mention, message = sorted(receiver.events(), key=lambda e: e["type"])
    assert (mention["type"], message["type"]) == ("app_mention", "message")
    assert mention["ts"] == message["ts"] == said.ts
    assert mention["client_msg_id"] == message["client_msg_id"]
    assert mention["text"] == "<@U0BOT> a &lt; b"
    assert "files" not in mention
    assert "channel_type" not in mention
    assert (message["subtype"], message["channel_type"]) == ("file_share", "channel")
    assert len({p["event_id"] for p in receiver.payloads()}) == 2
    assert message["blocks"][0]["elements"][0]["elements"][0] == {
        "type": "user",
        "user_id": "U0BOT",
    }
    assert receiver.payloads()[0]["authorizations"][0]["user_id"] == "U0BOT"


async def test_a_mention_in_a_direct_conversation_is_told_once(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    slack.people.say("U0ALICE", "U0ALICE", slack.people.mention)
    await slack.outbox.settled()
    assert [(e["type"], e["channel_type"]) for e in receiver.events()] == [("message", "im")]


async def test_the_twins_come_in_the_order_that_is_asked_for(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    slack.people.say(
        "U0ALICE", "C0GENERAL", slack.people.mention, twins="message_first", twin_gap_s=0.05
    )
    await slack.outbox.settled()
    assert [e["type"] for e in receiver.events()] == ["message", "app_mention"]


async def test_a_shared_channel_tells_once_for_each_workspace(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    slack.people.say("U0ERIN", "C0SHARED", "hello")
    await slack.outbox.settled()
    told = receiver.payloads()
    assert sorted(p["team_id"] for p in told) == ["T0ACME", "T0OTHER"]
    assert {p["authorizations"][0]["team_id"] for p in told} == {"T0ACME"}
    assert {p["is_ext_shared_channel"] for p in told} == {True}
    assert {p["event"]["team"] for p in told} == {"T0OTHER"}


async def test_the_bot_is_told_nothing_of_channels_it_is_not_in(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    slack.people.say("U0ALICE", "C0OUTSIDE", slack.people.mention)
    slack.people.join("U0BOT", "C0OUTSIDE")
    slack.people.say("U0ALICE", "C0OUTSIDE", "now")
    await slack.outbox.settled()
    assert sorted(e["type"] for e in receiver.events()) == ["member_joined_channel", "message"]


async def test_what_is_not_subscribed_is_not_told(slack: SlackStandIn, receiver: Receiver) -> None:
    slack.announcer.subscriptions.discard("message.channels")
    slack.people.say("U0ALICE", "C0GENERAL", slack.people.mention)
    await slack.outbox.settled()
    assert [e["type"] for e in receiver.events()] == ["app_mention"]


async def test_edits_unfurls_and_deletions_are_told(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    said = slack.people.say("U0ALICE", "C0GENERAL", "one", told=False)
    slack.people.edit(said, "two")
    await slack.outbox.settled()
    slack.people.unfurl(said, "https://example.com")
    await slack.outbox.settled()
    slack.people.delete(said)
    await slack.outbox.settled()
    edit, unfurl, deletion = receiver.events()
    assert (edit["message"]["text"], edit["previous_message"]["text"]) == ("two", "one")
    assert edit["message"]["edited"]["user"] == "U0ALICE"
    assert unfurl["message"]["text"] == unfurl["previous_message"]["text"] == "two"
    assert (deletion["subtype"], deletion["deleted_ts"]) == ("message_deleted", said.ts)


async def test_an_edit_that_adds_the_mention_is_a_mention(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    said = slack.people.say("U0ALICE", "C0GENERAL", "one", told=False)
    slack.people.edit(said, f"{slack.people.mention} one")
    slack.people.edit(said, f"{slack.people.mention} two")
    await slack.outbox.settled()
    mentions = [e for e in receiver.events() if e["type"] == "app_mention"]
    assert [(e["ts"], e["text"]) for e in mentions] == [(said.ts, "<@U0BOT> one")]


async def test_a_deleted_root_with_replies_is_told_as_a_tombstone(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    root = slack.people.say("U0ALICE", "C0GENERAL", "root", told=False)
    slack.people.say("U0BOB", "C0GENERAL", "reply", root.ts, told=False)
    slack.people.delete(root)
    await slack.outbox.settled()
    [event] = receiver.events()
    assert (event["subtype"], event["message"]["subtype"]) == ("message_changed", "tombstone")


async def test_reactions_carry_their_skin_tone_and_no_thread(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    root = slack.people.say("U0ALICE", "C0GENERAL", "root", told=False)
    reply = slack.people.say("U0BOB", "C0GENERAL", "reply", root.ts, told=False)
    slack.people.react("U0ALICE", reply, "+1::skin-tone-3")
    slack.people.unreact("U0ALICE", reply, "+1::skin-tone-3")
    await slack.outbox.settled()
    added, removed = sorted(receiver.events(), key=lambda e: e["event_ts"])
    assert (added["type"], removed["type"]) == ("reaction_added", "reaction_removed")
    assert added["reaction"] == "+1::skin-tone-3"
    assert added["item"] == {"type": "message", "channel": "C0GENERAL", "ts": reply.ts}
    assert added["item_user"] == "U0BOB"
    assert reply.reactions == {}


async def test_a_webhook_has_no_user_not_even_for_a_reaction(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    posted = slack.people.other_bot_says("C0GENERAL", "alert", user=None)
    slack.people.react("U0ALICE", posted, "x")
    await slack.outbox.settled()
    message, reaction = sorted(receiver.events(), key=lambda e: e["type"])
    assert (message["subtype"], "user" in message) == ("bot_message", False)
    assert "item_user" not in reaction


async def test_the_bot_hears_itself(
    slack: SlackStandIn, receiver: Receiver, client: AsyncWebClient
) -> None:
    slack.announcer.echo = True
    posted = await client.chat_postMessage(channel="C0GENERAL", text="x")
    where: dict[str, Any] = {"channel": "C0GENERAL", "ts": posted["ts"]}
    await client.chat_update(**where, text="y")
    await client.reactions_add(channel="C0GENERAL", timestamp=posted["ts"], name="eyes")
    await client.chat_delete(**where)
    await slack.outbox.settled()
    kinds = sorted(e.get("subtype", e["type"]) for e in receiver.events())
    assert kinds == ["message", "message_changed", "message_deleted", "reaction_added"]
    assert {p["bot_id"] for p in receiver.events() if "bot_id" in p} == {"B0BOT"}


async def test_an_event_is_told_again_at_once_then_after_one_minute_then_after_five(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    receiver.answers = [(500, ""), (503, ""), (404, ""), (200, "")]
    slack.people.say("U0ALICE", "C0GENERAL", "x")
    await slack.wait_for(lambda: len(receiver.requests) == 2)
    slack.clock.advance(60)
    await slack.wait_for(lambda: len(receiver.requests) == 3)
    slack.clock.advance(299)
    await asyncio.sleep(0.02)
    assert len(receiver.requests) == 3
    slack.clock.advance(1)
    await slack.outbox.settled()
    headers = [h for h, _ in receiver.requests]
    assert [h.get("X-Slack-Retry-Num") for h in headers] == [None, "1", "2", "3"]
    assert headers[1]["X-Slack-Retry-Reason"] == "http_error"
    assert len({body for _, body in receiver.requests}) == 1
    assert slack.outbox.deliveries[0].state == "acked"


async def test_an_event_is_given_up_after_the_third_retry(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    receiver.answers = [(500, "")] * 9
    slack.people.say("U0ALICE", "C0GENERAL", "x")
    for tries in (2, 3):
        await slack.wait_for(lambda tries=tries: len(receiver.requests) == tries)  # type: ignore[misc]  # mypy infers no type for a lambda with a default
        slack.clock.advance(300)
    await slack.outbox.settled()
    assert len(receiver.requests) == 4
    assert slack.outbox.deliveries[0].state == "given_up"


async def test_an_acknowledgement_that_takes_too_long_is_none(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    slack._ack_timeout_s = 0.1
    receiver.hold.clear()
    slack.people.say("U0ALICE", "C0GENERAL", "x")
    [delivery] = slack.outbox.deliveries
    await slack.wait_for(lambda: delivery.attempts and delivery.attempts[0].error)
    receiver.hold.set()
    await slack.outbox.settled()
    assert delivery.attempts[1].reason == "http_timeout"
    assert delivery.state == "acked"
    assert slack.outbox.ack_latencies_s()


async def test_commands_and_presses_are_told_once_whatever_comes(
    slack: SlackStandIn, receiver: Receiver, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="C0GENERAL", text="x", blocks=FEEDBACK)
    receiver.answers = [(500, ""), (500, "")]
    slack.people.command("U0ALICE", "C0GENERAL", "/x")
    slack.people.press("U0ALICE", slack.workspace.message(posted["ts"]), "again")
    await slack.outbox.settled()
    assert len(receiver.requests) == 2
    assert {d.state for d in slack.outbox.deliveries} == {"given_up"}


async def test_a_retry_can_come_though_the_first_never_did(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    slack.people.say("U0ALICE", "C0GENERAL", "x", first_attempt=1)
    await slack.outbox.settled()
    assert [h.get("X-Slack-Retry-Num") for h, _ in receiver.requests] == ["1"]


async def test_a_message_can_be_told_again_under_the_same_or_another_id(
    slack: SlackStandIn, receiver: Receiver
) -> None:
    slack.people.say("U0ALICE", "C0GENERAL", "x")
    [first] = slack.outbox.deliveries
    slack.people.tell_again(first)
    slack.people.tell_again(first, new_event_id=True, first_attempt=0)
    await slack.outbox.settled()
    assert len({p["event"]["ts"] for p in receiver.payloads()}) == 1
    assert len({p["event_id"] for p in receiver.payloads()}) == 2


async def test_messages_can_be_told_out_of_order(slack: SlackStandIn, receiver: Receiver) -> None:
    first = slack.people.say("U0ALICE", "C0GENERAL", "1", told=False)
    second = slack.people.say("U0ALICE", "C0GENERAL", "2", told=False)
    slack.people.tell(second)
    await slack.outbox.settled()
    slack.people.tell(first)
    await slack.outbox.settled()
    assert [e["text"] for e in receiver.events()] == ["2", "1"]


async def test_a_press_tells_which_feedback_button_it_was(
    slack: SlackStandIn, receiver: Receiver, client: AsyncWebClient
) -> None:
    posted = await client.chat_postMessage(channel="C0GENERAL", text="x", blocks=FEEDBACK)
    message = slack.workspace.message(posted["ts"])
    slack.people.press("U0ALICE", message, "feedback", "down")
    await slack.outbox.settled()
    [payload] = receiver.payloads()
    [action] = payload["actions"]
    assert (payload["type"], payload["message"]["ts"]) == ("block_actions", message.ts)
    assert (action["type"], action["value"], action["block_id"]) == (
        "feedback_buttons",
        "down",
        "rating",
    )
    with pytest.raises(LookupError):
        slack.people.press("U0ALICE", message, "feedback", "sideways")
    with pytest.raises(LookupError):
        slack.people.press("U0ALICE", message, "no_such_button")


async def test_a_command_is_a_form(slack: SlackStandIn, receiver: Receiver) -> None:
    slack.people.command("U0BOB", "U0BOB", "/chatbot-stats", "24h me")
    await slack.outbox.settled()
    [form] = receiver.payloads()
    assert (form["command"], form["text"]) == ("/chatbot-stats", "24h me")
    assert (form["user_id"], form["channel_name"]) == ("U0BOB", "directmessage")
    assert form["response_url"].startswith(slack.base_url)


async def test_home_and_stop_are_told(
    slack: SlackStandIn, receiver: Receiver, client: AsyncWebClient
) -> None:
    slack.people.open_home("U0ALICE", "messages")
    said = slack.people.say("U0ALICE", "U0ALICE", "x", told=False)
    where = {"channel_id": said.channel, "thread_ts": said.ts}
    await client.agents_sessions_setStatus(**where, status="processing")
    stream = await client.chat_startStream(
        channel=said.channel, thread_ts=said.ts, markdown_text="x"
    )
    slack.people.stop("U0ALICE", said.channel, said.ts)
    await slack.outbox.settled()
    stop, home = sorted(receiver.events(), key=lambda e: e["type"])
    assert (home["tab"], home["channel"]) == ("messages", said.channel)
    assert (stop["type"], stop["streaming_message_ts"]) == (
        "agent_session_stopped",
        [stream["ts"]],
    )


async def test_hostile_text_arrives_as_it_is(slack: SlackStandIn, receiver: Receiver) -> None:
    hostile = "\ud800 \x00 \u202e \U000e0041 👩‍👩‍👧"
    slack.people.say("U0ALICE", "C0GENERAL", hostile)
    await slack.outbox.settled()
    assert receiver.events()[0]["text"] == hostile
