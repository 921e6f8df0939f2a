"""Where an answer goes: what is stored with a question so that any process can answer it."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields

from core.conversation import MessageRef

PLATFORM = "slack"


@dataclass(frozen=True, slots=True)
class Place:
    """The `reply_to` of a message. Without a thread it is of one that nobody asked for: it begins a
    thread in the channel, `question_ts` is when it was wanted, and there is no `user`."""

    workspace: str
    channel: str
    thread_ts: str
    question_ts: str
    team: str
    """The asker's own team: a stream wants to know for whom it is."""
    user: str
    bot_user: str
    """The bot's user id in this workspace; tells its own messages from others."""
    direct: bool
    files_unknown: bool = False
    """The event does not say which files the message has."""

    def to_reply_to(self) -> str:
        return json.dumps({name: getattr(self, name) for name in _NAMES}, separators=(",", ":"))

    @classmethod
    def read(cls, reply_to: str) -> Place:
        """Raises ValueError for what `to_reply_to` did not write."""
        stored = json.loads(reply_to)
        try:
            return cls(**stored)
        except TypeError as error:
            raise ValueError("not a place in Slack") from error

    def ref(self, ts: str) -> MessageRef:
        return MessageRef(PLATFORM, self.workspace, self.channel, ts)


_NAMES = tuple(field.name for field in fields(Place))
