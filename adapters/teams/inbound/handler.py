"""What each kind of activity means: messages, edits, reactions, buttons, installations."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from botbuilder.core import ActivityHandler, InvokeResponse
from botbuilder.schema import Activity, Attachment

from adapters.teams.drawing.card import CARD_TYPE, draw
from adapters.teams.drawing.verbs import VERB_AGAIN, VERB_CANCEL, read_press
from adapters.teams.drawing.welcome import build_welcome
from adapters.teams.fields import WrongShape, dict_field, dicts_field, text_field
from adapters.teams.inbound.adapter import PAYLOAD
from adapters.teams.inbound.reading import (
    read_envelope,
    read_feedback,
    read_message,
    read_reactions,
    read_ref,
    read_written_at,
)
from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable
from core.conversation import CommandCall, Reaction
from core.document import Document, Text
from core.feedback import STOP_BUTTON

if TYPE_CHECKING:
    from botbuilder.core import TurnContext

    from adapters.teams.drawing.verbs import Press
    from adapters.teams.inbound.reading import Envelope
    from adapters.teams.inbound.side import Side
    from core.ports import Chatbot, Clock

Json = dict[str, Any]

MESSAGE_TYPE: Final = "application/vnd.microsoft.activity.message"
EDIT_MAY_ASK: Final = timedelta(hours=12)
"""A message may be so old that its edit is a question. Less than the shortest RETENTION_DAYS: what
was asked before is still known by then, and is not asked again."""
COMMAND_PREFIX: Final = "chatbot-"
AGAIN: Final = "Trying again."
CANCELLED: Final = "Cancelled."
NOT_AGAIN: Final = "There is nothing to try again here: it was answered, or is being answered."

log = logging.getLogger(__name__)


class Handler(ActivityHandler):
    """Each returns when its activity may be acknowledged; what takes longer goes on behind it.
    Raises NotStored, WrongShape."""

    def __init__(self, chatbot: Chatbot, side: Side, clock: Clock) -> None:
        self._chatbot = chatbot
        self._clock = clock
        self._side = side

    async def on_message_activity(self, turn_context: TurnContext) -> None:
        envelope = _envelope(turn_context)
        press = read_press(envelope.payload.get("value"))
        if press is not None and not envelope.is_bot:
            await self._on_submitted(envelope, press)
            return
        message = read_message(envelope)
        if message is None:
            return
        command = self._find_slash(message.text) if envelope.place.targeted else None
        if command is not None:
            self._side.start(self._run_privately(envelope, *command))
        else:
            await self._chatbot.accept(message)
        self._side.places.learn(envelope.place, envelope.author.user_id)

    async def on_message_update_activity(self, turn_context: TurnContext) -> None:
        """A question whose mention was added is a new one; any other has been asked already. Teams
        does not tell what the words were before."""
        envelope = _envelope(turn_context)
        if _event_type(envelope) != "editMessage":
            return
        message = read_message(envelope)
        if message is None:
            return
        age = self._clock.now() - read_written_at(envelope)
        may_ask = message.address != "thread" and age < EDIT_MAY_ASK
        await self._chatbot.edited(message.ref, message.text, message if may_ask else None)

    async def on_message_delete_activity(self, turn_context: TurnContext) -> None:
        envelope = _envelope(turn_context)
        if not envelope.is_bot:
            ref = read_ref(envelope)
            parts = await self._chatbot.deleted(ref)
            self._side.start(self._side.remove(envelope.place, parts))

    async def on_message_reaction_activity(self, turn_context: TurnContext) -> None:
        for reaction in read_reactions(_envelope(turn_context)):
            await self._chatbot.react(reaction)

    async def on_invoke_activity(self, turn_context: TurnContext) -> InvokeResponse:
        envelope = _envelope(turn_context)
        match envelope.payload.get("name"):
            case "message/submitAction":
                return await self._on_feedback(envelope)
            case "adaptiveCard/action":
                return await self._on_card_action(envelope)
            case name:
                log.info("nothing listens to the invoke %.80s", name)
                return InvokeResponse(status=404, body={})

    async def on_installation_update(self, turn_context: TurnContext) -> None:
        envelope = _envelope(turn_context)
        if text_field(envelope.payload, "action").startswith("remove"):
            await self._side.places.forget(envelope.place, envelope.author.user_id)
        else:
            await self._welcome(turn_context, envelope)

    async def on_conversation_update_activity(self, turn_context: TurnContext) -> None:
        """Of installations some clients tell only so."""
        envelope = _envelope(turn_context)
        added = (text_field(one, "id") for one in dicts_field(envelope.payload, "membersAdded"))
        removed = (text_field(one, "id") for one in dicts_field(envelope.payload, "membersRemoved"))
        if envelope.place.bot in removed:
            await self._side.places.forget(envelope.place, envelope.author.user_id)
        elif envelope.place.bot in added:
            await self._welcome(turn_context, envelope)

    async def _welcome(self, context: TurnContext, envelope: Envelope) -> None:
        self._side.places.learn(envelope.place, envelope.author.user_id)
        if await self._side.places.claim_welcome(envelope.place):
            self._side.start(self._greet(context, envelope))

    async def _greet(self, context: TurnContext, envelope: Envelope) -> None:
        welcome = build_welcome(envelope.place.bot_name, self._chatbot.commands())
        card = Attachment(content_type=CARD_TYPE, content=draw(welcome))
        try:
            await context.send_activity(Activity(type="message", attachments=[card]))
        except (TeamsRefused, TeamsUnreachable) as failure:
            log.warning("the welcome was not shown: %s", failure)

    async def _on_feedback(self, envelope: Envelope) -> InvokeResponse:
        reaction = read_feedback(envelope, self._side.newest_answer(envelope.place))
        if reaction is None:
            raise WrongShape("feedback")
        await self._chatbot.react(reaction)
        return InvokeResponse(status=200, body={})

    async def _on_card_action(self, envelope: Envelope) -> InvokeResponse:
        press = read_press(envelope.payload.get("value"))
        if press is None:
            raise WrongShape("no button of ours")
        if press.verb == VERB_AGAIN:
            done = await self._again(envelope)
            return _answer(MESSAGE_TYPE, AGAIN if done else NOT_AGAIN)
        if press.verb == VERB_CANCEL:
            await self._cancel(envelope)
            return _answer(MESSAGE_TYPE, CANCELLED)
        document = await self._run(envelope, *_split(press.command), from_slash=False)
        return _answer(CARD_TYPE, draw(document))

    async def _on_submitted(self, envelope: Envelope, press: Press) -> None:
        """From a client that tells of buttons by a message."""
        if press.verb == VERB_CANCEL:
            await self._cancel(envelope)
            return
        if press.verb != VERB_AGAIN:
            command = _split(press.command)
            self._side.start(self._run_privately(envelope, *command, from_slash=False))
            return
        try:
            done = await self._again(envelope)
        except WrongShape as shape:
            log.warning("a question could not be asked again: %s", shape)
            done = False
        if not done:
            notice = Document("", (Text(NOT_AGAIN),))
            self._side.start(self._side.whisper(envelope.place, notice))

    async def _again(self, envelope: Envelope) -> bool:
        ref = read_ref(envelope, "replyToId")
        click_id = f"{ref.message_id}/{envelope.place.question}"
        return await self._chatbot.again(ref, envelope.author, click_id)

    async def _cancel(self, envelope: Envelope) -> None:
        ref = read_ref(envelope, "replyToId")
        press = Reaction(ref, envelope.author, STOP_BUTTON, added=True, at=envelope.at)
        await self._chatbot.react(press)

    async def _run_privately(
        self, envelope: Envelope, name: str, words: tuple[str, ...], *, from_slash: bool = True
    ) -> None:
        document = await self._run(envelope, name, words, from_slash=from_slash)
        await self._side.whisper(envelope.place, document)

    async def _run(
        self, envelope: Envelope, name: str, words: tuple[str, ...], *, from_slash: bool
    ) -> Document:
        place = envelope.place
        call = CommandCall(
            name=name,
            arguments=words,
            conversation=place.key,
            author=envelope.author,
            from_slash=from_slash,
            direct=place.kind == "personal",
        )
        return await self._chatbot.run(call)

    def _find_slash(self, text: str) -> tuple[str, tuple[str, ...]] | None:
        """None: no command of ours, so it is a question that only the bot was to see."""
        name, words = _split(text)
        name = name.lower().lstrip("/!").removeprefix(COMMAND_PREFIX)
        known = {command.name for command in self._chatbot.commands()}
        return (name, words) if name in known else None


def _envelope(context: TurnContext) -> Envelope:
    payload: Any = context.turn_state[PAYLOAD]
    return read_envelope(payload)


def _event_type(envelope: Envelope) -> str:
    return text_field(dict_field(envelope.payload, "channelData"), "eventType")


def _split(line: str) -> tuple[str, tuple[str, ...]]:
    name, *words = line.split() or [""]
    return name, tuple(words)


def _answer(kind: str, value: object) -> InvokeResponse:
    return InvokeResponse(status=200, body={"statusCode": 200, "type": kind, "value": value})
