"""The shapes in which Slack tells of messages, reactions, buttons and commands."""

from __future__ import annotations

import base64
import json
import time
import uuid
from typing import TYPE_CHECKING, Any

from tests.standins.slack.texts import rich_text

if TYPE_CHECKING:
    from tests.standins.slack.workspace import Channel, Message, Workspace

Json = dict[str, Any]
CHANNEL_TYPES = {"channel": "channel", "group": "group", "im": "im", "mpim": "mpim"}
VERIFICATION_TOKEN = "deprecated"


def event_callback(
    workspace: Workspace, event: Json, *, shared: bool = False, team: str | None = None
) -> Json:
    """The envelope of an event. `team` is the workspace in whose context it is told: in a Slack
    Connect channel not always that of the installation in `authorizations`."""
    context = {"v": 4, "e": event["type"], "c": event.get("channel")}
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": team or workspace.team,
        "context_team_id": workspace.team,
        "context_enterprise_id": None,
        "api_app_id": workspace.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": workspace.new_id("Ev"),
        "event_time": int(time.time()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team,
                "user_id": workspace.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": base64.urlsafe_b64encode(json.dumps(context).encode()).decode(),
    }


def message_fields(workspace: Workspace, channel: Channel, message: Message) -> Json:
    """A message as history, replies and events hold it."""
    fields: Json = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
    if message.tombstone:
        fields |= {"subtype": "tombstone", "user": "USLACKBOT", "hidden": True}
        fields["text"] = "This message was deleted."
    if message.subtype and not message.tombstone:
        fields["subtype"] = message.subtype
    fields |= _author(workspace, message)
    if message.client_msg_id:
        fields["client_msg_id"] = message.client_msg_id
    fields |= _content(workspace, message)
    fields |= _thread(channel, message)
    if message.edited:
        fields["edited"] = message.edited
    if message.reactions:
        fields["reactions"] = reactions(message)
    return fields


def _author(workspace: Workspace, message: Message) -> Json:
    if message.bot_id is None:
        person = workspace.people.get(message.user)
        return {"team": person.team if person else workspace.team}
    fields: Json = {"bot_id": message.bot_id, "team": workspace.team}
    if message.bot_id == workspace.bot_id:
        fields["app_id"] = workspace.app_id
        fields["bot_profile"] = {
            "id": workspace.bot_id,
            "app_id": workspace.app_id,
            "name": "chatbot",
            "deleted": False,
            "team_id": workspace.team,
        }
    if message.username:
        fields["username"] = message.username
    return fields


def _content(workspace: Workspace, message: Message) -> Json:
    fields: Json = {}
    if message.markdown is not None:
        shown = [{"type": "markdown", "text": message.markdown}] if message.markdown else []
        fields["blocks"] = [*shown, *message.blocks]
    elif message.blocks:
        fields["blocks"] = message.blocks
    elif message.bot_id is None and message.text:
        fields["blocks"] = rich_text(message.text, message.ts[-5:])
    if message.attachments:
        fields["attachments"] = message.attachments
    if message.files:
        fields |= {"files": [file.to_api(workspace) for file in message.files], "upload": False}
    if message.stream:
        fields["streaming_state"] = "in_progress" if message.stream.open else "completed"
    return fields


def _thread(channel: Channel, message: Message) -> Json:
    replies = channel.threads.get(message.ts)
    if replies and message.thread_ts in (None, message.ts):
        live = channel.thread(message.ts)[1:]
        users = list(dict.fromkeys(reply.user for reply in live))
        return {
            "thread_ts": message.ts,
            "reply_count": len(live),
            "reply_users_count": len(users),
            "reply_users": users[:5],
            "latest_reply": live[-1].ts if live else message.ts,
            "is_locked": False,
            "subscribed": False,
        }
    if message.thread_ts is None:
        return {}
    root = channel.by_ts.get(message.thread_ts)
    return {"thread_ts": message.thread_ts} | ({"parent_user_id": root.user} if root else {})


def reactions(message: Message) -> list[Json]:
    return [
        {"name": name, "users": list(users), "count": len(users)}
        for name, users in message.reactions.items()
    ]


def message_event(workspace: Workspace, channel: Channel, message: Message) -> Json:
    """The `message.*` event of a new message."""
    fields = message_fields(workspace, channel, message)
    for only_in_history in ("reply_count", "reply_users_count", "reply_users", "latest_reply"):
        fields.pop(only_in_history, None)
    return fields | {
        "channel": channel.id,
        "event_ts": message.ts,
        "channel_type": CHANNEL_TYPES[channel.kind],
    }


def mention_event(workspace: Workspace, channel: Channel, message: Message) -> Json:
    """The `app_mention` event of the same message: without files and without channel_type."""
    fields = message_event(workspace, channel, message) | {"type": "app_mention"}
    for absent in ("files", "upload", "subtype", "channel_type"):
        fields.pop(absent, None)
    return fields


def changed_event(
    workspace: Workspace, channel: Channel, message: Message, before: Json, *, at: str
) -> Json:
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": message_fields(workspace, channel, message)
        | {"source_team": workspace.team, "user_team": workspace.team},
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "ts": at,
        "event_ts": at,
        "channel_type": CHANNEL_TYPES[channel.kind],
    }


def deleted_event(channel: Channel, before: Json, *, at: str) -> Json:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "channel": channel.id,
        "hidden": True,
        "deleted_ts": before["ts"],
        "ts": at,
        "event_ts": at,
        "channel_type": CHANNEL_TYPES[channel.kind],
    }


def reaction_event(
    kind: str, user: str, emoji: str, message: Message, *, at: str, item_user: bool
) -> Json:
    event: Json = {
        "type": kind,
        "user": user,
        "reaction": emoji,
        "item": {"type": "message", "channel": message.channel, "ts": message.ts},
        "event_ts": at,
    }
    if item_user:
        event["item_user"] = message.user
    return event


def new_client_msg_id() -> str:
    return str(uuid.uuid4())
