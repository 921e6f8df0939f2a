"""Reads Teams' activities into core's words."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from adapters.teams.fields import WrongShape, dict_field, dicts_field, text_field
from adapters.teams.inbound.files import has_more_than_words, read_files
from adapters.teams.inbound.gate import read_tenant
from adapters.teams.inbound.markup import read_text
from adapters.teams.place import Kind, Place, kind_of
from core.conversation import Author, InboundMessage, MessageRef, Reaction, fold_id
from core.text.clean import clean_name, clean_text

if TYPE_CHECKING:
    from core.conversation import Address, ConversationKey

Json = dict[str, Any]

BOT_PREFIX: Final = "28:"
"""Of the ids of bots; people have 29:."""
ID_MAX_CHARS: Final = 500
NAME_MAX_CHARS: Final = 200
_MILLISECONDS: Final = re.compile(r"[0-9]{13}")
LOCAL_TENANT: Final = "local"
"""Stands for the tenant that Microsoft's local client does not always name."""
KINDS: Final[dict[str, Kind]] = {
    "personal": "personal",
    "groupChat": "group",
    "channel": "channel",
}


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every activity says."""

    payload: Json
    place: Place
    author: Author
    is_bot: bool
    """Another bot sent it, or this one."""
    at: datetime
    """Teams' own time of the event."""


def read_envelope(payload: Json) -> Envelope:
    """Raises WrongShape."""
    conversation, sender, recipient = (
        _object(payload, name) for name in ("conversation", "from", "recipient")
    )
    conversation_id, user = _id(conversation, "id"), _id(sender, "id")
    kind = _read_kind(conversation, conversation_id)
    place = Place(
        service_url=text_field(payload, "serviceUrl").rstrip("/") + "/",
        tenant=read_tenant(payload) or LOCAL_TENANT,
        conversation=conversation_id,
        kind=kind,
        bot=_id(recipient, "id"),
        bot_name=text_field(recipient, "name")[:NAME_MAX_CHARS],
        user=user,
        user_name=clean_name(text_field(sender, "name"), user),
        question=_optional_id(payload, "id"),
        targeted=recipient.get("isTargeted") is True and kind != "personal",
    )
    return Envelope(
        payload=payload,
        place=place,
        author=Author(fold_id(_optional_id(sender, "aadObjectId")) or user, place.user_name),
        is_bot=user.startswith(BOT_PREFIX) or text_field(sender, "role") == "bot",
        at=_read_time(text_field(payload, "timestamp")),
    )


def read_message(envelope: Envelope) -> InboundMessage | None:
    """A message that a person typed; None: nobody did, or there is nothing in it. Raises
    WrongShape."""
    payload, place = envelope.payload, envelope.place
    if envelope.is_bot:
        return None
    mentions = _read_mentions(payload)
    text = payload.get("text")
    if text is None and has_more_than_words(payload):
        text = ""  # a file, a picture, a card that somebody shared
    if not isinstance(text, str):
        raise WrongShape("text")
    typed = read_text(text, mentions, place.bot, place.bot_name)
    return InboundMessage(
        ref=place.ref(_id(payload, "id")),
        conversation=_conversation(envelope),
        author=envelope.author,
        text=typed.text,
        address=_address(place, mentions_bot=typed.mentions_bot),
        sent_at=envelope.at,
        attachments=read_files(payload),
        reply_to=place.to_reply_to(),
        twin=_twin(envelope, text),
        mentions_others=typed.mentions_others,
    )


def read_ref(envelope: Envelope, name: str = "id") -> MessageRef:
    """The message that an event is about. Raises WrongShape."""
    return envelope.place.ref(_id(envelope.payload, name))


def read_written_at(envelope: Envelope) -> datetime:
    """When the message of an event was written, however late the event: its id is that moment in
    milliseconds. Where a client names messages otherwise, the moment of the event."""
    message_id = text_field(envelope.payload, "id")
    if not _MILLISECONDS.fullmatch(message_id):
        return envelope.at
    return datetime.fromtimestamp(int(message_id) / 1000, UTC)


def read_reactions(envelope: Envelope) -> list[Reaction]:
    """Those that were taken off come first: putting another one on in the same moment wins."""
    if envelope.is_bot:
        return []
    ref = read_ref(envelope, "replyToId")
    changes = (("reactionsRemoved", False), ("reactionsAdded", True))
    return [
        Reaction(ref, envelope.author, text_field(one, "type"), added, envelope.at)
        for name, added in changes
        for one in dicts_field(envelope.payload, name)
        if text_field(one, "type")
    ]


def read_feedback(envelope: Envelope, newest: MessageRef | None) -> Reaction | None:
    """A press on one of the buttons that Teams puts below an answer. Some clients leave out which
    answer it was: then it was the `newest`. None: nothing that can be read."""
    value = dict_field(envelope.payload, "value")
    pressed = dict_field(value, "actionValue")
    button = {"like": "button:up", "dislike": "button:down"}.get(text_field(pressed, "reaction"))
    replied_to = _optional_id(envelope.payload, "replyToId")
    ref = envelope.place.ref(replied_to) if replied_to else newest
    if button is None or ref is None or text_field(value, "actionName") != "feedback":
        return None
    reason = _read_reason(pressed.get("feedback"))
    return Reaction(ref, envelope.author, button, added=True, at=envelope.at, reason=reason)


def _read_reason(feedback: object) -> str:
    """JSON with one field, or plain text, or nothing."""
    if not isinstance(feedback, str):
        return ""
    try:
        said = json.loads(feedback)
    except (ValueError, RecursionError):
        said = None
    reason = text_field(said, "feedbackText") if isinstance(said, dict) else feedback
    return clean_text(reason).strip()


def _read_mentions(payload: Json) -> list[Json]:
    entities = payload.get("entities") or []
    if not isinstance(entities, list) or not all(isinstance(one, dict) for one in entities):
        raise WrongShape("entities")
    mentions = [one for one in entities if one.get("type") == "mention"]
    for mention in mentions:
        if not isinstance(mention.get("mentioned"), dict):
            raise WrongShape("a mention of nobody")
    return mentions


def _conversation(envelope: Envelope) -> ConversationKey:
    """What only the bot was to see has a history of its own, which others are not answered from."""
    key = envelope.place.key
    if not envelope.place.targeted:
        return key
    return replace(key, thread=f"{key.thread}/private/{envelope.author.user_id}")


def _address(place: Place, *, mentions_bot: bool) -> Address:
    if place.kind == "personal" or place.targeted:
        return "direct"
    return "mention" if mentions_bot else "thread"


def _twin(envelope: Envelope, text: str) -> str:
    """Teams was seen to deliver a message again under a new id: the same person's same words of
    the same moment are the same message."""
    stamp = text_field(envelope.payload, "timestamp")
    if not stamp:
        return ""
    said = json.dumps([envelope.place.conversation, envelope.place.user, stamp, text])
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read_kind(conversation: Json, conversation_id: str) -> Kind:
    kind = KINDS.get(text_field(conversation, "conversationType"))
    if kind is not None:
        return kind
    found = kind_of(conversation_id)
    return "group" if found == "personal" and conversation.get("isGroup") is True else found


def _read_time(stamp: str) -> datetime:
    """Teams writes up to seven digits after the second."""
    try:
        at = datetime.fromisoformat(stamp)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongShape("timestamp") from error


def _object(payload: Json, name: str) -> Json:
    value = payload.get(name)
    if not isinstance(value, dict):
        raise WrongShape(name)
    return value


def _id(fields: Json, name: str) -> str:
    value = _optional_id(fields, name)
    if not value.strip():
        raise WrongShape(name)
    return value


def _optional_id(fields: Json, name: str) -> str:
    """Empty where it is missing; nothing that a database or an address cannot carry."""
    value = fields.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > ID_MAX_CHARS or not value.isprintable():
        raise WrongShape(name)
    return value
