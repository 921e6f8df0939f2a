"""Short ways to say in a test who said what, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.conversation import Attachment, Author, ConversationKey, InboundMessage, MessageRef
from core.turn import Said, Turn

ADA = Author("U1", "Ada")
BEN = Author("U2", "Ben")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
THREAD = ConversationKey("fake", "T1", "C1", "100")


def ask(
    text: str,
    *,
    by: Author = ADA,
    n: int = 1,
    key: ConversationKey = THREAD,
    attachments: tuple[Attachment, ...] = (),
) -> InboundMessage:
    """The n-th message of a conversation, mentioning the bot."""
    ref = MessageRef(key.platform, key.workspace, key.channel, f"q{n}")
    return InboundMessage(
        ref, key, by, text, "mention", NOON + timedelta(seconds=n), attachments=attachments
    )


def past_turn(question: str, answer: str, *, by: Author = ADA, n: int = 1) -> Turn:
    return Turn(
        turn_id=f"t{n}",
        conversation=THREAD,
        author=by,
        kind="question",
        outcome="answered",
        received_at=NOON + timedelta(seconds=n),
        question=question,
        message_id=f"q{n}",
        answer=answer,
    )


def said(text: str, *, by: Author = BEN, n: int = 1) -> Said:
    return Said(by, text, NOON + timedelta(seconds=n), f"s{n}")


def with_context(turn: Turn, *context: Said) -> Turn:
    return replace(turn, context=context)
