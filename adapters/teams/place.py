"""Where an answer goes: what is stored with a question so that any process can answer it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace
from typing import Literal

from core.conversation import ConversationKey, MessageRef

PLATFORM = "teams"
ROOT_MARK = ";messageid="
"""Between a channel's id and the message that begins a thread there."""

Kind = Literal["personal", "group", "channel"]


@dataclass(frozen=True, slots=True)
class Place:
    """The `reply_to` of a message."""

    service_url: str
    """The newest that was seen; with a slash at its end."""
    tenant: str
    conversation: str
    """As Teams names it: in a channel with the thread's first message behind it."""
    kind: Kind
    bot: str
    bot_name: str = ""
    user: str = ""
    """Teams' own id of the asker, only good for this bot; empty: nobody asked."""
    user_name: str = ""
    question: str = ""
    """The id of the message that is answered."""
    targeted: bool = False
    """The question was shown to the bot alone, and so is the answer to the asker."""

    def to_reply_to(self) -> str:
        return json.dumps({name: getattr(self, name) for name in _NAMES}, separators=(",", ":"))

    @classmethod
    def read(cls, reply_to: str) -> Place:
        """Raises ValueError for what `to_reply_to` did not write."""
        stored = json.loads(reply_to)
        try:
            return cls(**stored)
        except TypeError as error:
            raise ValueError("not a place in Teams") from error

    @property
    def channel(self) -> str:
        return self.conversation.partition(ROOT_MARK)[0]

    @property
    def thread(self) -> str:
        """Only channels have threads; a chat is one conversation."""
        return self.conversation.partition(ROOT_MARK)[2]

    @property
    def key(self) -> ConversationKey:
        return ConversationKey(PLATFORM, self.tenant, self.channel, self.thread)

    def ref(self, message_id: str) -> MessageRef:
        return MessageRef(PLATFORM, self.tenant, self.channel, message_id)

    def at_top(self) -> Place:
        """The same channel or chat, for something that nobody asked for."""
        return replace(
            self,
            conversation=self.channel,
            user="",
            user_name="",
            question="",
            targeted=False,
        )

    def moved_to(self, conversation: str) -> Place:
        """Another chat, reached by the same address."""
        return replace(self.at_top(), conversation=conversation, kind=kind_of(conversation))


def kind_of(conversation: str) -> Kind:
    """By the form of its id alone."""
    if ROOT_MARK in conversation or "@thread.tacv2" in conversation:
        return "channel"
    return "group" if "@thread." in conversation else "personal"


_NAMES = tuple(field.name for field in fields(Place))
