"""Who works on a conversation: taking it, adopting what the dead have left, and staying alive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from sqlalchemy import (
    Boolean,
    ColumnElement,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.hold import SqlHold
from adapters.sql.rows import read_key, to_us
from adapters.sql.schema.columns import NowUs, match
from adapters.sql.schema.pausing import is_heard, is_parked, may_go_on
from adapters.sql.schema.tables import conversations, replicas
from core.ports import Pulse, StopMark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from adapters.sql.database import Database
    from core.conversation import ConversationKey
    from core.ports import Clock, Hold, Parked

ADOPTING_TRIES = 3

_c = conversations.c
ME = bindparam("me", type_=_c.owner.type)
# As text: in an upsert the toolkit would ask for the owners of all conversations.
_owner: ColumnElement[str] = literal_column("conversations.owner")
_in_time = and_(
    replicas.c.expires_at_us > NowUs(),
    # A lease from a clock that ran ahead would never end.
    replicas.c.expires_at_us <= NowUs() + 2 * bindparam("lease_us", type_=_c.epoch.type),
)
_is_alive = exists().where(replicas.c.id == _owner, _in_time)
ALIVE = select(func.count()).select_from(replicas).where(_in_time)
# Nobody takes from himself, however late his beats are: his own turns are still at work.
is_free = or_(_c.owner.is_(None), and_(_c.owner != ME, ~_is_alive))
_is_due = or_(
    _c.parked_until_us <= bindparam("now_us", type_=_c.epoch.type),
    _c.retry_at_us <= bindparam("due_us", type_=_c.epoch.type),
    # A process of the version before may have ended what waited: it knows no waiting.
    ~is_parked,
)
_may_begin = or_(_is_due, is_heard)
NOTHING_IS_DUE, ALL_IS_DUE = -1, 2**62
WAITING = (
    select(_c.id, _c.owner)
    .where(_c.finished < _c.next_seq, or_(is_free, _c.owner == ME), may_go_on, _may_begin)
    .order_by(_c.waiting_since_us)
    .limit(bindparam("most"))
)
TAKE = (
    update(conversations)
    .where(match(conversations, "id"), _c.finished < _c.next_seq, _may_begin)
    .where(or_(is_free, and_(_c.owner == ME, bindparam("orphan", type_=Boolean()))))
    .values(owner=ME, epoch=_c.epoch + 1)
    .values(parked_until_us=case((_is_due, 0), else_=_c.parked_until_us))
    .returning(_c.epoch, _c.platform, _c.workspace, _c.channel, _c.thread)
)
_lease = insert(replicas).values(
    id=ME, expires_at_us=NowUs() + bindparam("lease_us", type_=_c.epoch.type)
)
RENEW = _lease.on_conflict_do_update(
    index_elements=["id"], set_={"expires_at_us": _lease.excluded.expires_at_us}
)
LEAVE = delete(replicas).where(match(replicas, "id"))
STOP_MARKS = select(_c.platform, _c.workspace, _c.channel, _c.thread, _c.stop_turn).where(
    _c.owner == ME, _c.stop_turn.is_not(None)
)


class SqlOwners(Part):
    """The part of core.ports.Inbox that is about owners."""

    def __init__(self, database: Database, clock: Clock, replica_id: str, lease_s: float) -> None:
        super().__init__(database, clock, replica_id, lease_s)
        self._lease = {"me": replica_id, "lease_us": self._lease_us}
        self._held: WeakValueDictionary[int, SqlHold] = WeakValueDictionary()
        """What this process works on, filled inside the transactions that take. A hold that nobody
        has any more, say because its caller was cancelled, leaves a conversation to be adopted."""

    def _held_by_us(self, conversation_id: int, key: ConversationKey, epoch: int) -> SqlHold:
        hold = SqlHold(self._database, self._clock, key, conversation_id, self._replica_id, epoch)
        self._held[conversation_id] = hold
        return hold

    async def adopt(self, limit: int, *, parked: Parked = "due") -> Sequence[SqlHold]:
        now_us = to_us(self._clock.now())
        due_us = {"left": NOTHING_IS_DUE, "due": now_us, "all": ALL_IS_DUE}[parked]
        when = {**self._lease, "now_us": now_us, "due_us": due_us}
        for _ in range(ADOPTING_TRIES):
            waiting = await self._database.read(self._find_waiting, limit, when)
            holds = await self._take_all(waiting, when)
            if holds or not waiting:
                return holds
            # Another process was first: without a further look the slot is empty until a sweep.
        return []

    async def _take_all(self, waiting: Sequence[int], when: Mapping[str, Any]) -> Sequence[SqlHold]:
        taken = await asyncio.gather(
            *(self._database.write(self._take, one, when) for one in waiting),
            return_exceptions=True,
        )
        failed = [one for one in taken if isinstance(one, BaseException)]
        # One that somebody keeps locked must not keep all others from being adopted.
        if failed and len(failed) == len(taken):
            raise failed[0]
        return [one for one in taken if isinstance(one, SqlHold)]

    def _find_waiting(
        self, connection: Connection, limit: int, when: Mapping[str, Any]
    ) -> list[int]:
        rows = connection.execute(WAITING, {**when, "most": limit + len(self._held)})
        free = [row.id for row in rows if row.owner != self._replica_id or row.id not in self._held]
        return free[:limit]

    def _take(
        self, connection: Connection, conversation_id: int, when: Mapping[str, Any]
    ) -> SqlHold | None:
        orphan = conversation_id not in self._held
        row = connection.execute(TAKE, {**when, "at_id": conversation_id, "orphan": orphan}).first()
        return self._held_by_us(conversation_id, read_key(row), row.epoch) if row else None

    def abandon(self, hold: Hold) -> None:
        if isinstance(hold, SqlHold) and self._held.get(hold.conversation_id) is hold:
            del self._held[hold.conversation_id]

    async def beat(self) -> Pulse:
        return await self._database.write(self._beat, lane="beat")

    async def leave(self) -> None:
        """What this process still owns may be taken at once."""
        await self._database.write(self._leave, lane="beat")

    def _leave(self, connection: Connection) -> None:
        connection.execute(LEAVE, {"at_id": self._replica_id})

    def _beat(self, connection: Connection) -> Pulse:
        connection.execute(RENEW, self._lease)
        marked = connection.execute(STOP_MARKS, {"me": self._replica_id})
        marks = tuple(StopMark(read_key(row), row.stop_turn) for row in marked)
        return Pulse(marks, connection.execute(ALIVE, self._lease).scalar_one())
