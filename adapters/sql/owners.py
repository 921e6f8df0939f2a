"""Who works on a conversation: taking it, adopting what the dead have left, and staying alive."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from sqlalchemy import (
    Boolean,
    ColumnElement,
    and_,
    bindparam,
    delete,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.hold import SqlHold
from adapters.sql.rows import read_key
from adapters.sql.schema.columns import NowUs, match
from adapters.sql.schema.pausing import may_go_on
from adapters.sql.schema.tables import conversations, replicas
from core.ports import StopMark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from adapters.sql.database import Database
    from core.conversation import ConversationKey
    from core.ports import Clock, Hold

_c = conversations.c
ME = bindparam("me", type_=_c.owner.type)
# As text: in an upsert the toolkit would ask for the owners of all conversations.
_owner: ColumnElement[str] = literal_column("conversations.owner")
_is_alive = exists().where(
    replicas.c.id == _owner,
    replicas.c.expires_at_us > NowUs(),
    # A lease from a clock that ran ahead would never end.
    replicas.c.expires_at_us <= NowUs() + 2 * bindparam("lease_us", type_=_c.epoch.type),
)
# Nobody takes from himself, however late his beats are: his own turns are still at work.
is_free = or_(_c.owner.is_(None), and_(_c.owner != ME, ~_is_alive))
WAITING = (
    select(_c.id, _c.owner)
    .where(_c.finished < _c.next_seq, or_(is_free, _c.owner == ME), may_go_on)
    .order_by(_c.waiting_since_us)
    .limit(bindparam("most"))
)
TAKE = (
    update(conversations)
    .where(match(conversations, "id"), _c.finished < _c.next_seq)
    .where(or_(is_free, and_(_c.owner == ME, bindparam("orphan", type_=Boolean()))))
    .values(owner=ME, epoch=_c.epoch + 1)
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

    async def adopt(self, limit: int) -> Sequence[SqlHold]:
        waiting = await self._database.read(self._find_waiting, limit)
        taken = await asyncio.gather(
            *(self._database.write(self._take, conversation_id) for conversation_id in waiting),
            return_exceptions=True,
        )
        failed = [one for one in taken if isinstance(one, BaseException)]
        # One that somebody keeps locked must not keep all others from being adopted.
        if failed and len(failed) == len(taken):
            raise failed[0]
        return [one for one in taken if isinstance(one, SqlHold)]

    def _find_waiting(self, connection: Connection, limit: int) -> list[int]:
        rows = connection.execute(WAITING, {**self._lease, "most": limit + len(self._held)})
        free = [row.id for row in rows if row.owner != self._replica_id or row.id not in self._held]
        return free[:limit]

    def _take(self, connection: Connection, conversation_id: int) -> SqlHold | None:
        orphan = conversation_id not in self._held
        row = connection.execute(
            TAKE, {**self._lease, "at_id": conversation_id, "orphan": orphan}
        ).first()
        return self._held_by_us(conversation_id, read_key(row), row.epoch) if row else None

    def abandon(self, hold: Hold) -> None:
        if isinstance(hold, SqlHold) and self._held.get(hold.conversation_id) is hold:
            del self._held[hold.conversation_id]

    async def beat(self) -> Sequence[StopMark]:
        return await self._database.write(self._beat, lane="beat")

    async def leave(self) -> None:
        """What this process still owns may be taken at once."""
        await self._database.write(self._leave, lane="beat")

    def _leave(self, connection: Connection) -> None:
        connection.execute(LEAVE, {"at_id": self._replica_id})

    def _beat(self, connection: Connection) -> list[StopMark]:
        connection.execute(RENEW, self._lease)
        marked = connection.execute(STOP_MARKS, {"me": self._replica_id})
        return [StopMark(read_key(row), row.stop_turn) for row in marked]
