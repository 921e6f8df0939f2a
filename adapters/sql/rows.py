"""Rows to core's types and back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from core.completion import Usage
from core.conversation import Attachment, Author, ConversationKey, InboundMessage, MessageRef
from core.turn import QueuedMessage, Said, Turn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Row

    AnyRow = Row[*tuple[Any, ...]]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def to_us(moment: datetime) -> int:
    return (moment - _EPOCH) // _US


def read_us(moment_us: int) -> datetime:
    return _EPOCH + moment_us * _US


def to_key_columns(key: ConversationKey) -> dict[str, Any]:
    return {
        "platform": key.platform,
        "workspace": key.workspace,
        "channel": key.channel,
        "thread": key.thread,
    }


def to_ref_columns(ref: MessageRef) -> dict[str, Any]:
    return {
        "platform": ref.platform,
        "workspace": ref.workspace,
        "channel": ref.channel,
        "message_id": ref.message_id,
    }


def read_key(row: AnyRow) -> ConversationKey:
    return ConversationKey(row.platform, row.workspace, row.channel, row.thread)


def read_ref(row: AnyRow) -> MessageRef:
    return MessageRef(row.platform, row.workspace, row.channel, row.message_id)


def to_message_columns(message: InboundMessage) -> dict[str, Any]:
    return {
        **to_ref_columns(message.ref),
        "twin": message.twin,
        "author_id": message.author.user_id,
        "author_name": message.author.name,
        "address": message.address,
        "text": message.text,
        "attachments": to_attachments(message.attachments),
        "reply_to": message.reply_to,
        "sent_at_us": to_us(message.sent_at),
        "mentions_others": message.mentions_others,
    }


def to_attachments(attachments: Sequence[Attachment]) -> str:
    """JSON; empty when there are none, so that a statement can ask."""
    if not attachments:
        return ""
    return json.dumps(
        [[one.name, one.media_type, one.size_bytes, one.locator] for one in attachments]
    )


def read_queued(
    row: AnyRow, conversation: ConversationKey, parts: Sequence[MessageRef]
) -> QueuedMessage:
    attachments = json.loads(row.attachments) if row.attachments else ()
    message = InboundMessage(
        ref=read_ref(row),
        conversation=conversation,
        author=Author(row.author_id, row.author_name),
        text=row.text,
        address=row.address,
        sent_at=read_us(row.sent_at_us),
        attachments=tuple(Attachment(*one) for one in attachments),
        reply_to=row.reply_to,
        twin=row.twin,
        mentions_others=row.mentions_others,
    )
    return QueuedMessage(
        turn_id=row.turn_id,
        seq=row.seq,
        kind=row.kind,
        message=message,
        received_at=read_us(row.received_at_us),
        parts=tuple(parts),
        starts=row.starts,
        failures=row.failures,
        recovered=row.runs > 1 or row.parked,
        told=row.told,
        kept=_read_kept(row, message) if row.kept else None,
    )


def to_kept(turn: Turn) -> str:
    """JSON of a turn that is not recorded yet; its question stands beside it, and the words of
    others are none of it, as nobody would find them here to forget them."""
    return json.dumps(to_turn_columns(turn, {"question": "", "context": ""}))


def _read_kept(row: AnyRow, message: InboundMessage) -> Turn:
    turn = read_turn(cast("AnyRow", SimpleNamespace(**json.loads(row.kept))))
    return replace(turn, question=message.text, context=())


def to_usage_columns(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
    }


def to_turn_columns(turn: Turn, stored: Mapping[str, Any]) -> dict[str, Any]:
    """`stored`: what only the store knows, or knows better."""
    return {
        "turn_id": turn.turn_id,
        **to_key_columns(turn.conversation),
        "user_id": turn.author.user_id,
        "user_name": turn.author.name,
        "kind": turn.kind,
        "outcome": turn.outcome,
        "received_at_us": to_us(turn.received_at),
        "message_id": turn.message_id,
        "model": turn.model,
        **to_usage_columns(turn.usage),
        "cost_usd": turn.cost_usd,
        "prompt_version": turn.prompt_version,
        "first_token_s": turn.first_token_s,
        "first_visible_s": turn.first_visible_s,
        "latency_s": turn.latency_s,
        "attempts": turn.attempts,
        "error": turn.error,
        "incomplete": turn.incomplete,
        "correlation_id": turn.correlation_id,
        "question": turn.question,
        "answer": turn.answer,
        "context": to_context(turn.context),
        "address": turn.address,
        **stored,
    }


def read_turn(row: AnyRow) -> Turn:
    """Without its completions: they are money, and summed up in the turn."""
    return Turn(
        turn_id=row.turn_id,
        conversation=read_key(row),
        author=Author(row.user_id, row.user_name),
        kind=row.kind,
        outcome=row.outcome,
        received_at=read_us(row.received_at_us),
        question=row.question,
        message_id=row.message_id,
        address=row.address or "mention",  # of turns before it was kept
        answer=row.answer,
        context=read_context(row.context),
        model=row.model,
        usage=Usage(row.input_tokens, row.output_tokens, row.cached_tokens, row.reasoning_tokens),
        cost_usd=row.cost_usd,
        prompt_version=row.prompt_version,
        first_token_s=row.first_token_s,
        first_visible_s=row.first_visible_s,
        latency_s=row.latency_s,
        attempts=row.attempts,
        error=row.error,
        incomplete=row.incomplete,
        correlation_id=row.correlation_id,
    )


def to_context(context: Sequence[Said]) -> str:
    if not context:
        return ""
    return json.dumps(
        [
            [said.author.user_id, said.author.name, said.text, to_us(said.sent_at), said.message_id]
            for said in context
        ]
    )


def read_context(stored: str) -> tuple[Said, ...]:
    return tuple(
        Said(Author(user_id, name), text, read_us(sent_at_us), message_id)
        for user_id, name, text, sent_at_us, message_id in (json.loads(stored) if stored else ())
    )
