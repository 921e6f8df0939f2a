"""Reads Slack's events into core's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adapters.slack.fields import read_files, text_field
from adapters.slack.markup import mentions, read_text
from adapters.slack.place import PLATFORM, Place
from adapters.slack.times import WrongTime, read_ts
from core.conversation import (
    Address,
    Author,
    ConversationKey,
    InboundMessage,
    MessageRef,
    Reaction,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

Json = dict[str, Any]

_ID: Final = re.compile(r"[A-Z0-9]{1,64}")
TYPED_SUBTYPES: Final = frozenset({"", "file_share", "thread_broadcast", "me_message"})
"""Messages that a person typed; all others are Slack's own or a bot's."""
SLACKBOT: Final = "USLACKBOT"


class WrongShape(Exception):
    """Signed by Slack, but not what its documents describe."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What surrounds an event."""

    workspace: str
    """The installation that answers, never the event's own team."""
    team: str
    bot_user: str
    event: Json


@dataclass(frozen=True, slots=True)
class Edit:
    """A person changed the words of a message."""

    ref: MessageRef
    text: str
    adds_mention: bool
    message: InboundMessage | None
    """The message as it reads now; None: it is not for the bot."""


def read_envelope(body: Json) -> Envelope:
    event = body.get("event")
    if not isinstance(event, dict) or not isinstance(event.get("type"), str):
        raise WrongShape("event")
    authorizations = body.get("authorizations")
    found = authorizations[0] if isinstance(authorizations, list) and authorizations else {}
    if not isinstance(found, dict):
        raise WrongShape("authorizations")
    team = text_field(found, "team_id") or text_field(body, "team_id")
    is_org = found.get("is_enterprise_install") is True
    workspace = (text_field(found, "enterprise_id") if is_org else "") or team
    return Envelope(workspace, team, text_field(found, "user_id"), event)


def read_message(envelope: Envelope, name_of: Callable[[str], str]) -> InboundMessage | None:
    """A message that a person typed; None: not meant for the bot, or nobody typed it.

    `app_mention` and `message` tell of the same message, and read alike.
    """
    return _read_typed(envelope, envelope.event, name_of)


def read_edit(envelope: Envelope, name_of: Callable[[str], str]) -> Edit | None:
    """None: the words are as they were (an unfurl, a reaction count), or no person's."""
    now, before = envelope.event.get("message"), envelope.event.get("previous_message")
    if not isinstance(now, dict):
        raise WrongShape("message")
    before = before if isinstance(before, dict) else {}
    if _is_by_bot(now, envelope.bot_user) or now.get("text") == before.get("text"):
        return None
    context = {name: envelope.event.get(name) for name in ("channel", "channel_type")}
    message = _read_typed(envelope, now | context, name_of)
    typed = read_text(text_field(now, "text"), envelope.bot_user, name_of)
    ref = _ref(envelope, text_field(envelope.event, "channel"), text_field(now, "ts"))
    adds = typed.mentions_bot and not mentions(text_field(before, "text"), envelope.bot_user)
    return Edit(ref, typed.text, adds, message)


def read_deletion(envelope: Envelope) -> MessageRef | None:
    """None: the message was the bot's own or another bot's."""
    event = envelope.event
    before = event.get("previous_message")
    if isinstance(before, dict) and _is_by_bot(before, envelope.bot_user):
        return None
    now = event.get("message")
    ts = text_field(event, "deleted_ts") or (text_field(now, "ts") if isinstance(now, dict) else "")
    return _ref(envelope, text_field(event, "channel"), ts)


def is_tombstone(event: Json) -> bool:
    """A deleted message that others had answered stays as an empty place."""
    message = event.get("message")
    return isinstance(message, dict) and message.get("subtype") == "tombstone"


def read_reaction(envelope: Envelope, name_of: Callable[[str], str]) -> Reaction | None:
    """None: not on a message, or the bot's own."""
    event, item = envelope.event, envelope.event.get("item")
    if not isinstance(item, dict) or item.get("type") != "message":
        return None
    user = _id(event, "user")
    if user == envelope.bot_user:
        return None
    emoji, _, _ = text_field(event, "reaction").partition("::")
    return Reaction(
        ref=_ref(envelope, text_field(item, "channel"), text_field(item, "ts")),
        author=Author(user, name_of(user)),
        emoji=emoji,
        added=event["type"] == "reaction_added",
        at=read_time(text_field(event, "event_ts")),
    )


def read_time(ts: str) -> datetime:
    """A message's timestamp; raises WrongShape."""
    try:
        return read_ts(ts)
    except WrongTime as error:
        raise WrongShape("ts") from error


def _read_typed(
    envelope: Envelope, event: Json, name_of: Callable[[str], str]
) -> InboundMessage | None:
    if text_field(event, "subtype") not in TYPED_SUBTYPES or _is_by_bot(event, envelope.bot_user):
        return None
    user, channel, ts = _id(event, "user"), _id(event, "channel"), text_field(event, "ts")
    sent_at = read_time(ts)
    root = text_field(event, "thread_ts") or ts
    read_time(root)
    typed = read_text(text_field(event, "text"), envelope.bot_user, name_of)
    direct = text_field(event, "channel_type") == "im" or channel.startswith("D")
    address = _address(typed.mentions_bot, direct=direct, in_thread=root != ts)
    if address is None:
        return None
    place = Place(
        workspace=envelope.workspace,
        channel=channel,
        thread_ts=root,
        question_ts=ts,
        team=text_field(event, "user_team") or text_field(event, "team") or envelope.team,
        user=user,
        bot_user=envelope.bot_user,
        direct=direct,
        files_unknown=event.get("type") == "app_mention" and "files" not in event,
    )
    return InboundMessage(
        ref=place.ref(ts),
        conversation=ConversationKey(PLATFORM, envelope.workspace, channel, root),
        author=Author(user, name_of(user)),
        text=typed.text,
        address=address,
        sent_at=sent_at,
        attachments=read_files(event),
        reply_to=place.to_reply_to(),
        twin=text_field(event, "client_msg_id"),
        mentions_others=typed.mentions_others,
    )


def _address(mentioned: bool, *, direct: bool, in_thread: bool) -> Address | None:
    if direct:
        return "direct"
    if mentioned:
        return "mention"
    return "thread" if in_thread else None


def _is_by_bot(message: Json, bot_user: str) -> bool:
    """Any bot: two that answer each other would never stop."""
    if message.get("bot_id") or message.get("subtype") == "bot_message":
        return True
    return message.get("user") in (None, "", SLACKBOT, bot_user)


def _ref(envelope: Envelope, channel: str, ts: str) -> MessageRef:
    if not _ID.fullmatch(channel):
        raise WrongShape("channel")
    read_time(ts)
    return MessageRef(PLATFORM, envelope.workspace, channel, ts)


def _id(fields: Json, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise WrongShape(name)
    return value
