"""Questions of people, stored and begun as a running bot would."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from core.conversation import Author, CommandCall, ConversationKey, InboundMessage, MessageRef
from core.turn import Turn
from tests.fakes.clock import START

if TYPE_CHECKING:
    from core.ports import Hold
    from core.turn import Outcome, QueuedMessage
    from tests.fakes.store import FakeStore

ADA = Author("U1", "Ada")
BEN = Author("U2", "Ben")
_numbers = count(1)


def message(
    *, by: Author = ADA, channel: str = "C1", workspace: str = "T1", platform: str = "slack"
) -> InboundMessage:
    """A question that opens a thread of its own."""
    message_id = f"{next(_numbers)}.0"
    return InboundMessage(
        ref=MessageRef(platform, workspace, channel, message_id),
        conversation=ConversationKey(platform, workspace, channel, message_id),
        author=by,
        text="why?",
        address="mention",
        sent_at=START,
    )


async def begun(store: FakeStore, question: InboundMessage) -> tuple[Hold, QueuedMessage]:
    """The question stored, its turn begun."""
    receipt = await store.accept(
        question,
        "question",
        turn_id=f"turn-{question.ref.message_id}",
        slot=True,
        follow_ups="alone",
    )
    assert receipt.hold is not None
    assert receipt.first is not None
    return receipt.hold, receipt.first


async def recorded(
    hold: Hold, queued: QueuedMessage, outcome: Outcome = "answered", **more
) -> Turn:
    turn = Turn(
        turn_id=queued.turn_id,
        conversation=queued.message.conversation,
        author=queued.message.author,
        kind=queued.kind,
        outcome=outcome,
        received_at=queued.received_at,
        question=queued.message.text,
        message_id=queued.message.ref.message_id,
    )
    turn = replace(turn, **more)
    await hold.record(turn)
    return turn


def call(name: str, *arguments: str, by: Author = ADA, thread: str = "1.0", **more) -> CommandCall:
    return CommandCall(name, arguments, ConversationKey("slack", "T1", "C1", thread), by, **more)
