"""What the owner of a conversation writes: each operation begins with the fence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import BigInteger, Boolean, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.completions import SETTLE_CUT
from adapters.sql.recording import end, settle, write_turn
from adapters.sql.rows import (
    read_queued,
    read_ref,
    to_kept,
    to_key_columns,
    to_ref_columns,
    to_us,
)
from adapters.sql.schema.columns import OPEN, at, match
from adapters.sql.schema.pausing import WAITS, is_paused
from adapters.sql.schema.tables import conversations, inbox, reply_refs
from core.errors import OwnershipLost

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from adapters.sql.database import Database
    from adapters.sql.rows import AnyRow
    from core.conversation import ConversationKey, MessageRef
    from core.ports import Clock
    from core.turn import QueuedMessage, Turn

_c = conversations.c
_ours = match(conversations, "id", "owner", "epoch")
_one = bindparam("ended", type_=BigInteger())

FENCE = (
    update(conversations)
    .where(_ours)
    .values(next_seq=_c.next_seq)
    .returning(_c.id, _c.sole_author, _c.stop_turn, _c.parked_until_us)
)
_paused_here = is_paused(
    *(bindparam(f"at_{name}") for name in ("platform", "workspace", "channel"))
)
_waits = or_(_paused_here, bindparam("waits", type_=Boolean()))
_is_stopped = inbox.c.turn_id == bindparam("stopped")
OLDEST = (
    select(inbox.c.turn_id)
    .where(match(inbox, "conversation_id"), inbox.c.state == OPEN)
    .where(or_(inbox.c.kind != WAITS, ~_waits, _is_stopped))
    .order_by(inbox.c.seq)
    .limit(1)
)
"""Of those that may be begun."""
BEGIN = (
    update(inbox)
    .where(inbox.c.turn_id == OLDEST.scalar_subquery(), inbox.c.state == OPEN)
    .values(runs=inbox.c.runs + 1, starts=inbox.c.starts + 1)
    .returning(*inbox.c)
)
PARTS = (
    select(*(reply_refs.c[name] for name in ("platform", "workspace", "channel", "message_id")))
    .where(match(reply_refs, "turn_id"))
    .order_by(reply_refs.c.n)
)
_next_part = (
    select(func.coalesce(func.max(reply_refs.c.n), 0) + 1)
    .where(match(reply_refs, "turn_id"))
    .scalar_subquery()
)
SAVE_PART = insert(reply_refs).values(
    {
        name: bindparam(name)
        for name in ("platform", "workspace", "channel", "message_id", "conversation_id", "turn_id")
    }
    | {"n": _next_part}
).on_conflict_do_nothing()  # fmt: skip
PASS_ON = (
    update(conversations)
    .where(_ours)
    .values(
        finished=_c.finished + _one,
        stop_turn=func.nullif(_c.stop_turn, bindparam("turn_id")),
        sole_author=case((~bindparam("several", type_=Boolean()), _c.sole_author)),
        owner=case(
            (
                or_(~bindparam("release", type_=Boolean()), _c.finished + _one < _c.next_seq),
                _c.owner,
            )
        ),
    )
    .returning(_c.owner)
)
GIVE_BACK = (
    update(inbox)
    .where(match(inbox, "turn_id"), inbox.c.state == OPEN)
    .values(
        failures=inbox.c.failures + bindparam("failed", type_=BigInteger()),
        starts=inbox.c.starts - bindparam("not_counted", type_=BigInteger()),
    )
    .returning(inbox.c.failures)
)
LEAVE_WAITING = (
    update(inbox)
    .where(match(inbox, "turn_id"), inbox.c.state == OPEN)
    .values(runs=0, starts=inbox.c.starts - 1, parked=True)
    .values(told=bindparam("is_told"), kept=bindparam("whole"))
    .returning(inbox.c.received_at_us)
)
PARK = (
    update(conversations)
    .where(_ours)
    .values(
        owner=None,
        waiting_since_us=bindparam("asked_at_us"),
        # Whoever wants it to end must not wait for the model.
        parked_until_us=case(
            (_c.stop_turn == bindparam("turn_id"), 0),
            else_=bindparam("until_us", type_=BigInteger()),
        ),
        retry_at_us=bindparam("due_us", type_=BigInteger()),
    )
)
UNPARK = update(conversations).where(match(conversations, "id")).values(parked_until_us=0)
RELEASE = (
    update(conversations)
    .where(_ours, _c.finished == _c.next_seq)
    .values(owner=None)
    .returning(_c.id)
)
LET_GO = update(conversations).where(_ours).values(owner=None).returning(_c.id)
YIELD = (
    update(conversations)
    .where(_ours)
    .values(owner=None, waiting_since_us=bindparam("now_us"))
    .returning(_c.id)
)


class SqlHold:
    """core.ports.Hold."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        key: ConversationKey,
        conversation_id: int,
        owner: str,
        epoch: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._key = key
        self._ours = at({"id": conversation_id, "owner": owner, "epoch": epoch})
        self._id = {"conversation_id": conversation_id}
        self._place = at({**to_key_columns(key), **self._id})
        self.conversation_id = conversation_id

    @property
    def conversation(self) -> ConversationKey:
        return self._key

    async def begin(self) -> QueuedMessage | None:
        return await self._database.write(self._begin)

    async def save_part(self, turn_id: str, ref: MessageRef) -> None:
        await self._database.write(self._save_part, turn_id, ref)

    async def record(self, turn: Turn, *, release: bool = True) -> bool:
        return await self._database.write(self._record, turn, release)

    async def give_back(self, turn_id: str, *, failed: bool) -> int:
        return await self._database.write(self._give_back, turn_id, failed)

    async def park(
        self,
        turn_id: str,
        *,
        until: datetime,
        retry_at: datetime,
        told: bool,
        kept: Turn | None = None,
    ) -> None:
        how = {"is_told": told, "whole": to_kept(kept) if kept else ""}
        when = {"until_us": to_us(until), "due_us": to_us(retry_at)}
        await self._database.write(self._park, turn_id, how, when)

    async def bury(self, turn_id: str, reason: str) -> None:
        await self._database.write(self._bury, turn_id, reason)

    async def release(self, *, force: bool = False) -> bool:
        return await self._database.write(self._release, force)

    def _fence(self, connection: Connection) -> AnyRow:
        row = connection.execute(FENCE, self._ours).first()
        if row is None:
            raise OwnershipLost(f"the conversation {self._key} is not ours any more")
        return row

    def _may_begin(self, conversation: AnyRow) -> Mapping[str, Any]:
        """What OLDEST asks for. Whoever takes a conversation because its question is due makes it
        wait no longer."""
        waits = conversation.parked_until_us > to_us(self._clock.now())
        return {**self._place, "waits": waits, "stopped": conversation.stop_turn}

    def _begin(self, connection: Connection) -> QueuedMessage | None:
        conversation = self._fence(connection)
        row = connection.execute(BEGIN, self._may_begin(conversation)).first()
        if row is None:
            return None
        if conversation.parked_until_us and row.kind == "question":
            connection.execute(UNPARK, {"at_id": self.conversation_id})
        parts = connection.execute(PARTS, {"at_turn_id": row.turn_id})
        queued = read_queued(row, self._key, [read_ref(part) for part in parts])
        return replace(queued, stop_asked=conversation.stop_turn == row.turn_id)

    def _save_part(self, connection: Connection, turn_id: str, ref: MessageRef) -> None:
        self._fence(connection)
        columns = {**to_ref_columns(ref), **self._id, "turn_id": turn_id}
        connection.execute(SAVE_PART, {**columns, "at_turn_id": turn_id})

    def _record(self, connection: Connection, turn: Turn, release: bool) -> bool:
        sole_author = self._fence(connection).sole_author
        row, ended = end(connection, turn.turn_id, _end_of(turn))
        write_turn(connection, self.conversation_id, turn, row)
        settle(connection, turn, to_us(self._clock.now()))
        several = any(said.author.user_id != sole_author for said in turn.context)
        return self._pass_on(connection, turn.turn_id, ended, several, release)

    def _pass_on(
        self, connection: Connection, turn_id: str, ended: bool, several: bool, release: bool
    ) -> bool:
        columns = {"turn_id": turn_id, "ended": int(ended), "several": several, "release": release}
        owner = connection.execute(PASS_ON, {**self._ours, **columns}).scalar_one()
        return owner is None

    def _give_back(self, connection: Connection, turn_id: str, failed: bool) -> int:
        self._fence(connection)
        columns = {"at_turn_id": turn_id, "failed": int(failed), "not_counted": int(not failed)}
        return cast("int", connection.execute(GIVE_BACK, columns).scalar() or 0)

    def _park(
        self,
        connection: Connection,
        turn_id: str,
        how: Mapping[str, Any],
        when: Mapping[str, int],
    ) -> None:
        self._fence(connection)
        asked_at_us = connection.execute(LEAVE_WAITING, {"at_turn_id": turn_id, **how}).scalar()
        place = {"turn_id": turn_id, "asked_at_us": asked_at_us or to_us(self._clock.now())}
        connection.execute(PARK, {**self._ours, **place, **when})

    def _bury(self, connection: Connection, turn_id: str, reason: str) -> None:
        self._fence(connection)
        _, ended = end(connection, turn_id, "dead", reason)
        connection.execute(SETTLE_CUT, {"at_turn_id": turn_id})
        self._pass_on(connection, turn_id, ended, several=False, release=False)

    def _release(self, connection: Connection, force: bool) -> bool:
        if force:
            self._fence(connection)
            now_us = to_us(self._clock.now())
            return connection.execute(YIELD, {**self._ours, "now_us": now_us}).first() is not None
        if connection.execute(RELEASE, self._ours).first() is not None:
            return True
        conversation = self._fence(connection)
        if connection.execute(OLDEST, self._may_begin(conversation)).first() is not None:
            return False
        # What is open waits for the model, or for the end of a pause: then it is adopted.
        return connection.execute(LET_GO, self._ours).first() is not None


def _end_of(turn: Turn) -> str:
    return "refused" if turn.outcome == "refused" else "done"
