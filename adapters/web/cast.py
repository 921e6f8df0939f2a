"""Who and what is in the playground: its people, rooms, emoji and names; nothing here changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.conversation import Author, ConversationKey, MessageRef

PLATFORM = "web"
WORKSPACE = "playground"
BOT = "chatbot"
"""The bot's user id, and what people write after the @."""


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str

    @property
    def author(self) -> Author:
        return Author(self.id, self.name)


@dataclass(frozen=True, slots=True)
class Room:
    id: str
    kind: Literal["channel", "direct"]
    name: str
    topic: str
    person: str = ""
    """Whose DM it is; empty for a channel."""


PEOPLE = {
    person.id: person
    for person in (
        Person("mira", "Mira Okafor"),
        Person("jonas", "Jonas Lind"),
        Person("priya", "Priya Nair"),
    )
}
CHANNELS = (Room("general", "channel", "general", "Mention @chatbot, and it answers in a thread"),)
ROOMS = {
    room.id: room
    for room in (
        *CHANNELS,
        *(
            Room(f"dm-{person.id}", "direct", BOT, "Just you and the bot", person.id)
            for person in PEOPLE.values()
        ),
    )
}

EMOJI = {
    "+1": "👍",
    "-1": "👎",
    "heart": "❤️",
    "tada": "🎉",
    "white_check_mark": "✅",
    "x": "❌",
    "eyes": "👀",
    "rocket": "🚀",
    "smile": "😄",
    "thinking_face": "🤔",
    "confused": "😕",
    "octagonal_sign": "🛑",
}
"""By the names that the settings REACTIONS_UP and REACTIONS_DOWN use."""


def key_of(room: str, thread: str) -> ConversationKey:
    return ConversationKey(PLATFORM, WORKSPACE, room, thread)


def ref_of(room: str, message_id: str) -> MessageRef:
    return MessageRef(PLATFORM, WORKSPACE, room, message_id)
