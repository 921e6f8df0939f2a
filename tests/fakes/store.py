"""A store in memory that behaves as core.ports asks; tests/contracts holds it to that.

`FakeStore(clock)` is one process; `store.reopened()` is the next one over the same data, after the
first has died. `broken = "why"` makes every call fail until it is emptied again.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import weakref
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.completion import Completion
from core.errors import BudgetUsedUp, NotStored, OwnershipLost
from core.ports import (
    Deleted,
    ModelSummary,
    Pulse,
    Receipt,
    StopMark,
    Summary,
)
from core.ports import Spent as Spending
from core.rating import Mark, Rating
from core.turn import QueuedMessage
from tests.fakes.operating import FakeOperating, forgotten

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from core.conversation import ConversationKey, InboundMessage, MessageRef
    from core.ports import (
        Budget,
        Clock,
        Counted,
        Deed,
        FollowUps,
        Hold,
        Parked,
        Pause,
        Scope,
        StatsQuery,
    )
    from core.turn import Kind, Turn

STEPS_S = (86_400, 21_600, 3_600, 1_800, 300)


@dataclass
class Conversation:
    key: ConversationKey
    waiting_since: datetime
    sole_author: str | None
    """None: several people have written."""
    next_seq: int = 0
    finished: int = 0
    owner: str = ""
    epoch: int = 0
    stop_turn: str = ""
    history_from: int = 0
    forgotten_at: datetime | None = None
    parked_until: datetime | None = None
    retry_at: datetime | None = None

    def is_due(self, now: datetime, parked: Parked) -> bool:
        if self.parked_until is None or self.parked_until <= now or parked == "all":
            return True
        return parked == "due" and self.retry_at is not None and self.retry_at <= now


@dataclass
class Row:
    turn_id: str
    seq: int
    kind: Kind
    message: InboundMessage
    key: str
    received_at: datetime
    replaces: str = ""
    state: str = "open"
    runs: int = 0
    starts: int = 0
    failures: int = 0
    erased: bool = False
    reason: str = ""
    parked: bool = False
    told: bool = False
    kept: Turn | None = None


@dataclass
class Recorded:
    turn: Turn
    seq: int
    replaced: bool = False


@dataclass
class Spent:
    completion: Completion
    person: tuple[str, str, str]
    at: datetime


@dataclass
class Data:
    """What would be on the disk."""

    conversations: dict[ConversationKey, Conversation] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    refs: dict[MessageRef, tuple[str, ConversationKey]] = field(default_factory=dict)
    turns: dict[str, Recorded] = field(default_factory=dict)
    spent: dict[tuple[str, int], Spent] = field(default_factory=dict)
    marks: dict[tuple[MessageRef, str, str], Mark] = field(default_factory=dict)
    preferences: dict[tuple[str, str, str, str], dict[str, str]] = field(default_factory=dict)
    places: dict[tuple[str, str, str], str] = field(default_factory=dict)
    pauses: dict[tuple[str, str, str], Pause] = field(default_factory=dict)
    told: set[tuple[str, str, str, str]] = field(default_factory=set)
    audit: list[tuple[datetime, Deed]] = field(default_factory=list)

    def rows_of(self, key: ConversationKey) -> list[Row]:
        return sorted(
            (row for row in self.rows.values() if row.message.conversation == key),
            key=lambda row: row.seq,
        )

    def parts_of(self, turn_id: str) -> tuple[MessageRef, ...]:
        return tuple(ref for ref, (owner, _) in self.refs.items() if owner == turn_id)

    def pauses_of(self, key: ConversationKey) -> list[Pause]:
        """The narrowest first."""
        places = (key.channel, "") if key.channel else ("",)
        wanted = [(key.platform, key.workspace, channel) for channel in places]
        return [self.pauses[place] for place in wanted if place in self.pauses]

    def startable(self, key: ConversationKey, now: datetime, parked: Parked) -> list[Row]:
        """Open, and not kept waiting by a pause, or for the model."""
        conversation = self.conversations[key]
        waits = bool(self.pauses_of(key)) or not conversation.is_due(now, parked)
        return [
            row
            for row in self.rows_of(key)
            if row.state == "open"
            and (not waits or row.kind != "question" or row.turn_id == conversation.stop_turn)
        ]

    def asked_at(self, turn_id: str) -> datetime | None:
        if turn_id in self.turns:
            return self.turns[turn_id].turn.received_at
        return self.rows[turn_id].received_at if turn_id in self.rows else None

    def queued(self, row: Row) -> QueuedMessage:
        return QueuedMessage(
            turn_id=row.turn_id,
            seq=row.seq,
            kind=row.kind,
            message=row.message,
            received_at=row.received_at,
            parts=self.parts_of(row.turn_id),
            starts=row.starts,
            failures=row.failures,
            recovered=row.runs > 1 or row.parked,
            told=row.told,
            kept=replace(row.kept, question=row.message.text) if row.kept else None,
            stop_asked=self.conversations[row.message.conversation].stop_turn == row.turn_id,
        )

    def begin(self, row: Row) -> QueuedMessage:
        if row.kind == "question":
            self.conversations[row.message.conversation].parked_until = None
        row.runs += 1
        row.starts += 1
        return self.queued(row)

    def finish(self, row: Row, state: str) -> None:
        conversation = self.conversations[row.message.conversation]
        row.state = state
        row.kept = row.kept if state == "dead" else None
        conversation.finished += 1
        if conversation.stop_turn == row.turn_id:
            conversation.stop_turn = ""

    def drop(self, row: Row) -> None:
        self.finish(row, "dropped")
        if row.parked:
            self.conversations[row.message.conversation].parked_until = None
        self.hand_back(row)

    def hand_back(self, row: Row) -> None:
        """The messages of the answer, to the turn that a question asked again did not replace."""
        for ref in self.parts_of(row.turn_id):
            if row.replaces:
                self.refs[ref] = (row.replaces, row.message.conversation)


class FakeStore(FakeOperating):
    """Every port of the store, for one process."""

    def __init__(self, clock: Clock | None = None, *, data: Data | None = None) -> None:
        self._clock = clock
        self.data = data or Data()
        self.me = f"process-{next(_PROCESSES)}"
        self.broken = ""
        self.replicas = 1
        self.held: weakref.WeakValueDictionary[ConversationKey, FakeHold] = (
            weakref.WeakValueDictionary()
        )

    def reopened(self) -> FakeStore:
        """The process that comes after this one has died: nobody owns anything."""
        for conversation in self.data.conversations.values():
            conversation.owner = ""
        return FakeStore(self._clock, data=self.data)

    async def turn_to(self) -> None:
        """Every operation lets others run first, as a real one does, and then is atomic."""
        await asyncio.sleep(0)
        if self.broken:
            raise NotStored(self.broken)

    def now(self) -> datetime:
        return self._clock.now() if self._clock else datetime.now(UTC)

    # --- Inbox -----------------------------------------------------------------------------------

    async def accept(
        self,
        message: InboundMessage,
        kind: Kind,
        *,
        turn_id: str,
        slot: bool,
        follow_ups: FollowUps,
        key: str = "",
        parts: Sequence[MessageRef] = (),
    ) -> Receipt:
        await self.turn_to()
        if message.address == "thread" and not self._is_for_us(message, follow_ups):
            return Receipt("not_for_us")
        known = self._known(message, key)
        if known is not None:
            if message.attachments and not known.message.attachments and not known.runs:
                known.message = replace(known.message, attachments=message.attachments)
            return Receipt("duplicate", known.turn_id)
        before = self._answered_before(parts)
        if before and before not in self.data.turns:
            return Receipt("duplicate", before)
        conversation = self._joined(message)
        row = Row(
            turn_id,
            conversation.next_seq,
            kind,
            replace(message, twin="") if key else message,
            key,
            self.now(),
            before,
        )
        self.data.rows[turn_id] = row
        for ref in parts:
            self.data.refs.pop(ref, None)
            self.data.refs[ref] = (turn_id, message.conversation)
        if not slot or conversation.owner or row not in self.startable(message.conversation):
            return Receipt("accepted", turn_id)
        alone = conversation.finished == conversation.next_seq - 1
        return Receipt(
            "accepted", turn_id, self._take(conversation), self.data.begin(row) if alone else None
        )

    def _is_for_us(self, message: InboundMessage, follow_ups: FollowUps) -> bool:
        conversation = self.data.conversations.get(message.conversation)
        if conversation is None:
            return False
        if conversation.sole_author != message.author.user_id:
            conversation.sole_author = None
        if follow_ups == "mention" or message.mentions_others:
            return False
        return follow_ups == "always" or conversation.sole_author is not None

    def _known(self, message: InboundMessage, key: str) -> Row | None:
        for row in self.data.rows.values():
            if (row.message.ref, row.key) == (message.ref, key):
                return row
            place = (row.message.ref.platform, row.message.ref.workspace, row.message.twin)
            if not key and message.twin and place == (*_place(message.ref), message.twin):
                return row
        return None

    def _answered_before(self, parts: Sequence[MessageRef]) -> str:
        return next((self.data.refs[ref][0] for ref in parts if ref in self.data.refs), "")

    def _joined(self, message: InboundMessage) -> Conversation:
        conversation = self.data.conversations.setdefault(
            message.conversation,
            Conversation(message.conversation, self.now(), message.author.user_id),
        )
        if conversation.sole_author != message.author.user_id:
            conversation.sole_author = None
        if conversation.finished == conversation.next_seq:
            conversation.waiting_since = self.now()
        conversation.next_seq += 1
        return conversation

    def _take(self, conversation: Conversation) -> FakeHold:
        conversation.owner = self.me
        conversation.epoch += 1
        hold = FakeHold(self, conversation.key, conversation.epoch)
        self.held[conversation.key] = hold
        return hold

    async def adopt(self, limit: int, *, parked: Parked = "due") -> Sequence[FakeHold]:
        await self.turn_to()
        waiting = [
            conversation
            for conversation in self.data.conversations.values()
            if conversation.finished < conversation.next_seq
            and (not conversation.owner or self._is_orphan(conversation))
            and self.startable(conversation.key, parked)
        ]
        waiting.sort(key=lambda conversation: conversation.waiting_since)
        for conversation in waiting[:limit]:
            if conversation.is_due(self.now(), parked):
                conversation.parked_until = None
        return [self._take(conversation) for conversation in waiting[:limit]]

    def startable(self, key: ConversationKey, parked: Parked = "left") -> list[Row]:
        return self.data.startable(key, self.now(), parked)

    def _is_orphan(self, conversation: Conversation) -> bool:
        return conversation.owner == self.me and conversation.key not in self.held

    def abandon(self, hold: Hold) -> None:
        if self.held.get(hold.conversation) is hold:
            del self.held[hold.conversation]

    async def beat(self) -> Pulse:
        await self.turn_to()
        marks = tuple(
            StopMark(conversation.key, conversation.stop_turn)
            for conversation in self.data.conversations.values()
            if conversation.owner == self.me and conversation.stop_turn
        )
        return Pulse(marks, self.replicas)

    async def depth(self) -> tuple[int, float]:
        await self.turn_to()
        arrivals = [row.received_at for row in self.data.rows.values() if row.state == "open"]
        oldest_s = (self.now() - min(arrivals)).total_seconds() if arrivals else 0.0
        return len(arrivals), max(oldest_s, 0.0)

    # --- Stops -----------------------------------------------------------------------------------

    async def stop(self, conversation: ConversationKey, user_id: str) -> StopMark | None:
        await self.turn_to()
        questions = [
            row
            for row in self.data.rows_of(conversation)
            if row.state == "open" and row.kind == "question"
        ]
        running = next((row for row in questions if row.runs or row.parked), None)
        dropped = [
            row
            for row in questions
            if row is not running and not row.runs and row.message.author.user_id == user_id
        ]
        for row in dropped:
            self.data.drop(row)
        if running is not None:
            self.data.conversations[conversation].stop_turn = running.turn_id
            self.data.conversations[conversation].parked_until = None
        ended = [running, *dropped] if running else dropped
        return StopMark(conversation, ended[0].turn_id) if ended else None

    async def conversation_of(self, ref: MessageRef) -> ConversationKey | None:
        await self.turn_to()
        return self.data.refs[ref][1] if ref in self.data.refs else None

    async def edit(self, ref: MessageRef, text: str) -> bool:
        await self.turn_to()
        waiting = [
            row
            for row in self.data.rows.values()
            if row.message.ref == ref and row.state == "open" and not row.runs
        ]
        for row in waiting:
            row.message, row.kept = replace(row.message, text=text), None
        return bool(waiting)

    async def delete(self, ref: MessageRef) -> Deleted:
        await self.turn_to()
        self._forget_overheard(ref)
        found = [row for row in self.data.rows.values() if row.message.ref == ref]
        ends = [self._erase(row) for row in sorted(found, key=lambda row: row.seq)]
        for state, needs_parts in (
            ("running", False),
            ("dropped", True),
            ("done", False),
            ("dropped", False),
        ):
            for end in reversed(ends):
                if end.state == state and (end.parts or not needs_parts):
                    return end
        return Deleted("unknown")

    def _erase(self, row: Row) -> Deleted:
        row.message = replace(row.message, text="", attachments=())
        row.erased, row.kept = True, None
        if row.state != "open":
            if row.turn_id in self.data.turns:
                recorded = self.data.turns[row.turn_id]
                recorded.turn = replace(recorded.turn, question="")
            parts = self.data.parts_of(row.turn_id)
            return Deleted("dropped" if row.state == "dropped" else "done", row.turn_id, parts)
        if row.runs:
            self.data.conversations[row.message.conversation].stop_turn = row.turn_id
            return Deleted("running", row.turn_id, self.data.parts_of(row.turn_id))
        parts = self.data.parts_of(row.turn_id) if row.parked else ()
        self.data.drop(row)
        return Deleted("dropped", row.turn_id, parts)

    def _forget_overheard(self, ref: MessageRef) -> None:
        for recorded in self.data.turns.values():
            turn = recorded.turn
            if (*_place_of(turn.conversation), turn.conversation.channel) == (
                *_place(ref),
                ref.channel,
            ):
                kept = tuple(said for said in turn.context if said.message_id != ref.message_id)
                recorded.turn = replace(turn, context=kept)

    # --- Turns -----------------------------------------------------------------------------------

    async def history(self, conversation: ConversationKey, limit: int) -> Sequence[Turn]:
        await self.turn_to()
        if conversation not in self.data.conversations:
            return []
        start = self.data.conversations[conversation].history_from
        told = [
            recorded
            for recorded in self.data.turns.values()
            if recorded.turn.conversation == conversation
            and recorded.seq > start
            and not recorded.replaced
            and recorded.turn.answer
            and recorded.turn.outcome in ("answered", "stopped")
        ]
        told.sort(key=lambda recorded: recorded.seq)
        return [recorded.turn for recorded in told[max(len(told) - limit, 0) :]]

    async def of_message(self, ref: MessageRef) -> Turn | None:
        await self.turn_to()
        turn_id = self.data.refs[ref][0] if ref in self.data.refs else ""
        return self.data.turns[turn_id].turn if turn_id in self.data.turns else None

    async def recorded(self, turn_id: str) -> tuple[Turn, tuple[MessageRef, ...]] | None:
        await self.turn_to()
        found = self.data.turns.get(turn_id)
        return (found.turn, self.data.parts_of(turn_id)) if found else None

    async def again(self, turn_id: str) -> QueuedMessage | None:
        await self.turn_to()
        recorded, row = self.data.turns.get(turn_id), self.data.rows.get(turn_id)
        if recorded is None or row is None or recorded.replaced or row.erased:
            return None
        ended_badly = recorded.turn.outcome in ("failed", "stopped")
        return self.data.queued(row) if ended_badly or recorded.turn.incomplete else None

    async def forget(self, conversation: ConversationKey, user_id: str | None = None) -> int:
        await self.turn_to()
        keys = [
            key
            for key in self.data.conversations
            if key == conversation
            or (
                user_id is not None
                and replace(key, thread="") == replace(conversation, thread="")
                and any(row.message.author.user_id == user_id for row in self.data.rows_of(key))
            )
        ]
        for key in keys:
            begun = [row.seq for row in self.data.rows_of(key) if row.runs or row.parked]
            start = self.data.conversations[key].history_from
            self.data.conversations[key].history_from = max(start, *begun, 0)
            self.data.conversations[key].forgotten_at = self.now()
        return len(keys)

    async def forgotten_at(self, conversation: ConversationKey) -> datetime | None:
        await self.turn_to()
        known = self.data.conversations.get(conversation)
        return known.forgotten_at if known else None

    async def succeeded_at(self, conversation: ConversationKey) -> datetime | None:
        await self.turn_to()
        there = [
            one.turn
            for one in self.data.turns.values()
            if one.turn.conversation == conversation and one.turn.outcome != "failed"
        ]
        ends = [turn.received_at + timedelta(seconds=turn.latency_s) for turn in there]
        return ends[-1] if ends else None

    async def summary(self, query: StatsQuery) -> Summary:
        await self.turn_to()
        return summarize(self.data, query)

    # --- Completions and Arrivals ----------------------------------------------------------------

    async def reserve(
        self,
        turn_id: str,
        model: str,
        reserved_usd: float | None,
        *,
        within: Budget | None = None,
    ) -> Completion:
        await self.turn_to()
        if within is not None:
            person = (within.platform, within.workspace, within.user_id)
            if used_up := within.used_up(self._spent(*person, within.since)):
                raise BudgetUsedUp(used_up)
        n = 1 + max((n for turn, n in self.data.spent if turn == turn_id), default=0)
        completion = Completion(turn_id, n, model, reserved_usd, outcome="running")
        self._spend(completion)
        return completion

    async def settle(self, completion: Completion) -> None:
        await self.turn_to()
        self._spend(completion)

    def _spend(self, completion: Completion) -> None:
        row = self.data.rows.get(completion.turn_id)
        person = (*_place(row.message.ref), row.message.author.user_id) if row else ("", "", "")
        before = self.data.spent.get((completion.turn_id, completion.n))
        at = before.at if before else self.now()
        self.data.spent[completion.turn_id, completion.n] = Spent(completion, person, at)

    async def spent(self, platform: str, workspace: str, user_id: str, since: datetime) -> Spending:
        await self.turn_to()
        return self._spent(platform, workspace, user_id, since)

    def _spent(self, platform: str, workspace: str, user_id: str, since: datetime) -> Spending:
        in_workspace = [
            (_amount_usd(spent.completion), spent.person[2])
            for spent in self.data.spent.values()
            if spent.person[:2] == (platform, workspace) and spent.at >= since
        ]
        by_user = [amount_usd for amount_usd, user in in_workspace if user == user_id]
        return Spending(sum(by_user), sum(amount_usd for amount_usd, _ in in_workspace))

    async def count(
        self, wanted: Sequence[tuple[Counted, datetime]], until: datetime | None = None
    ) -> Sequence[int]:
        await self.turn_to()
        return [self._count(whose, since, until) for whose, since in wanted]

    def _count(self, whose: Counted, since: datetime, until: datetime | None) -> int:
        return sum(
            row.kind == "question"
            and (row.runs > 0 or row.parked)
            and row.state != "refused"
            and _place(row.message.ref) == (whose.platform, whose.workspace)
            and whose.channel in ("", row.message.ref.channel)
            and whose.user_id in ("", row.message.author.user_id)
            and row.received_at >= since
            and (until is None or row.received_at < until)
            for row in self.data.rows.values()
        )

    # --- Ratings and Preferences -----------------------------------------------------------------

    async def rate(self, mark: Mark) -> Rating | None:
        await self.turn_to()
        key = (mark.ref, mark.author.user_id, mark.emoji)
        before = self.data.marks.get(key)
        if before is None or before.at <= mark.at:
            self.data.marks[key] = mark
        if mark.ref not in self.data.refs:
            return None
        turn_id = self.data.refs[mark.ref][0]
        newest = newest_mark(self.data, turn_id, mark.author.user_id)
        return Rating(
            turn_id=turn_id,
            author=mark.author,
            value=newest.value if newest else None,
            asked_at=self.data.asked_at(turn_id),
            reason=(newest or mark).reason,
        )

    async def read(
        self, platform: str, workspace: str, channel: str, user_id: str
    ) -> Mapping[Scope, Mapping[str, str]]:
        await self.turn_to()
        subjects: dict[Scope, str] = {"person": user_id, "channel": channel, "workspace": ""}
        return {
            scope: dict(self.data.preferences.get((scope, platform, workspace, subject), {}))
            for scope, subject in subjects.items()
        }

    async def write(
        self,
        scope: Scope,
        platform: str,
        workspace: str,
        subject: str,
        name: str,
        value: str | None,
        deed: Deed | None = None,
    ) -> None:
        await self.turn_to()
        if deed is not None:
            self.data.audit.append((self.now(), deed))
        made = self.data.preferences.setdefault((scope, platform, workspace, subject), {})
        if value is None:
            made.pop(name, None)
        else:
            made[name] = value

    # --- Places ----------------------------------------------------------------------------------

    async def keep_place(self, platform: str, workspace: str, channel: str, place: str) -> bool:
        await self.turn_to()
        is_new = (platform, workspace, channel) not in self.data.places
        self.data.places[platform, workspace, channel] = place
        return is_new

    async def place_of(self, platform: str, workspace: str, channel: str) -> str | None:
        await self.turn_to()
        return self.data.places.get((platform, workspace, channel))

    async def forget_place(self, platform: str, workspace: str, channel: str) -> None:
        await self.turn_to()
        self.data.places.pop((platform, workspace, channel), None)

    # --- Upkeep ----------------------------------------------------------------------------------

    async def ready(self) -> str:
        return self.broken

    async def prune(self, before: datetime) -> int:
        await self.turn_to()
        old = [
            turn_id
            for turn_id, recorded in self.data.turns.items()
            if recorded.turn.received_at < before
            and (recorded.turn.question or recorded.turn.answer or recorded.turn.author.name)
        ]
        for turn_id in old:
            recorded = self.data.turns[turn_id]
            nameless = replace(recorded.turn.author, name="")
            recorded.turn = replace(
                recorded.turn, question="", answer="", context=(), author=nameless
            )
        rows = [
            row.turn_id
            for row in self.data.rows.values()
            if row.received_at < before and row.state != "open" and row.kind != "report"
        ]
        for turn_id in rows:
            del self.data.rows[turn_id]
        calls = [key for key, spent in self.data.spent.items() if spent.at < before]
        for key in calls:
            del self.data.spent[key]
        return len(old) + len(rows) + len(calls)


class FakeHold:
    """Ownership of one conversation by one FakeStore."""

    def __init__(self, store: FakeStore, key: ConversationKey, epoch: int) -> None:
        self._store = store
        self._key = key
        self._epoch = epoch

    @property
    def conversation(self) -> ConversationKey:
        return self._key

    async def _fenced(self) -> Conversation:
        await self._store.turn_to()
        conversation = self._store.data.conversations[self._key]
        if (conversation.owner, conversation.epoch) != (self._store.me, self._epoch):
            raise OwnershipLost(str(self._key))
        return conversation

    async def begin(self) -> QueuedMessage | None:
        await self._fenced()
        waiting = self._store.startable(self._key)
        return self._store.data.begin(waiting[0]) if waiting else None

    async def save_part(self, turn_id: str, ref: MessageRef) -> None:
        await self._fenced()
        self._store.data.refs.setdefault(ref, (turn_id, self._key))

    async def record(self, turn: Turn, *, release: bool = True) -> bool:
        conversation = await self._fenced()
        data = self._store.data
        row = data.rows[turn.turn_id]
        if row.state == "open":
            data.finish(row, "refused" if turn.outcome == "refused" else "done")
        if turn.turn_id not in data.turns:
            kept = replace(turn, question="", answer="") if row.erased else turn
            if row.erased and not row.message.author.user_id:
                kept = forgotten(kept)
            data.turns[turn.turn_id] = Recorded(replace(kept, completions=()), row.seq)
        if turn.outcome == "refused":
            data.hand_back(row)
        elif row.replaces in data.turns:
            data.turns[row.replaces].replaced = True
        for completion in turn.completions:
            self._store._spend(completion)
        self._settle_open(turn.turn_id)
        if any(said.author.user_id != conversation.sole_author for said in turn.context):
            conversation.sole_author = None
        return release and self._let_go(conversation)

    async def give_back(self, turn_id: str, *, failed: bool) -> int:
        await self._fenced()
        row = self._store.data.rows[turn_id]
        if row.state == "open":
            row.failures += failed
            row.starts -= not failed
        return row.failures

    async def park(
        self,
        turn_id: str,
        *,
        until: datetime,
        retry_at: datetime,
        told: bool,
        kept: Turn | None = None,
    ) -> None:
        conversation = await self._fenced()
        row = self._store.data.rows[turn_id]
        conversation.owner = ""
        if row.state != "open":
            return
        row.runs, row.starts, row.parked, row.told = 0, row.starts - 1, True, told
        row.kept = replace(kept, completions=(), context=()) if kept else None
        conversation.waiting_since, conversation.retry_at = row.received_at, retry_at
        conversation.parked_until = None if conversation.stop_turn == turn_id else until

    async def bury(self, turn_id: str, reason: str) -> None:
        await self._fenced()
        row = self._store.data.rows[turn_id]
        if row.state == "open":
            row.reason = reason
            self._store.data.finish(row, "dead")
        self._settle_open(turn_id)

    async def release(self, *, force: bool = False) -> bool:
        conversation = await self._fenced()
        if force:
            conversation.waiting_since = self._store.now()
            conversation.owner = ""
            return True
        if self._store.startable(self._key):
            return False
        conversation.owner = ""
        return True

    def _let_go(self, conversation: Conversation) -> bool:
        if conversation.finished < conversation.next_seq:
            return False
        conversation.owner = ""
        return True

    def _settle_open(self, turn_id: str) -> None:
        """A call that a crash cut is paid for as it was reserved."""
        for (owner, _), spent in self._store.data.spent.items():
            call = spent.completion
            if owner == turn_id and call.outcome == "running":
                known = call.reserved_usd is not None
                spent.completion = replace(
                    call,
                    cost_usd=call.reserved_usd,
                    source="estimated" if known else "unknown",
                    outcome="internal",
                )


# --- pure computations ---------------------------------------------------------------------------


def newest_mark(data: Data, turn_id: str, user_id: str) -> Mark | None:
    active = [
        mark
        for ref in data.parts_of(turn_id)
        for (marked, rater, _), mark in data.marks.items()
        if marked == ref and rater == user_id and mark.active
    ]
    return max(active, key=lambda mark: mark.at, default=None)


def summarize(data: Data, query: StatsQuery) -> Summary:
    turns = [recorded.turn for recorded in data.turns.values() if _matches(recorded.turn, query)]
    outcomes = [turn.outcome for turn in turns]
    answered = [turn for turn in turns if turn.outcome == "answered"]
    ids = {turn.turn_id for turn in turns}
    calls = [
        spent.completion
        for spent in data.spent.values()
        if spent.completion.turn_id in ids and spent.completion.outcome != "running"
    ]
    raters = {(data.refs[ref][0], user) for ref, user, _ in data.marks if ref in data.refs}
    values = [
        mark.value
        for turn_id, user in raters
        if turn_id in ids and (mark := newest_mark(data, turn_id, user))
    ]
    errors = [turn.error for turn in turns if turn.error]
    return Summary(
        requests=len(turns),
        answered=outcomes.count("answered"),
        failed=outcomes.count("failed"),
        stopped=outcomes.count("stopped"),
        refused=outcomes.count("refused"),
        cost_usd=sum(call.cost_usd or 0.0 for call in calls),
        price_unknown=sum(call.cost_usd is None for call in calls),
        input_tokens=sum(turn.usage.input_tokens for turn in turns),
        output_tokens=sum(turn.usage.output_tokens for turn in turns),
        cached_tokens=sum(turn.usage.cached_tokens for turn in turns),
        latency_s=_percentiles(turn.latency_s for turn in answered),
        first_visible_s=_percentiles(
            turn.first_visible_s for turn in answered if turn.first_visible_s is not None
        ),
        errors={error: errors.count(error) for error in set(errors)},
        up=values.count(1),
        down=values.count(-1),
        models={model: _of_model(calls, model) for model in {call.model for call in calls}},
        steps=_steps(turns, query),
    )


def _matches(turn: Turn, query: StatsQuery) -> bool:
    key = turn.conversation
    return (
        turn.kind == "question"
        and query.since <= turn.received_at < query.until
        and query.platform in ("", key.platform)
        and query.workspace in ("", key.workspace)
        and query.channel in ("", key.channel)
        and query.user_id in ("", turn.author.user_id)
    )


def _percentiles(values: Iterable[float]) -> Mapping[str, float] | None:
    """Nearest rank: the smallest value that so many per cent of all do not exceed."""
    ordered = sorted(values)
    if not ordered:
        return None
    return {f"p{p}": ordered[max(math.ceil(p * len(ordered) / 100), 1) - 1] for p in (50, 95, 99)}


def _of_model(calls: Sequence[Completion], model: str) -> ModelSummary:
    own = [call for call in calls if call.model == model]
    costs = [call.cost_usd for call in own if call.cost_usd is not None]
    return ModelSummary(len({call.turn_id for call in own}), sum(costs) if costs else None)


def _steps(turns: Sequence[Turn], query: StatsQuery) -> tuple[int, ...]:
    span = query.until - query.since
    count = next(
        (
            int(span.total_seconds() // step_s)
            for step_s in STEPS_S
            if span.total_seconds() % step_s == 0 and 12 <= span.total_seconds() / step_s <= 31
        ),
        24,
    )
    counts = [0] * count
    for turn in turns:
        passed = (turn.received_at - query.since) // timedelta(microseconds=1)
        counts[passed * count // (span // timedelta(microseconds=1))] += 1
    return tuple(counts)


def _amount_usd(completion: Completion) -> float:
    running = completion.outcome == "running"
    return (completion.reserved_usd if running else completion.cost_usd) or 0.0


def _place(ref: MessageRef) -> tuple[str, str]:
    return ref.platform, ref.workspace


def _place_of(key: ConversationKey) -> tuple[str, str]:
    return key.platform, key.workspace


_PROCESSES = itertools.count(1)
