from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from adapters.slack.inbound.read import (
    read_deletion,
    read_edit,
    read_envelope,
    read_message,
    read_reaction,
)
from adapters.slack.markup import read_text
from adapters.slack.place import Place

if TYPE_CHECKING:
    from core.conversation import InboundMessage

BOT = "U0BOT"


def body(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    authorization = {"team_id": "T1", "user_id": BOT, "is_bot": True, **changes}
    return {
        "type": "event_callback",
        "team_id": "T9",
        "event": event,
        "authorizations": [authorization],
    }


def message(**changes: Any) -> dict[str, Any]:
    return {
        "type": "message",
        "channel": "C1",
        "channel_type": "channel",
        "user": "U1",
        "ts": "1700000000.000100",
        "text": f"<@{BOT}> hello",
        "team": "T1",
        **changes,
    }


def read(**changes: Any) -> InboundMessage | None:
    return read_message(read_envelope(body(message(**changes))), str)


def test_both_twins_read_alike() -> None:
    mention = dict(message(client_msg_id="m-1").items())
    twin = mention | {"type": "app_mention"}
    del twin["channel_type"]
    one = read_message(read_envelope(body(mention)), str)
    assert one is not None
    other = read_message(read_envelope(body(twin)), str)
    assert other is not None
    assert replace(other, reply_to="") == replace(one, reply_to="")
    assert one.twin == "m-1"


def test_only_a_mention_leaves_the_files_to_be_looked_for() -> None:
    def unknown(**changes: object) -> bool:
        read = read_message(read_envelope(body(dict(message().items()) | changes)), str)
        assert read is not None
        return Place.read(read.reply_to).files_unknown

    assert unknown(type="app_mention")
    assert not unknown(type="app_mention", files=[])
    assert not unknown(type="message")


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        ({}, "mention"),
        ({"text": f"<@{BOT}|chatbot> hi"}, "mention"),
        ({"text": "hi"}, None),
        ({"text": "hi", "thread_ts": "1699999999.000100"}, "thread"),
        ({"text": "hi", "thread_ts": "1700000000.000100"}, None),
        ({"text": "hi", "channel": "D1", "channel_type": "im"}, "direct"),
        ({"text": "hi", "channel_type": "mpim"}, None),
        ({"channel_type": "mpim"}, "mention"),
        ({"type": "app_mention", "text": "hi"}, None),
        ({"subtype": "file_share"}, "mention"),
        ({"subtype": "thread_broadcast", "thread_ts": "1699999999.000100"}, "mention"),
        ({"subtype": "channel_join"}, None),
        ({"subtype": "bot_message", "bot_id": "B1"}, None),
        ({"bot_id": "B1"}, None),
        ({"user": BOT}, None),
        ({"user": "USLACKBOT"}, None),
    ],
)
def test_who_is_meant(changes: dict[str, Any], address: str | None) -> None:
    found = read(**changes)
    assert (found.address if found else None) == address


def test_each_message_at_the_top_of_a_dm_opens_its_own_conversation() -> None:
    first = read(channel="D1", channel_type="im", text="a")
    later = read(channel="D1", channel_type="im", text="b", ts="1700000009.000100")
    reply = read(channel="D1", channel_type="im", ts="1700000010.0", thread_ts="1700000009.000100")
    assert first
    assert later
    assert reply
    assert first.conversation.thread == first.ref.message_id
    assert first.conversation != later.conversation
    assert reply.conversation == later.conversation


def test_the_workspace_is_the_installation_that_answers() -> None:
    shared = body(message(team="T2", user_team="T2"), team_id="T1")
    found = read_message(read_envelope(shared | {"team_id": "T2"}), str)
    assert found is not None
    assert found.ref.workspace == "T1"
    assert Place.read(found.reply_to).team == "T2"
    org = body(message(), enterprise_id="E1", is_enterprise_install=True)
    assert read_envelope(org).workspace == "E1"
    grid = body(message(), enterprise_id="E1", is_enterprise_install=False)
    assert read_envelope(grid).workspace == "T1"


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (f"<@{BOT}> a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        (f"hi <@{BOT}>", "hi"),
        ("ask <@U2>", "ask @Bob"),
        ("<!here> and <!subteam^S1|@devs> and <!subteam^S1>", "@here and @devs and @group"),
        ("<#C1|general> <#C2>", "#general #C2"),
        ("<https://a.example/?x=1&amp;y=2|a page>", "[a page](https://a.example/?x=1&y=2)"),
        ("<https://a.example>", "https://a.example"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("broken \ud800 \x00text", "broken \ufffd text"),
    ],
)
def test_slacks_markup_becomes_markdown(typed: str, text: str) -> None:
    assert read_text(typed, BOT, {"U2": "Bob"}.__getitem__).text == text


def test_files_are_attachments_and_lost_ones_are_not() -> None:
    files = [
        {
            "id": "F1",
            "name": "a.txt",
            "mimetype": "text/plain",
            "size": 3,
            "url_private_download": "https://files.slack.com/x",
        },
        {"id": "F2", "mode": "tombstone"},
        "nonsense",
    ]
    found = read(subtype="file_share", files=files)
    assert found is not None
    (attachment,) = found.attachments
    assert (attachment.name, attachment.media_type, attachment.size_bytes) == (
        "a.txt",
        "text/plain",
        3,
    )
    assert json.loads(attachment.locator)["id"] == "F1"


def test_skin_tones_are_taken_off_and_own_reactions_ignored() -> None:
    event = {
        "type": "reaction_added",
        "user": "U1",
        "reaction": "+1::skin-tone-3",
        "item": {"type": "message", "channel": "C1", "ts": "1.000001"},
        "event_ts": "1700000000.5",
    }
    found = read_reaction(read_envelope(body(event)), str)
    assert found is not None
    assert (found.emoji, found.added, found.ref.message_id) == ("+1", True, "1.000001")
    assert read_reaction(read_envelope(body(event | {"user": BOT})), str) is None
    assert read_reaction(read_envelope(body(event | {"item": {"type": "file"}})), str) is None


def changed(before: str, now: str, **more: Any) -> dict[str, Any]:
    fields = {"user": "U1", "ts": "1700000000.000100"} | more
    return body(
        {
            "type": "message",
            "subtype": "message_changed",
            "channel": "C1",
            "channel_type": "channel",
            "message": fields | {"text": now},
            "previous_message": fields | {"text": before},
            "ts": "1700000005.000100",
        }
    )


def test_an_unfurl_is_no_edit_and_a_bots_edit_is_none_either() -> None:
    assert read_edit(read_envelope(changed("a", "a")), str) is None
    assert read_edit(read_envelope(changed("a", "b", bot_id="B1")), str) is None


def test_an_edit_that_adds_the_mention_is_a_message_for_the_bot() -> None:
    edit = read_edit(read_envelope(changed("why?", f"<@{BOT}> why?")), str)
    assert edit is not None
    assert edit.adds_mention
    assert edit.message is not None
    assert (edit.message.address, edit.message.text) == ("mention", "why?")
    again = read_edit(read_envelope(changed(f"<@{BOT}> why?", f"<@{BOT}> how?")), str)
    assert again is not None
    assert (again.adds_mention, again.text) == (False, "how?")


def test_only_peoples_messages_are_deleted() -> None:
    event = {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": "1.5"}
    found = read_deletion(read_envelope(body(event | {"previous_message": {"user": "U1"}})))
    assert found is not None
    assert found.message_id == "1.5"
    assert read_deletion(read_envelope(body(event | {"previous_message": {"user": BOT}}))) is None
