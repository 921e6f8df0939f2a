"""chat.startStream, chat.appendStream, chat.stopStream: a message that grows, and dies of age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.standins.slack.api.call import Refusal
from tests.standins.slack.api.chat import (
    MARKDOWN_LIMIT,
    own_message,
    publish,
    read_blocks,
    read_metadata,
    read_thread,
)
from tests.standins.slack.api.sessions import SESSION_STATUSES
from tests.standins.slack.blockkit import check_blocks
from tests.standins.slack.payloads import message_fields
from tests.standins.slack.workspace import Stream

if TYPE_CHECKING:
    from tests.standins.slack.api.call import Call, Context
    from tests.standins.slack.workspace import Channel, Message

Json = dict[str, Any]
STREAM_LIMIT = 12_000  # reported: between 11,600 and 12,000 characters a streamed message
CHUNK_TEXT_LIMIT = 256  # docs.slack.dev/reference/methods/chat.appendStream, task_update
TASK_STATUSES = ("pending", "in_progress", "complete", "error")
CHUNK_FIELDS = {
    "markdown_text": ("text",),
    "task_update": ("id", "title", "status"),
    "plan_update": ("title",),
    "blocks": ("blocks",),
}


def start(call: Call, context: Context) -> Json:
    channel = context.writable(call)
    call.required("thread_ts")
    if channel.kind != "im":
        _check_recipient(call, context)
    text, chunks = _read_piece(call)
    if call.text("username") or call.text("icon_emoji") or call.text("icon_url"):
        context.need_scope("chat:write.customize")
    message = own_message(context, channel, read_thread(call, channel))
    message.stream = Stream(started_at=context.clock.monotonic())
    message.markdown = ""
    _grow(message, text, chunks)
    publish(context, channel, message)
    return {"channel": channel.id, "ts": message.ts}


def append(call: Call, context: Context) -> Json:
    channel, message, stream = _find(call, context)
    text, chunks = _read_piece(call)
    if not text and not chunks:
        raise Refusal("no_text")
    if stream.stopped_by_user:
        raise Refusal("stopped_by_user")
    if not context.announce.stream_is_open(message):
        raise Refusal("message_not_in_streaming_state")
    stream.appends += 1
    _grow(message, text, chunks)
    message.note_version()
    return {"channel": channel.id, "ts": message.ts}


def stop(call: Call, context: Context) -> Json:
    channel, message, stream = _find(call, context)
    text, chunks = _read_piece(call)
    blocks = read_blocks(call)
    metadata = read_metadata(call)
    status = call.text("session_status")
    if status is not None and status not in SESSION_STATUSES:
        raise Refusal("invalid_arguments", "must be a valid enum value: session_status")
    if stream.stopped_by_user and (text or chunks):
        raise Refusal("stopped_by_user")
    if not stream.stopped_by_user and not context.announce.stream_is_open(message):
        raise Refusal("message_not_in_streaming_state")
    before = message_fields(context.workspace, channel, message)
    _grow(message, text, chunks)
    message.blocks += blocks or []
    message.metadata = metadata or None
    stream.open = stream.stopped_by_user = False
    message.note_version()
    if status is not None:
        context.announce.session(channel.id, message.root).status = status
    context.announce.changed(channel, message, before)
    fields = message_fields(context.workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts, "message": fields}


def _check_recipient(call: Call, context: Context) -> None:
    if not call.text("recipient_team_id"):
        raise Refusal("missing_recipient_team_id")
    user = call.text("recipient_user_id")
    if not user:
        raise Refusal("missing_recipient_user_id")
    if user not in context.workspace.people:
        raise Refusal("user_not_found")


def _find(call: Call, context: Context) -> tuple[Channel, Message, Stream]:
    channel = context.channel(call)
    message = context.own_message(channel, call.required("ts"), "message_not_owned_by_app")
    if message.stream is None:
        raise Refusal("message_not_in_streaming_state")
    return channel, message, message.stream


def _read_piece(call: Call) -> tuple[str, list[Json]]:
    text = call.text("markdown_text")
    chunks = call.structure("chunks", "invalid_chunks")
    if text is not None and chunks is not None:
        raise Refusal("cannot_provide_both_markdown_text_and_chunks")
    if text is not None and len(text) > MARKDOWN_LIMIT:
        raise Refusal("msg_too_long")
    if chunks is not None:
        _check_chunks(chunks)
    return text or "", chunks or []


def _check_chunks(chunks: Any) -> None:
    if not isinstance(chunks, list):
        raise Refusal("invalid_chunks")
    for at, chunk in enumerate(chunks):
        kind = chunk.get("type") if isinstance(chunk, dict) else None
        fields = CHUNK_FIELDS.get(kind or "")
        if fields is None or any(chunk.get(name) in (None, "") for name in fields):
            raise Refusal("invalid_chunks", f"missing required field [json-pointer:/chunks/{at}]")
        if kind == "task_update" and chunk["status"] not in TASK_STATUSES:
            raise Refusal("invalid_chunks", f"unknown status [json-pointer:/chunks/{at}/status]")
        titles = [chunk.get(name) for name in ("title", "details", "output")]
        if any(isinstance(t, str) and len(t) > CHUNK_TEXT_LIMIT for t in titles):
            raise Refusal("invalid_chunks", f"text is too long [json-pointer:/chunks/{at}]")
        if kind == "blocks" and (problems := check_blocks(chunk["blocks"])):
            raise Refusal("invalid_blocks", *problems)


def _grow(message: Message, text: str, chunks: list[Json]) -> None:
    """Add to what is shown. The kind of the first piece is the kind of the whole stream."""
    stream = message.stream
    if stream is None or not (text or chunks):
        return
    mode = "markdown_text" if text else "chunks"
    if stream.mode not in (None, mode):
        raise Refusal("streaming_mode_mismatch")
    added = text + "".join(c["text"] for c in chunks if c["type"] == "markdown_text")
    if len(message.markdown or "") + len(added) > STREAM_LIMIT:
        raise Refusal("msg_too_long")
    stream.mode = "markdown_text" if text else "chunks"
    stream.chunks += chunks
    message.markdown = (message.markdown or "") + added
    message.text = message.markdown
    for chunk in chunks:
        if chunk["type"] == "blocks":
            message.blocks += chunk["blocks"]
