"""Every message of the playground: kept in the journal, shown live, as a platform would."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapters.web.cast import ROOMS
from adapters.web.drawing.growth import Growth
from adapters.web.drawing.markdown import to_markup
from adapters.web.feed import Feed
from adapters.web.journal import Journal
from adapters.web.messages import Message, read_record, to_record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from core.ports import Clock

logger = logging.getLogger(__name__)

_TIME_DIGITS = 11
KEPT_MESSAGES = 2_000
"""Over all rooms; the oldest are dropped when the playground starts."""


def sent_at_ms_of(message_id: str) -> int:
    """Also of a message that is gone; 0 for what is no id of ours."""
    try:
        return int(message_id[:_TIME_DIGITS], 16)
    except ValueError:
        return 0


class Rooms:
    """Methods that change something raise OSError when the journal cannot be written."""

    def __init__(self, journal: Path, clock: Clock) -> None:
        self._journal = Journal(journal)
        self._clock = clock
        self._messages: dict[str, Message] = {}
        self._growing: dict[str, tuple[Growth, str]] = {}
        self.feed = Feed(secrets.token_hex(4))

    def load(self) -> None:
        """Read what an earlier run wrote, and open the journal for more."""
        for record in self._journal.read():
            self._restore(record)
        newest = list(self._messages.values())[-KEPT_MESSAGES:]
        self._messages = {message.id: message for message in newest}
        self._journal.rewrite(map(to_record, newest))

    @property
    def is_open(self) -> bool:
        """Whether anything can be written."""
        return self._journal.is_open

    def close(self) -> None:
        self.feed.end()
        self._journal.close()

    def new_id(self) -> str:
        """Unlike any id of an earlier run, even when its journal was removed in between."""
        while True:
            new = f"{self.now_ms():0{_TIME_DIGITS}x}{secrets.token_hex(3)}"
            if new not in self._messages:  # in one millisecond they meet after some thousand
                return new

    def find(self, message_id: str) -> Message | None:
        return self._messages.get(message_id)

    def by_nonce(self, author: str, nonce: str) -> Message | None:
        return next(
            (m for m in self._newest() if nonce and m.nonce == nonce and m.author == author), None
        )

    def begun_for(self, turn_id: str) -> Message | None:
        """The answer that an earlier run of this turn began."""
        return next((m for m in self._newest() if turn_id and m.turn_id == turn_id), None)

    def conversation(self, room: str, thread: str) -> list[Message]:
        """Oldest first; a thread begins with the message it hangs under."""
        return [
            message
            for message in self._messages.values()
            if message.room == room
            and (message.thread == thread or (thread and message.id == thread))
        ]

    def add(self, room: str, thread: str, author: str, **content: Any) -> Message:
        message = Message(self.new_id(), room, thread, author, self.now_ms(), **content)
        return self.put(message)

    def put(self, message: Message) -> Message:
        """A new message, or a new version of one."""
        self._journal.append(to_record(message))
        self._messages[message.id] = message
        if message.state != "running":
            self._growing.pop(message.id, None)
        self.feed.publish({"t": "message", "message": self.to_view(message)})
        return message

    def remove(self, message_id: str) -> None:
        if message_id in self._messages:
            self._journal.append({"id": message_id, "removed": True})
            del self._messages[message_id]
            self._growing.pop(message_id, None)
            self.feed.publish({"t": "removed", "id": message_id})

    def take_back(self, message: Message) -> None:
        """Remove what its author deleted; a thread that hangs under it keeps its place."""
        if len(self.conversation(message.room, message.id)) > 1:
            self.put(replace(message, text="", files=(), deleted=True))
        else:
            self.remove(message.id)

    def grow(self, message_id: str, text: str, status: str) -> None:
        """Show a running answer as it is now; not in the journal, since a new run starts over."""
        growth, shown_status = self._growing.get(message_id, (Growth(), ""))
        steps = growth.update(text) if text else []
        self._growing[message_id] = (growth, status)
        if steps or status != shown_status:
            changes = [[step.index, step.kept, step.html] for step in steps]
            self.feed.publish({"t": "grow", "id": message_id, "s": status, "c": changes})

    def react(self, message: Message, person: str, emoji: str, *, on: bool) -> Message:
        people = [one for one in message.reactions.get(emoji, ()) if one != person]
        reactions = {**message.reactions, emoji: (*people, person) if on else tuple(people)}
        kept = {name: people for name, people in reactions.items() if people}
        return self.put(replace(message, reactions=kept))

    def to_state(self) -> dict[str, Any]:
        return {
            "cursor": self.feed.cursor,
            "messages": [self.to_view(message) for message in self._messages.values()],
        }

    def to_view(self, message: Message) -> dict[str, Any]:
        """As the page gets it."""
        view = to_record(message)
        del view["turn_id"]
        if message.kind != "report":
            view["html"] = to_markup(message.text)
        view["footer"] = to_markup(message.footer) if message.footer else ""
        if message.state == "running":
            growth, status = self._growing.get(message.id, (Growth(), ""))
            view |= {"blocks": growth.blocks, "status": status}
        return view

    def _restore(self, record: dict[str, Any]) -> None:
        if record.get("removed"):
            self._messages.pop(str(record.get("id")), None)
            return
        try:
            message = read_record(record)
        except (AttributeError, TypeError, ValueError):
            logger.warning("a message in the journal has another shape and is left out")
            return
        if message.room in ROOMS:
            self._messages[message.id] = message

    def _newest(self) -> Iterable[Message]:
        return reversed(self._messages.values())

    def now_ms(self) -> int:
        return int(self._clock.now().timestamp() * 1000)
