"""reactions.add, reactions.remove, reactions.get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.standins.slack import payloads
from tests.standins.slack.api.call import Refusal

if TYPE_CHECKING:
    from tests.standins.slack.api.call import Call, Context
    from tests.standins.slack.workspace import Channel, Message

Json = dict[str, Any]
EMOJI = re.compile(r"[a-z0-9_+'\-]+(::skin-tone-[2-6])?")


def add(call: Call, context: Context) -> Json:
    name, channel, message = _find(call, context)
    if channel.archived:
        raise Refusal("is_archived")
    if context.workspace.bot_user in message.reactions.get(name, ()):
        raise Refusal("already_reacted")
    context.announce.react(context.workspace.bot_user, message, name)
    return {}


def remove(call: Call, context: Context) -> Json:
    name, _, message = _find(call, context)
    if context.workspace.bot_user not in message.reactions.get(name, ()):
        raise Refusal("no_reaction")
    context.announce.unreact(context.workspace.bot_user, message, name)
    return {}


def get(call: Call, context: Context) -> Json:
    channel, message = _message(call, context)
    fields = payloads.message_fields(context.workspace, channel, message)
    return {"type": "message", "channel": channel.id, "message": fields}


def _find(call: Call, context: Context) -> tuple[str, Channel, Message]:
    name = call.text("name")
    if not name:
        raise Refusal("invalid_arguments", "missing required field: name")
    if not EMOJI.fullmatch(name):
        raise Refusal("invalid_name")
    channel, message = _message(call, context)
    return name, channel, message


def _message(call: Call, context: Context) -> tuple[Channel, Message]:
    if not call.text("channel") or not call.text("timestamp"):
        raise Refusal("no_item_specified")
    channel = context.channel(call)
    if context.workspace.bot_user not in channel.members:
        raise Refusal("not_in_channel")
    message = channel.by_ts.get(call.required("timestamp"))
    if message is None or message.deleted:
        raise Refusal("message_not_found")
    return channel, message
