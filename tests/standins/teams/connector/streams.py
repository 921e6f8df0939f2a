"""Streamed messages: typing activities that grow, one final message, and the ways they end.

learn.microsoft.com, "Stream bot messages": 201 with the id first, 202 with an empty object after.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.standins.teams.connector.call import Refusal
from tests.standins.teams.workspace import Message, Stream

if TYPE_CHECKING:
    from tests.standins.teams.connector.call import Call, Context
    from tests.standins.teams.workspace import Conversation

Json = dict[str, Any]
OUT_OF_ORDER = "ContentStreamSequenceOrderPreConditionFailed"
NOT_ALLOWED = "Content stream is not allowed"
COMPLETED = "Content stream is not allowed on an already completed streamed message"
CANCELED = "Content stream was canceled by user."
EXPIRED = "Content stream finished due to exceeded streaming time."
NOT_A_PREFIX = "Request streamed content should contain the previously streamed content"
TOO_LARGE = "Message size too large"
ENDED = {"finished": COMPLETED, "stopped": CANCELED, "expired": EXPIRED}
TIMER_SLACK_S = 0.02
"""A caller that waits one second may be early by as much as its timer is coarse."""


def forbidden(message: str) -> Refusal:
    return Refusal(403, "ContentStreamNotAllowed", message)


def wrong(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def run(call: Call, conversation: Conversation, info: Json, context: Context) -> web.Response:
    """One request of a stream, whichever it is."""
    if conversation.kind != "personal":
        raise forbidden(NOT_ALLOWED)
    _check_info(call.activity, info)
    _check_size(call.activity, info, context)
    stream_id = info.get("streamId")
    if stream_id is None:
        return _start(call, conversation, info, context)
    message = conversation.messages.get(stream_id)
    if message is None or message.stream is None or message.deleted:
        raise Refusal(404, "ActivityNotFoundInConversation", "Conversation not found.")
    stream = message.stream
    settle(message, context)
    if stream.state != "open":
        raise forbidden(ENDED[stream.state])
    if _overtakes(call, stream_id, context) or not _in_order(info, stream):
        return _dropped(call)
    _check_pace(stream, context)
    return _grow(call, message, info, context)


def settle(message: Message, context: Context) -> None:
    """Age ends a stream without anybody asking."""
    stream = message.stream
    if stream is None or stream.state != "open":
        return
    if context.clock.monotonic() - stream.started_at > context.limits.stream_s:
        stream.state = "expired"


def open_stream(conversation: Conversation, context: Context) -> Message | None:
    for message in conversation.messages.values():
        settle(message, context)
        if message.stream is not None and message.stream.state == "open" and not message.deleted:
            return message
    return None


def _check_info(activity: Json, info: Json) -> None:
    kind = info.get("streamType", "streaming")
    sequence = info.get("streamSequence")
    if kind not in ("informative", "streaming", "final"):
        raise wrong(f"Unknown stream type: {kind!r}")
    if (activity["type"] == "message") is not (kind == "final"):
        raise wrong(
            "Only start streaming and continue streaming types are allowed as a typing activity"
        )
    if not activity.get("text") and not (kind == "final" and activity.get("attachments")):
        raise wrong("Start streaming activities should include text")
    if kind == "final":
        if sequence is not None:
            raise wrong("streamSequence must not be set for the final message")
        if not info.get("streamId"):
            raise wrong("End streaming activities should include a stream id")
    elif isinstance(sequence, bool) or not isinstance(sequence, int):
        raise wrong("streamSequence must be an integer")


def _check_size(activity: Json, info: Json, context: Context) -> None:
    text = activity.get("text", "")
    informative = info.get("streamType") == "informative"
    if informative and len(text) > context.limits.informative_chars:
        raise forbidden(TOO_LARGE)
    if len(text.encode("utf-16-le")) > context.limits.message_bytes:
        raise forbidden(TOO_LARGE)


def _start(call: Call, conversation: Conversation, info: Json, context: Context) -> web.Response:
    if info.get("streamSequence") != 1:
        raise wrong("The first streamSequence must be 1")
    if open_stream(conversation, context) is not None:
        raise forbidden(NOT_ALLOWED)
    now = context.clock.monotonic()
    workspace = context.workspace
    message = Message(workspace.new_id(), conversation.id, workspace.bot.id, {})
    message.stream = Stream(started_at=now, last_at=now)
    message.posted_at = time.monotonic()
    conversation.messages[message.id] = message
    _note(message, call.activity, info)
    call.answer = {"id": message.id}
    return web.json_response(call.answer, status=201)


def _grow(call: Call, message: Message, info: Json, context: Context) -> web.Response:
    stream = message.stream
    assert stream is not None
    if info.get("streamType", "streaming") != "informative":
        if not call.activity.get("text", "").startswith(stream.text):
            raise forbidden(NOT_A_PREFIX)
    elif stream.text:
        raise wrong("Informative updates must come before the content")
    stream.last_at = context.clock.monotonic()
    if info.get("streamType") == "final":
        stream.state = "finished"
    else:
        stream.sequence += 1
    _note(message, call.activity, info)
    call.answer = {}
    return web.json_response(call.answer, status=202)


def _note(message: Message, activity: Json, info: Json) -> None:
    stream = message.stream
    assert stream is not None
    if info.get("streamType", "streaming") == "informative":
        stream.informative.append(activity["text"])
        return
    stream.text = activity.get("text", "")
    message.change(activity)


def _check_pace(stream: Stream, context: Context) -> None:
    gap_s = context.clock.monotonic() - stream.last_at
    if gap_s < context.limits.stream_gap_s - TIMER_SLACK_S:
        raise Refusal(429, "Throttled", "API calls quota exceeded", {"Retry-After": "1"})


def _in_order(info: Json, stream: Stream) -> bool:
    return info.get("streamType") == "final" or info["streamSequence"] == stream.sequence + 1


def _overtakes(call: Call, stream_id: str, context: Context) -> bool:
    """Whether an earlier request of the same stream has no answer yet."""
    for earlier in context.calls[-50:]:
        if earlier is call:
            return False
        if earlier.status is None and earlier.conversation == call.conversation:
            entities = earlier.activity.get("entities") or []
            if any(isinstance(e, dict) and e.get("streamId") == stream_id for e in entities):
                return True
    return False


def _dropped(call: Call) -> web.Response:
    """Teams answers 202 and throws the request away."""
    text = "PreCondition failed exception when processing streaming activity."
    call.error = OUT_OF_ORDER
    call.answer = {"error": {"code": OUT_OF_ORDER, "message": text}}
    return web.json_response(call.answer, status=202)
