"""The workspace that the stand-in keeps: people, channels, messages, and waiting for a change."""

from __future__ import annotations

import asyncio
import itertools
import time
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from tests.standins.slack.texts import text_of_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.standins.slack.web.files import SlackFile

Json = dict[str, Any]
ChannelKind = Literal["channel", "group", "im", "mpim"]
MICRO = 1_000_000
T = TypeVar("T")


def ts_key(ts: str) -> int:
    """A timestamp as microseconds, for comparing; ValueError when it is none."""
    seconds, _, fraction = ts.partition(".")
    if not seconds.isdigit() or (fraction and not fraction.isdigit()):
        raise ValueError(ts)
    return int(seconds) * MICRO + int(fraction.ljust(6, "0")[:6] or 0)


@dataclass(slots=True)
class Person:
    id: str
    name: str
    display_name: str
    team: str
    real_name: str = ""
    tz: str = "Europe/Berlin"
    tz_offset_s: int = 3600
    is_bot: bool = False
    is_guest: bool = False
    is_admin: bool = False
    deleted: bool = False


@dataclass(slots=True)
class Stream:
    """A message that is being streamed; `started_at` is the stand-in clock's."""

    started_at: float
    open: bool = True
    mode: Literal["markdown_text", "chunks"] | None = None
    stopped_by_user: bool = False
    expired: bool = False
    appends: int = 0
    chunks: list[Json] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    channel: str
    ts: str
    user: str
    text: str = ""
    thread_ts: str | None = None
    markdown: str | None = None
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    files: list[SlackFile] = field(default_factory=list)
    bot_id: str | None = None
    subtype: str | None = None
    username: str | None = None
    client_msg_id: str | None = None
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    stream: Stream | None = None
    deleted: bool = False
    tombstone: bool = False
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    posted_at: float = 0.0
    """Machine's monotonic clock, for latencies."""
    versions: list[tuple[float, str]] = field(default_factory=list)
    """What a reader saw, with the monotonic second from which on."""
    events: list[Json] = field(default_factory=list)
    """The event payloads that this message caused, sent or held."""

    @property
    def root(self) -> str:
        return self.thread_ts or self.ts

    @property
    def shown(self) -> str:
        """What a reader sees: blocks hide `text`, which then is only the notification."""
        blocks = text_of_blocks(self.blocks)
        if self.markdown is not None:
            return "\n".join(part for part in (self.markdown, blocks) if part)
        return blocks if self.blocks else self.text

    def note_version(self) -> None:
        self.versions.append((time.monotonic(), self.shown))


@dataclass(slots=True)
class Ephemeral:
    """Something that one person alone was shown."""

    channel: str
    user: str
    text: str
    blocks: list[Json]
    thread_ts: str | None
    ts: str
    source: Literal["postEphemeral", "response_url", "command", "action"]

    @property
    def shown(self) -> str:
        return text_of_blocks(self.blocks) if self.blocks else self.text


@dataclass(slots=True)
class Channel:
    id: str
    name: str
    kind: ChannelKind
    members: set[str] = field(default_factory=set)
    archived: bool = False
    shared_with: str | None = None
    """The other workspace of a Slack Connect channel."""
    by_ts: dict[str, Message] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    threads: dict[str, list[str]] = field(default_factory=dict)
    """Replies by the timestamp of their root."""
    roots: list[tuple[int, Message]] = field(default_factory=list)
    """What is no reply, oldest first, with its time as a number."""

    def add(self, message: Message) -> None:
        if message.ts in self.by_ts:
            raise ValueError(f"{message.ts} is taken in {self.id}")
        key = ts_key(message.ts)
        if self.order and key < self.order[-1]:
            self.order.insert(bisect_left(self.order, key), key)
            items = sorted([*self.by_ts.items(), (message.ts, message)], key=lambda i: ts_key(i[0]))
            self.by_ts = dict(items)
        else:
            self.order.append(key)
            self.by_ts[message.ts] = message
        if message.thread_ts in (None, message.ts):
            insort(self.roots, (key, message), key=itemgetter(0))
        elif message.thread_ts:
            self.threads.setdefault(message.thread_ts, []).append(message.ts)

    def roots_between(self, oldest: int, latest: int) -> list[Message]:
        """What is no reply, both ends included, newest first; deleted roots of threads too."""
        start = bisect_left(self.roots, oldest, key=itemgetter(0))
        end = bisect_left(self.roots, latest + 1, key=itemgetter(0))
        found = (message for _, message in self.roots[start:end][::-1])
        return [m for m in found if m.tombstone or not m.deleted]

    def live(self) -> Iterator[Message]:
        return (m for m in self.by_ts.values() if not m.deleted)

    def thread(self, root: str) -> list[Message]:
        """Root and replies that are still there, oldest first."""
        all_ts = [root, *self.threads.get(root, ())]
        found = (self.by_ts.get(ts) for ts in all_ts)
        return sorted((m for m in found if m and not m.deleted), key=lambda m: ts_key(m.ts))


class Workspace:
    """People, channels and messages, with the queries that tests ask."""

    def __init__(self, *, team: str = "T0ACME", bot_user: str = "U0BOT") -> None:
        self.team = team
        self.team_domain = "acme"
        self.bot_user = bot_user
        self.bot_id = "B0BOT"
        self.app_id = "A0APP"
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.ephemerals: list[Ephemeral] = []
        self.homes: dict[str, Json] = {}
        self.modals: list[Json] = []
        self._dms: dict[str, str] = {}
        self._last_ts = 0
        self._ids = itertools.count(1)
        self._waiting: list[tuple[Callable[[], object], asyncio.Future[Any]]] = []
        self._check_due = False

    # --- making ---------------------------------------------------------------------------------

    def new_ts(self) -> str:
        """The wall clock in microseconds, never twice the same, never going back."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // MICRO}.{self._last_ts % MICRO:06d}"

    def new_id(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids):010X}"

    def add_person(self, name: str, **changes: Any) -> Person:
        user = changes.pop("id", f"U0{name.upper()}")
        display = changes.pop("display_name", name.capitalize())
        team = changes.pop("team", self.team)
        person = Person(id=user, name=name, display_name=display, team=team, **changes)
        person.real_name = person.real_name or person.display_name
        self.people[user] = person
        return person

    def add_channel(self, name: str, kind: ChannelKind = "channel", **changes: Any) -> Channel:
        """A channel with everybody and the bot in it, unless `members` says otherwise."""
        members = changes.pop("members", None)
        members = set(self.people) | {self.bot_user} if members is None else set(members)
        channel = Channel(
            id=changes.pop("id", f"C0{name.upper()}"),
            name=name,
            kind=kind,
            members=members,
            **changes,
        )
        self.channels[channel.id] = channel
        return channel

    def dm(self, user: str) -> Channel:
        """The direct conversation of a person and the bot."""
        if user not in self._dms:
            channel = Channel(
                id=f"D{user[1:]}", name=user, kind="im", members={user, self.bot_user}
            )
            self.channels[channel.id] = channel
            self._dms[user] = channel.id
        return self.channels[self._dms[user]]

    # --- asking ---------------------------------------------------------------------------------

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """What is in a channel (threads included) or in one thread, oldest first."""
        found = self.channels[channel]
        return list(found.live()) if thread_ts is None else found.thread(thread_ts)

    def message(self, ts: str, channel: str | None = None) -> Message:
        for candidate in [self.channels[channel]] if channel else self.channels.values():
            if ts in candidate.by_ts:
                return candidate.by_ts[ts]
        raise KeyError(ts)

    def answers_to(self, ts: str, channel: str | None = None) -> list[Message]:
        """The bot's messages newer than `ts` and in its thread; in a DM also beside it."""
        asked = self.message(ts, channel)
        room = self.channels[asked.channel]
        after = ts_key(ts)
        found = room.thread(asked.root)
        if room.kind == "im" and asked.thread_ts is None:
            found += [m for m in room.live() if m.thread_ts is None and m is not asked]
        return [m for m in found if m.user == self.bot_user and ts_key(m.ts) > after]

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
