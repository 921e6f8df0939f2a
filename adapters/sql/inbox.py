"""Accepting messages and taking conversations: the order of everything is made here.

Each operation touches the conversation's row first. Its lock, held to COMMIT, makes the order in
which places are given the order in which they are committed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from sqlalchemy import Boolean, and_, bindparam, case, exists, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.hold import SqlHold
from adapters.sql.rows import (
    read_key,
    to_key_columns,
    to_message_columns,
    to_ref_columns,
    to_us,
)
from adapters.sql.tables import (
    NOTHING,
    OPEN,
    NowUs,
    at,
    conversations,
    inbox,
    match,
    replicas,
    reply_refs,
    turns,
)
from core.ports import Receipt, StopMark
from core.turn import QueuedMessage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from adapters.sql.database import Database
    from core.conversation import ConversationKey, InboundMessage, MessageRef
    from core.ports import Clock, FollowUps
    from core.turn import Kind

_c = conversations.c
_me = bindparam("me", type_=_c.owner.type)
_is_alive = exists().where(
    replicas.c.id == _c.owner,
    replicas.c.expires_at_us > NowUs(),
    # A lease from a clock that ran ahead would never end.
    replicas.c.expires_at_us <= NowUs() + 2 * bindparam("lease_us", type_=_c.epoch.type),
)
# Never expired for itself: a process fences its own work off only by a new boot.
_is_free = or_(_c.owner.is_(None), and_(_c.owner != _me, ~_is_alive))
_takes = and_(bindparam("slot", type_=Boolean()), _is_free)


_joined = insert(conversations).values(
    {name: bindparam(name) for name in ("platform", "workspace", "channel", "thread")}
    | {
        "next_seq": 1,
        "finished": 0,
        "owner": case((bindparam("slot", type_=Boolean()), _me), else_=null()),
        "epoch": 1,
        "taken_seq": case((bindparam("slot", type_=Boolean()), 1), else_=0),
        "sole_author": bindparam("author_id"),
        "history_from": 0,
        "waiting_since_us": bindparam("received_at_us"),
    }
)
JOIN = _joined.on_conflict_do_update(
    index_elements=["platform", "workspace", "channel", "thread"],
    set_={
        "next_seq": _c.next_seq + 1,
        "owner": case((_takes, _me), else_=_c.owner),
        "epoch": case((_takes, _c.epoch + 1), else_=_c.epoch),
        "taken_seq": case((_takes, _c.next_seq + 1), else_=_c.taken_seq),
        "sole_author": case((_c.sole_author == _joined.excluded.sole_author, _c.sole_author)),
        "waiting_since_us": case(
            (_c.finished == _c.next_seq, _joined.excluded.waiting_since_us),
            else_=_c.waiting_since_us,
        ),
    },
).returning(_c.id, _c.next_seq, _c.finished, _c.epoch, _c.taken_seq)
ENQUEUE = insert(inbox).on_conflict_do_nothing().returning(inbox.c.turn_id)
OVERHEAR = (
    select(_c.id, _c.sole_author)
    .where(match(conversations, "platform", "workspace", "channel", "thread"))
    .with_for_update()
)
SEVERAL_WRITE = update(conversations).where(match(conversations, "id")).values(sole_author=None)
_MESSAGE = ("platform", "workspace", "channel", "message_id")
KNOWN = (
    select(inbox.c.turn_id)
    .where(
        or_(
            match(inbox, *_MESSAGE, "key"),
            and_(match(inbox, "platform", "workspace", "twin"), inbox.c.twin != NOTHING),
        )
    )
    .limit(1)
)
ADD_FILES = (
    update(inbox)
    .where(match(inbox, "turn_id"), inbox.c.state == OPEN, inbox.c.runs == 0)
    .where(inbox.c.attachments == "")
    .values(attachments=bindparam("files"))
)
ANSWERED_BEFORE = (
    select(reply_refs.c.turn_id, turns.c.turn_id.is_not(None).label("recorded"))
    .select_from(reply_refs.outerjoin(turns, turns.c.turn_id == reply_refs.c.turn_id))
    .where(match(reply_refs, *_MESSAGE))
)
_taken_over = insert(reply_refs)
TAKE_OVER_PART = _taken_over.on_conflict_do_update(
    index_elements=list(_MESSAGE),
    set_={"turn_id": _taken_over.excluded.turn_id, "n": _taken_over.excluded.n},
)
WAITING = (
    select(_c.id, _c.owner)
    .where(_c.finished < _c.next_seq, or_(_is_free, _c.owner == _me))
    .order_by(_c.waiting_since_us)
    .limit(bindparam("most"))
)
TAKE = (
    update(conversations)
    .where(match(conversations, "id"), _c.finished < _c.next_seq)
    .where(or_(_is_free, and_(_c.owner == _me, bindparam("orphan", type_=Boolean()))))
    .values(owner=_me, epoch=_c.epoch + 1)
    .returning(_c.epoch, _c.platform, _c.workspace, _c.channel, _c.thread)
)
_lease = insert(replicas).values(
    id=_me, expires_at_us=NowUs() + bindparam("lease_us", type_=_c.epoch.type)
)
RENEW = _lease.on_conflict_do_update(
    index_elements=["id"], set_={"expires_at_us": _lease.excluded.expires_at_us}
)
STOP_MARKS = select(_c.platform, _c.workspace, _c.channel, _c.thread, _c.stop_turn).where(
    _c.owner == _me, _c.stop_turn.is_not(None)
)
DEPTH = select(func.count(), func.min(inbox.c.received_at_us)).where(inbox.c.state == OPEN)


class _KnownAlready(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Arrival:
    message: InboundMessage
    row: Mapping[str, Any]
    parts: Sequence[MessageRef]
    received_at_us: int


class SqlInbox(Part):
    """core.ports.Inbox."""

    def __init__(self, database: Database, clock: Clock, replica_id: str, lease_s: float) -> None:
        super().__init__(database, clock, replica_id, lease_s)
        self._lease = {"me": replica_id, "lease_us": self._lease_us}
        self._held: WeakValueDictionary[int, SqlHold] = WeakValueDictionary()
        """What this process works on, filled inside the transactions that take. A hold that nobody
        has any more, say because its caller was cancelled, leaves a conversation to be adopted."""

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
        if key:  # asked again: not the twin of the message that was asked first
            message = replace(message, twin="")
        received_at = self._clock.now()
        row = {
            **to_message_columns(message),
            "turn_id": turn_id,
            "kind": kind,
            "key": key,
            "received_at_us": to_us(received_at),
            "replaces": "",
            "state": "open",
            "failures": 0,
            "erased": False,
            "reason": "",
        }
        queued = QueuedMessage(turn_id, 0, kind, message, received_at, tuple(parts))
        try:
            return await self._database.write(self._accept, queued, row, slot, follow_ups)
        except _KnownAlready:
            known = await self._database.write(_known, row)
            return Receipt("duplicate", known)

    def _accept(
        self,
        connection: Connection,
        queued: QueuedMessage,
        row: Mapping[str, Any],
        slot: bool,
        follow_ups: FollowUps,
    ) -> Receipt:
        message = queued.message
        place = to_key_columns(message.conversation)
        if message.address == "thread" and not _is_for_us(connection, message, follow_ups):
            return Receipt("not_for_us")
        joined = connection.execute(
            JOIN,
            {
                **self._lease,
                **place,
                "slot": slot,
                "author_id": row["author_id"],
                "received_at_us": row["received_at_us"],
            },
        ).one()
        taken = slot and joined.taken_seq == joined.next_seq
        begun = taken and joined.finished == joined.next_seq - 1
        stored = {"conversation_id": joined.id, "seq": joined.next_seq, "runs": int(begun)}
        replaces = _take_over(connection, joined.id, queued) if queued.parts else ""
        if not connection.execute(
            ENQUEUE, {**row, **stored, "starts": int(begun), "replaces": replaces}
        ).first():
            raise _KnownAlready
        hold = self._hold(joined.id, message.conversation, joined.epoch) if taken else None
        first = replace(queued, seq=joined.next_seq) if begun else None
        return Receipt("accepted", queued.turn_id, hold, first)

    def _hold(self, conversation_id: int, key: ConversationKey, epoch: int) -> SqlHold:
        hold = SqlHold(self._database, self._clock, key, conversation_id, self._replica_id, epoch)
        self._held[conversation_id] = hold
        return hold

    async def adopt(self, limit: int) -> Sequence[SqlHold]:
        waiting = await self._database.read(self._find_waiting, limit)
        holds = await asyncio.gather(
            *(self._database.write(self._take, conversation_id) for conversation_id in waiting)
        )
        return [hold for hold in holds if hold is not None]

    def _find_waiting(self, connection: Connection, limit: int) -> list[int]:
        rows = connection.execute(WAITING, {**self._lease, "most": limit + len(self._held)})
        free = [row.id for row in rows if row.owner is None or row.id not in self._held]
        return free[:limit]

    def _take(self, connection: Connection, conversation_id: int) -> SqlHold | None:
        orphan = conversation_id not in self._held
        row = connection.execute(
            TAKE, {**self._lease, "at_id": conversation_id, "orphan": orphan}
        ).first()
        return self._hold(conversation_id, read_key(row), row.epoch) if row else None

    async def beat(self) -> Sequence[StopMark]:
        return await self._database.write(self._beat)

    def _beat(self, connection: Connection) -> list[StopMark]:
        connection.execute(RENEW, self._lease)
        marked = connection.execute(STOP_MARKS, {"me": self._replica_id})
        return [StopMark(read_key(row), row.stop_turn) for row in marked]

    async def depth(self) -> tuple[int, float]:
        count, oldest_us = await self._database.read(_depth)
        now_us = to_us(self._clock.now())
        return count, max(now_us - oldest_us, 0) / 1_000_000 if count else 0.0


def _depth(connection: Connection) -> tuple[int, int]:
    count, oldest_us = connection.execute(DEPTH).one()
    return count, oldest_us


def _is_for_us(connection: Connection, message: InboundMessage, follow_ups: FollowUps) -> bool:
    """Whether an overheard message is a question; also notes that a second person has written."""
    place = to_key_columns(message.conversation)
    conversation = connection.execute(OVERHEAR, at(place)).first()
    if conversation is None:
        return False
    alone = conversation.sole_author == message.author.user_id
    if not alone and conversation.sole_author is not None:
        connection.execute(SEVERAL_WRITE, {"at_id": conversation.id})
    if follow_ups == "mention" or message.mentions_others:
        return False
    return alone or follow_ups == "always"


def _take_over(connection: Connection, conversation_id: int, queued: QueuedMessage) -> str:
    """Give the messages of an answer to the turn that writes it anew; returns the turn before."""
    before = connection.execute(ANSWERED_BEFORE, at(to_ref_columns(queued.parts[0]))).first()
    if before is not None and not before.recorded:
        raise _KnownAlready  # somebody has asked again already, and that answer is still to come
    for n, ref in enumerate(queued.parts, 1):
        columns = {"conversation_id": conversation_id, "turn_id": queued.turn_id, "n": n}
        connection.execute(TAKE_OVER_PART, {**to_ref_columns(ref), **columns})
    return before.turn_id if before is not None else ""


def _known(connection: Connection, row: Mapping[str, Any]) -> str:
    """The turn of a message that came again; files that only this delivery has are added to it."""
    known = connection.execute(KNOWN, at(row)).scalar()
    if known and row["attachments"]:
        connection.execute(ADD_FILES, {"at_turn_id": known, "files": row["attachments"]})
    return known or ""
