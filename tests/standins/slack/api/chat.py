"""chat.postMessage, chat.update, chat.delete, chat.postEphemeral: content and what is refused."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.standins.slack.api.call import Refusal
from tests.standins.slack.blockkit import check_blocks
from tests.standins.slack.payloads import message_fields
from tests.standins.slack.workspace import Ephemeral, Message, ts_key

if TYPE_CHECKING:
    from tests.standins.slack.api.call import Call, Context
    from tests.standins.slack.workspace import Channel

Json = dict[str, Any]
TEXT_CUT = 40_000  # docs.slack.dev/reference/methods/chat.postMessage: more is truncated
UPDATE_TEXT_LIMIT = 4_000  # docs.slack.dev/reference/methods/chat.update: above it msg_too_long
MARKDOWN_LIMIT = 12_000  # docs.slack.dev/reference/methods/chat.postMessage, markdown_text
ATTACHMENT_LIMIT = 100
METADATA_LIMIT = 8_000


@dataclass(slots=True)
class Content:
    """None: the argument was not given."""

    text: str | None
    markdown: str | None
    blocks: list[Json] | None
    attachments: list[Json] | None

    def require(self) -> None:
        if self.markdown is not None and (self.text is not None or self.blocks):
            raise Refusal("markdown_text_conflict")
        has_text = any(part and part.strip() for part in (self.text, self.markdown))
        if not (has_text or self.blocks or self.attachments):
            raise Refusal("no_text")


def read_content(call: Call) -> Content:
    markdown = call.text("markdown_text")
    if markdown is not None and len(markdown) > MARKDOWN_LIMIT:
        raise Refusal("msg_too_long")
    return Content(call.text("text"), markdown, read_blocks(call), _read_attachments(call))


def read_blocks(call: Call) -> list[Json] | None:
    blocks = call.structure("blocks", "invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise Refusal("invalid_blocks_format")
    if problems := check_blocks(blocks):
        raise Refusal("invalid_blocks", *problems)
    return blocks


def _read_attachments(call: Call) -> list[Json] | None:
    attachments = call.structure("attachments", "invalid_attachments")
    if attachments is None:
        return None
    if not isinstance(attachments, list) or not all(isinstance(a, dict) for a in attachments):
        raise Refusal("invalid_attachments")
    if len(attachments) > ATTACHMENT_LIMIT:
        raise Refusal("too_many_attachments")
    for attachment in attachments:
        if problems := check_blocks(attachment.get("blocks", [])):
            raise Refusal("invalid_attachments", *problems)
    return attachments


def read_metadata(call: Call) -> Json | None:
    metadata = call.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if metadata == {}:
        return {}
    if not isinstance(metadata, dict) or not metadata.get("event_type"):
        raise Refusal("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise Refusal("invalid_metadata_schema")
    if len(json.dumps(metadata)) > METADATA_LIMIT:
        raise Refusal("metadata_too_large")
    return metadata


def read_thread(call: Call, channel: Channel, *, unknown: str = "thread_not_found") -> str | None:
    """The root to answer under; a reply is none."""
    thread_ts = call.text("thread_ts")
    if thread_ts is None:
        return None
    try:
        ts_key(thread_ts)
    except ValueError:
        raise Refusal("invalid_thread_ts") from None
    root = channel.by_ts.get(thread_ts)
    if root is None or (root.deleted and not root.tombstone):
        raise Refusal(unknown)
    if root.thread_ts not in (None, root.ts):
        raise Refusal("cannot_reply_to_message")
    return thread_ts


def post_message(call: Call, context: Context) -> Json:
    channel = context.writable(call)
    content = read_content(call)
    content.require()
    if call.text("username") or call.text("icon_emoji") or call.text("icon_url"):
        context.need_scope("chat:write.customize")
    message = own_message(context, channel, read_thread(call, channel))
    message.text = (content.text or content.markdown or "")[:TEXT_CUT]
    message.markdown = content.markdown
    message.blocks = content.blocks or []
    message.attachments = content.attachments or []
    message.metadata = read_metadata(call)
    message.unfurl_links = call.flag("unfurl_links")
    message.unfurl_media = call.flag("unfurl_media")
    publish(context, channel, message)
    fields = message_fields(context.workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": fields}


def own_message(context: Context, channel: Channel, thread_ts: str | None) -> Message:
    workspace = context.workspace
    return Message(
        channel.id,
        workspace.new_ts(),
        workspace.bot_user,
        thread_ts=thread_ts,
        bot_id=workspace.bot_id,
        posted_at=time.monotonic(),
    )


def publish(context: Context, channel: Channel, message: Message) -> None:
    """Add a message of the bot, take its status line away, and tell of it."""
    message.note_version()
    channel.add(message)
    context.announce.reply_arrived(message)
    context.announce.new_message(channel, message)


def update(call: Call, context: Context) -> Json:
    channel = context.channel(call)
    ts = call.required("ts")
    message = context.own_message(channel, ts, "cant_update_message")
    if channel.archived:
        raise Refusal("is_inactive")
    if context.announce.stream_is_open(message):
        raise Refusal("streaming_state_conflict")
    content = read_content(call)
    content.require()
    if content.text is not None and len(content.text) > UPDATE_TEXT_LIMIT:
        raise Refusal("msg_too_long")
    before = message_fields(context.workspace, channel, message)
    _replace(message, content)
    metadata = read_metadata(call)
    message.metadata = message.metadata if metadata is None else metadata or None
    message.edited = {"user": context.workspace.bot_user, "ts": context.workspace.new_ts()}
    message.note_version()
    context.announce.changed(channel, message, before)
    fields = message_fields(context.workspace, channel, message)
    return {"channel": channel.id, "ts": ts, "text": message.text, "message": fields}


def _replace(message: Message, content: Content) -> None:
    """Blocks and attachments that are not named stay; an empty list removes them."""
    if content.text is not None:
        message.text, message.markdown = content.text, None
    if content.markdown is not None:
        message.text = message.markdown = content.markdown
    if content.blocks is not None:
        message.blocks = content.blocks
        message.markdown = message.markdown if content.markdown is not None else None
    if content.attachments is not None:
        message.attachments = content.attachments


def delete(call: Call, context: Context) -> Json:
    channel = context.channel(call)
    ts = call.required("ts")
    message = context.own_message(channel, ts, "cant_delete_message")
    if context.announce.stream_is_open(message):
        raise Refusal("cant_delete_message")
    context.announce.remove(channel, message)
    return {"channel": channel.id, "ts": ts}


def post_ephemeral(call: Call, context: Context) -> Json:
    channel = context.writable(call)
    user = call.required("user")
    if user not in context.workspace.people:
        raise Refusal("user_not_found")
    if user not in channel.members:
        raise Refusal("user_not_in_channel")
    content = read_content(call)
    content.require()
    thread_ts = read_thread(call, channel)
    ts = context.workspace.new_ts()
    text = content.markdown if content.markdown is not None else content.text or ""
    shown = Ephemeral(
        channel.id, user, text[:TEXT_CUT], content.blocks or [], thread_ts, ts, "postEphemeral"
    )
    context.workspace.ephemerals.append(shown)
    return {"message_ts": ts}


def permalink(call: Call, context: Context) -> Json:
    channel = context.channel(call)
    ts = call.required("message_ts")
    if ts not in channel.by_ts:
        raise Refusal("message_not_found")
    host = f"https://{context.workspace.team_domain}.slack.com"
    link = f"{host}/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}
