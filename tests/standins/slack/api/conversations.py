"""conversations.*, users.info and files.info: reading the workspace, page by page."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

from tests.standins.slack.api.call import Refusal
from tests.standins.slack.payloads import message_fields
from tests.standins.slack.workspace import ts_key

if TYPE_CHECKING:
    from tests.standins.slack.api.call import Call, Context
    from tests.standins.slack.workspace import Channel, Message

Json = dict[str, Any]
DEFAULT_PAGE = 100
END_OF_TIME = 10**18
MAX_PAGE = 1000  # docs.slack.dev/reference/methods/conversations.history
HISTORY_SCOPES = {
    "channel": "channels:history",
    "group": "groups:history",
    "im": "im:history",
    "mpim": "mpim:history",
}
READ_SCOPES = {
    "channel": "channels:read",
    "group": "groups:read",
    "im": "im:read",
    "mpim": "mpim:read",
}


def history(call: Call, context: Context) -> Json:
    """Newest first, without replies."""
    channel = _readable(call, context)
    oldest, latest = _bounds(call)
    page, cursor = _page(call, context, channel.roots_between(oldest, latest))
    return {
        "messages": [_message(call, context, channel, m) for m in page],
        "has_more": cursor != "",
        "pin_count": 0,
        "channel_actions_ts": None,
        "channel_actions_count": 0,
        "response_metadata": {"next_cursor": cursor},
    }


def replies(call: Call, context: Context) -> Json:
    """Oldest first, the root always first on the first page."""
    channel = _readable(call, context)
    ts = call.required("ts")
    root = channel.by_ts.get(ts)
    if root is None or (root.deleted and not root.tombstone):
        raise Refusal("thread_not_found")
    oldest, latest = _bounds(call)
    thread = channel.thread(ts) if root.root == ts else []
    answers = [m for m in thread if m is not root and oldest <= ts_key(m.ts) <= latest]
    page, cursor = _page(call, context, [root, *answers])
    return {
        "messages": [_message(call, context, channel, m) for m in page],
        "has_more": cursor != "",
        "response_metadata": {"next_cursor": cursor},
    }


def _readable(call: Call, context: Context) -> Channel:
    channel = context.channel(call)
    context.need_scope(HISTORY_SCOPES[channel.kind])
    if context.workspace.bot_user not in channel.members:
        raise Refusal("not_in_channel")
    return channel


def _bounds(call: Call) -> tuple[int, int]:
    """The oldest and the newest time that is asked for, both included."""
    step = 0 if call.flag("inclusive") else 1
    oldest, latest = _bound(call, "oldest"), _bound(call, "latest")
    return (
        0 if oldest is None else oldest + step,
        END_OF_TIME if latest is None else latest - step,
    )


def _bound(call: Call, name: str) -> int | None:
    value = call.text(name)
    if value in (None, "", "now"):
        return None
    try:
        return ts_key(str(value))
    except ValueError:
        raise Refusal(f"invalid_ts_{name}") from None


def _page(call: Call, context: Context, messages: list[Message]) -> tuple[list[Message], str]:
    limit = call.number("limit", DEFAULT_PAGE)
    if limit < 1 or limit > MAX_PAGE:
        raise Refusal("invalid_limit")
    limit = min(limit, context.page_limit)
    start = _read_cursor(call.text("cursor"), messages)
    page = messages[start : start + limit]
    more = start + limit < len(messages)
    return page, _write_cursor(messages[start + limit]) if more else ""


def _write_cursor(next_message: Message) -> str:
    return base64.b64encode(f"next_ts:{next_message.ts}".encode()).decode()


def _read_cursor(cursor: str | None, messages: list[Message]) -> int:
    if not cursor:
        return 0
    try:
        kind, _, ts = base64.b64decode(cursor, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal("invalid_cursor") from None
    places = [index for index, message in enumerate(messages) if message.ts == ts]
    if kind != "next_ts" or not places:
        raise Refusal("invalid_cursor")
    return places[0]


def _message(call: Call, context: Context, channel: Channel, message: Message) -> Json:
    fields = message_fields(context.workspace, channel, message)
    wanted = call.flag("include_all_metadata") and "metadata.message:read" in context.scopes
    if message.metadata and wanted:
        fields["metadata"] = message.metadata
    return fields


def info(call: Call, context: Context) -> Json:
    channel = context.channel(call)
    context.need_scope(READ_SCOPES[channel.kind])
    found = channel_fields(context, channel)
    if call.flag("include_num_members"):
        found["num_members"] = len(channel.members)
    return {"channel": found}


def channel_fields(context: Context, channel: Channel) -> Json:
    fields: Json = {
        "id": channel.id,
        "created": 1_700_000_000,
        "is_archived": channel.archived,
        "is_im": channel.kind == "im",
        "is_mpim": channel.kind == "mpim",
        "is_org_shared": False,
        "context_team_id": context.workspace.team,
    }
    if channel.kind == "im":
        partner = next(iter(channel.members - {context.workspace.bot_user}))
        return fields | {"user": partner, "is_user_deleted": False, "priority": 0}
    shared = channel.shared_with is not None
    return fields | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": channel.kind == "channel",
        "is_group": channel.kind == "group",
        "is_private": channel.kind != "channel",
        "is_member": context.workspace.bot_user in channel.members,
        "is_shared": shared,
        "is_ext_shared": shared,
        "shared_team_ids": [context.workspace.team, *([channel.shared_with] if shared else [])],
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def members(call: Call, context: Context) -> Json:
    channel = context.channel(call)
    context.need_scope(READ_SCOPES[channel.kind])
    everybody = sorted(channel.members)
    limit = call.number("limit", DEFAULT_PAGE)
    if limit < 1 or limit > MAX_PAGE:
        raise Refusal("invalid_limit")
    start = call.number("cursor", 0) if call.text("cursor") else 0
    more = start + limit < len(everybody)
    return {
        "members": everybody[start : start + limit],
        "response_metadata": {"next_cursor": str(start + limit) if more else ""},
    }


def open_dm(call: Call, context: Context) -> Json:
    if call.text("channel"):
        return {"channel": {"id": context.channel(call).id}, "no_op": True, "already_open": True}
    users = [user for user in (call.text("users") or "").split(",") if user]
    if not users:
        raise Refusal("users_list_not_supplied")
    if any(user not in context.workspace.people for user in users):
        raise Refusal("user_not_found")
    if len(users) > 1:
        context.need_scope("mpim:write")
    channel = context.workspace.dm(users[0])
    found = channel_fields(context, channel) if call.flag("return_im") else {"id": channel.id}
    return {"channel": found}


def user_info(call: Call, context: Context) -> Json:
    user = call.required("user")
    person = context.workspace.people.get(user)
    if person is None:
        raise Refusal("user_not_found")
    profile: Json = {
        "real_name": person.real_name,
        "display_name": person.display_name,
        "display_name_normalized": person.display_name,
        "real_name_normalized": person.real_name,
        "team": person.team,
    }
    found: Json = {
        "id": person.id,
        "team_id": person.team,
        "name": person.name,
        "deleted": person.deleted,
        "real_name": person.real_name,
        "tz": person.tz,
        "tz_label": person.tz,
        "tz_offset": person.tz_offset_s,
        "profile": profile,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "is_stranger": person.team != context.workspace.team,
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": 1_700_000_000,
    }
    if call.flag("include_locale"):
        found["locale"] = "en-GB"
    return {"user": found}


def file_info(call: Call, context: Context) -> Json:
    wanted = call.required("file")
    for channel in context.workspace.channels.values():
        for message in channel.live():
            for file in message.files:
                if file.id == wanted:
                    return {"file": file.to_api(context.workspace)}
    raise Refusal("file_not_found")
