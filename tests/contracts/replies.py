"""The platforms whose replies keep the contract, each with eyes on what a reader sees."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.conversation import Author, ConversationKey, InboundMessage, MessageRef
from core.turn import QueuedMessage
from tests.adapters.slack.conftest import running_bot
from tests.adapters.slack.test_answer import inbound, text_of
from tests.fakes.clock import LoopClock
from tests.fakes.platform import FakeChat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from core.ports import Platform


@dataclass(frozen=True, slots=True)
class Screen:
    """A question on a platform, and what is shown in answer to it."""

    platform: Platform
    question: InboundMessage
    texts: Callable[[], dict[str, str]]
    """What the bot's messages say, by message id, oldest first."""

    def queued(self, **changes: object) -> QueuedMessage:
        message = self.question
        return QueuedMessage("turn", 1, "question", message, message.sent_at, **changes)  # type: ignore[arg-type]  # fields by name


@asynccontextmanager
async def on_fake() -> AsyncIterator[Screen]:
    chat = FakeChat(LoopClock())
    question = InboundMessage(
        ref=MessageRef("fake", "w", "c", "q"),
        conversation=ConversationKey("fake", "w", "c", "q"),
        author=Author("u", "Uma"),
        text="question",
        address="direct",
        sent_at=datetime.now(UTC),
    )

    def texts() -> dict[str, str]:
        return {ref.message_id: shown.text for ref, shown in chat.shown.items()}

    yield Screen(chat.platform, question, texts)


@asynccontextmanager
async def on_slack() -> AsyncIterator[Screen]:
    async with running_bot() as bot:
        question = await inbound(bot)

        def texts() -> dict[str, str]:
            found = bot.slack.workspace.answers_to(question.ref.message_id)
            return {message.ts: text_of(message) for message in found}

        yield Screen(bot.channel.platform, question, texts)


PLATFORMS = {"fake": on_fake, "slack": on_slack}
