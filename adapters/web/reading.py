"""What somebody wrote in a room, as core reads it; and what was said there before."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adapters.web.cast import BOT, PEOPLE, ROOMS, key_of, ref_of
from adapters.web.rooms import sent_at_ms_of
from core.conversation import Attachment, InboundMessage
from core.turn import Said

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from adapters.web.messages import Message
    from adapters.web.rooms import Rooms
    from core.conversation import Address

_MENTION = re.compile(rf"(?<![\w@])@{BOT}\b[,:]?", re.IGNORECASE)
_OTHERS = re.compile(
    rf"(?<![\w@])@(?:{'|'.join(re.escape(p.name.split()[0]) for p in PEOPLE.values())})\b",
    re.IGNORECASE,
)
_SLASH = re.compile(r"/([a-z][\w-]*)(?=\s|$)", re.IGNORECASE)


def read_message(message: Message, commands: Collection[str]) -> InboundMessage | None:
    """None: said in a channel, neither to the bot nor in a thread, so it is not told of it."""
    text = message.text.strip()
    is_command = (slash := _SLASH.match(text)) is not None and slash.group(1).lower() in commands
    is_mention = _MENTION.search(text) is not None
    address: Address
    if ROOMS[message.room].kind == "direct":
        address, thread = "direct", ""
    elif is_mention or is_command:
        address, thread = "mention", message.thread or message.id
    elif message.thread:
        address, thread = "thread", message.thread
    else:
        return None
    return InboundMessage(
        ref=ref_of(message.room, message.id),
        conversation=key_of(message.room, thread),
        author=PEOPLE[message.author].author,
        text=_to_plain(text[1:] if is_command else text),
        address=address,
        sent_at=_sent_at(message),
        attachments=tuple(
            Attachment(file.name, file.media_type, file.size_bytes, file.id)
            for file in message.files
        ),
        mentions_others=_OTHERS.search(text) is not None,
    )


class WebTranscript:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    async def before(
        self, message: InboundMessage, since: str | None, limit: int
    ) -> Sequence[Said]:
        said: list[Said] = []
        conversation = message.conversation
        since_ms = sent_at_ms_of(since) if since is not None else 0
        for one in self._rooms.conversation(conversation.channel, conversation.thread):
            if one.id == message.ref.message_id:
                break
            if since is not None and one.id == since:
                said.clear()
            elif one.author in PEOPLE and not one.deleted and one.sent_at_ms >= since_ms:
                author = PEOPLE[one.author].author
                said.append(Said(author, _to_plain(one.text), _sent_at(one), one.id))
        return said[-limit:] if limit > 0 else []


def _to_plain(text: str) -> str:
    """Without the mention of the bot, wherever it stood in the sentence."""
    if not _MENTION.search(text):
        return text
    return re.sub(r"[ \t]{2,}", " ", _MENTION.sub("", text)).strip()


def _sent_at(message: Message) -> datetime:
    return datetime.fromtimestamp(message.sent_at_ms / 1000, UTC)
