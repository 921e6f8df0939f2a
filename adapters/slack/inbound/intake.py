"""The short way of an event: read, stored by core, and only then acknowledged."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from adapters.slack.inbound.read import (
    Envelope,
    is_tombstone,
    read_deletion,
    read_edit,
    read_envelope,
    read_message,
    read_reaction,
)
from adapters.slack.outbound.removing import remove
from adapters.slack.place import PLATFORM
from core.conversation import Author, ConversationKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adapters.slack.twins import Twins
    from adapters.slack.web.api import SlackApi
    from adapters.slack.web.names import Names
    from adapters.wire.background import Background
    from core.conversation import InboundMessage, MessageRef
    from core.ports import Chatbot

Json = dict[str, Any]

DURABLE_EVENTS: Final = frozenset(
    {"app_mention", "message", "reaction_added", "reaction_removed", "agent_session_stopped"}
)

log = logging.getLogger(__name__)


class Intake:
    """Takes the events that must not be lost. When `take` returns, the event may be acknowledged;
    it raises NotStored, then it must not be, and WrongShape."""

    def __init__(
        self,
        chatbot: Chatbot,
        api: SlackApi,
        names: Names,
        twins: Twins,
        background: Background,
    ) -> None:
        self._chatbot = chatbot
        self._twins = twins
        self._api = api
        self._names = names
        self._background = background

    async def take(self, body: Json) -> bool:
        """False: an event of another kind, which nothing is lost with."""
        envelope = read_envelope(body)
        match envelope.event["type"], envelope.event.get("subtype"):
            case "message", "message_changed":
                await self._take_edit(envelope)
            case "message", "message_deleted":
                await self._take_deletion(envelope)
            case (("message" | "app_mention"), _):
                message = read_message(envelope, self._names.get)
                if message is not None:
                    if envelope.event["type"] == "message":
                        self._twins.tell(message.ref, message.attachments)
                    await self._accept(message)
            case (("reaction_added" | "reaction_removed"), _):
                reaction = read_reaction(envelope, self._names.get)
                if reaction is not None:
                    await self._chatbot.react(reaction)
            case "agent_session_stopped", _:
                await self._take_stop(envelope)
            case _:
                return False
        return True

    async def _accept(self, message: InboundMessage) -> None:
        await self._chatbot.accept(message)
        self._names.warm([message.author.user_id])

    async def _take_edit(self, envelope: Envelope) -> None:
        if is_tombstone(envelope.event):
            await self._take_deletion(envelope)
            return
        edit = read_edit(envelope, self._names.get)
        if edit is None:
            return
        # The timestamp is that of before: asked only if the message was not for us then.
        question = edit.message if edit.adds_mention else None
        await self._chatbot.edited(edit.ref, edit.text, question)
        if question is not None:
            self._names.warm([question.author.user_id])

    async def _take_deletion(self, envelope: Envelope) -> None:
        ref = read_deletion(envelope)
        if ref is not None:
            self._background.start(self._remove(await self._chatbot.deleted(ref)))

    async def _take_stop(self, envelope: Envelope) -> None:
        event = envelope.event
        channel, thread, user = (event.get(name) for name in ("channel", "thread_ts", "user"))
        if not (isinstance(channel, str) and isinstance(thread, str) and isinstance(user, str)):
            return
        conversation = ConversationKey(PLATFORM, envelope.workspace, channel, thread)
        await self._chatbot.stop(conversation, Author(user, self._names.get(user)))

    async def _remove(self, refs: Sequence[MessageRef]) -> None:
        for ref in refs:
            await remove(self._api, ref.channel, ref.message_id)
