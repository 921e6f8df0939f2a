"""The tenant that the stand-in keeps: people, conversations, messages, and waiting for a change."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
Kind = Literal["personal", "groupChat", "channel"]
ADAPTIVE_CARD = "application/vnd.microsoft.card.adaptive"
THREAD_MARK = ";messageid="
T = TypeVar("T")


@dataclass(slots=True)
class Person:
    id: str
    name: str
    aad_id: str
    is_guest: bool = False

    def account(self) -> Json:
        return {"id": self.id, "name": self.name, "aadObjectId": self.aad_id}


@dataclass(slots=True)
class Stream:
    """How a message grows. `started_at` and `last_at` are the stand-in clock's."""

    started_at: float
    last_at: float
    sequence: int = 1
    state: Literal["open", "finished", "stopped", "expired"] = "open"
    text: str = ""
    """What was streamed as content; informative updates are not."""
    informative: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Version:
    """What the message was from a moment on; `at` is the machine's monotonic clock."""

    at: float
    text: str
    cards: tuple[Json, ...]


@dataclass(slots=True)
class Message:
    id: str
    conversation: str
    """Without the thread: `19:...@thread.tacv2`."""
    sender: str
    activity: Json
    """As it was last posted or put."""
    root: str | None = None
    """In channels the first message of the thread, its own id included."""
    targeted_to: str | None = None
    stream: Stream | None = None
    deleted: bool = False
    heard: bool = False
    """Whether the bot is told of it and of what becomes of it."""
    posted_at: float = 0.0
    sent: datetime = field(default_factory=lambda: datetime.now(UTC))
    reactions: dict[str, set[str]] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.activity.get("text") or ""

    @property
    def attachments(self) -> list[Json]:
        return self.activity.get("attachments") or []

    @property
    def entities(self) -> list[Json]:
        return self.activity.get("entities") or []

    @property
    def cards(self) -> list[Json]:
        return [a["content"] for a in self.attachments if a.get("contentType") == ADAPTIVE_CARD]

    @property
    def feedback_loop(self) -> str | None:
        """ "default" or "custom" where the message shows feedback buttons."""
        loop = (self.activity.get("channelData") or {}).get("feedbackLoop") or {}
        return loop.get("type")

    @property
    def says_ai(self) -> bool:
        """Whether the reader sees "AI generated"."""
        return any("AIGeneratedContent" in (e.get("additionalType") or ()) for e in self.entities)

    def change(self, activity: Json) -> None:
        self.activity = activity
        self.note_version()

    def note_version(self) -> None:
        self.versions.append(Version(time.monotonic(), self.text, tuple(self.cards)))


@dataclass(slots=True)
class Conversation:
    id: str
    kind: Kind
    name: str
    members: set[str]
    installed: bool = True
    team_id: str | None = None
    team_name: str | None = None
    team_aad_id: str | None = None
    messages: dict[str, Message] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """New ids under which a message was delivered again, to the one it has."""

    def find(self, message_id: str) -> Message | None:
        found = self.messages.get(self.aliases.get(message_id, message_id))
        return None if found is None or found.deleted else found

    def address(self, root: str | None) -> str:
        """The id that goes over the wire: with the thread in channels."""
        return f"{self.id}{THREAD_MARK}{root}" if self.kind == "channel" and root else self.id


class Workspace:
    """People, conversations and messages, with the queries that tests ask."""

    def __init__(self, *, app_id: str, tenant: str) -> None:
        self.app_id = app_id
        self.tenant = tenant
        self.bot = Person(f"28:{app_id}", "chatbot", "")
        self.people: dict[str, Person] = {}
        self.conversations: dict[str, Conversation] = {}
        self._last_ms = 0
        self._waiting: list[tuple[Callable[[], object], asyncio.Future[Any]]] = []
        self._check_due = False

    # --- making ---------------------------------------------------------------------------------

    def new_id(self) -> str:
        """Ids of messages are milliseconds, never twice the same, never going back."""
        self._last_ms = max(self._last_ms + 1, time.time_ns() // 1_000_000)
        return str(self._last_ms)

    def add_person(self, name: str, *, guest: bool = False) -> Person:
        aad_id = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{self.tenant}"))
        person = Person(f"29:1{name}-{aad_id[:8]}", name.capitalize(), aad_id, guest)
        self.people[name] = person
        return person

    def personal(self, name: str) -> Conversation:
        """The chat of a person with the bot, made when it is not there yet."""
        person = self.person(name)
        conversation_id = f"a:1{person.aad_id.replace('-', '')}"
        if conversation_id not in self.conversations:
            self._add(Conversation(conversation_id, "personal", person.name, {person.id}))
        return self.conversations[conversation_id]

    def add_group(self, name: str, *names: str, installed: bool = True) -> Conversation:
        members = {self.person(member).id for member in names or self.people}
        key = uuid.uuid5(uuid.NAMESPACE_DNS, name).hex
        return self._add(Conversation(f"19:{key}@thread.v2", "groupChat", name, members, installed))

    def add_channel(
        self, name: str, *names: str, team: str = "Acme", installed: bool = True
    ) -> Conversation:
        members = {self.person(member).id for member in names or self.people}
        key = uuid.uuid5(uuid.NAMESPACE_DNS, f"{team}/{name}").hex
        team_key = uuid.uuid5(uuid.NAMESPACE_DNS, f"{team}/General").hex
        return self._add(
            Conversation(
                f"19:{key}@thread.tacv2",
                "channel",
                name,
                members,
                installed,
                team_id=f"19:{team_key}@thread.tacv2",
                team_name=team,
                team_aad_id=str(uuid.uuid5(uuid.NAMESPACE_DNS, team)),
            )
        )

    def _add(self, conversation: Conversation) -> Conversation:
        self.conversations[conversation.id] = conversation
        return conversation

    # --- asking ---------------------------------------------------------------------------------

    def person(self, who: str) -> Person:
        """By name or by any of the two ids. Raises KeyError."""
        if who in self.people:
            return self.people[who]
        for person in self.people.values():
            if who in (person.id, person.aad_id):
                return person
        raise KeyError(who)

    def conversation(self, which: Conversation | str) -> Conversation:
        """By id, thread or not, by the name of a group or channel, or by a person's (the chat
        with the bot). Raises KeyError."""
        if isinstance(which, Conversation):
            return which
        found = self.conversations.get(which.partition(THREAD_MARK)[0])
        if found is not None:
            return found
        for conversation in self.conversations.values():
            if conversation.kind != "personal" and conversation.name == which:
                return conversation
        return self.personal(which)

    def messages(
        self,
        which: Conversation | str,
        *,
        root: str | None = None,
        reader: str | None = None,
        deleted: bool = False,
    ) -> list[Message]:
        """What is in a conversation or in one thread of it, in the order of posting. `reader`:
        without what only others see. `deleted`: with what was deleted."""
        conversation = self.conversation(which)
        sees = None if reader is None else self.person(reader).id
        return [
            message
            for message in conversation.messages.values()
            if (deleted or not message.deleted)
            and (root is None or message.root == root)
            and (sees is None or message.targeted_to in (None, sees))
        ]

    # --- waiting --------------------------------------------------------------------------------

    def touch(self) -> None:
        """Something changed: look at the waiting conditions once, at the end of this tick."""
        if self._waiting and not self._check_due:
            self._check_due = True
            asyncio.get_running_loop().call_soon(self._check)

    def _check(self) -> None:
        self._check_due = False
        still = []
        for predicate, future in self._waiting:
            if future.done():
                continue
            try:
                value = predicate()
            except Exception as error:  # noqa: BLE001 - the waiting test gets it
                future.set_exception(error)
                continue
            if value:
                future.set_result(value)
            else:
                still.append((predicate, future))
        self._waiting = still

    async def wait_for(self, predicate: Callable[[], T], timeout_s: float = 10.0) -> T:
        """The first truthy value of `predicate`, asked again after each change.

        Raises TimeoutError after `timeout_s` real seconds.
        """
        if value := predicate():
            return value
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((predicate, future))
        return await asyncio.wait_for(future, timeout_s)
