"""The ledger of recorded turns, and what is read back of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, bindparam, case, func, or_, select, update

from adapters.sql.database import Part
from adapters.sql.hold import PARTS
from adapters.sql.rows import (
    read_key,
    read_queued,
    read_ref,
    read_turn,
    read_us,
    to_key_columns,
    to_ref_columns,
    to_us,
)
from adapters.sql.schema.columns import OPEN, at, match
from adapters.sql.schema.tables import conversations, inbox, reply_refs, turns
from adapters.sql.summary import summarize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from core.conversation import ConversationKey, MessageRef
    from core.ports import StatsQuery, Summary
    from core.turn import QueuedMessage, Turn

_c = conversations.c
_KEY = ("platform", "workspace", "channel", "thread")

_this = select(_c.id).where(match(conversations, *_KEY)).scalar_subquery()
"""Not joined: PostgreSQL would read and sort all turns of a long conversation for the newest."""
_from = select(_c.history_from).where(match(conversations, *_KEY)).scalar_subquery()
HISTORY = (
    select(turns)
    .where(turns.c.conversation_id == _this, turns.c.seq > _from)
    .where(~turns.c.replaced, turns.c.outcome.in_(("answered", "stopped")), turns.c.answer != "")
    .order_by(turns.c.seq.desc())
    .limit(bindparam("most"))
)
OF_MESSAGE = (
    select(turns)
    .join(reply_refs, reply_refs.c.turn_id == turns.c.turn_id)
    .where(match(reply_refs, "platform", "workspace", "channel", "message_id"))
)
RECORDED = select(turns).where(match(turns, "turn_id"))
AGAIN = (
    select(inbox)
    .join(turns, turns.c.turn_id == inbox.c.turn_id)
    .where(match(inbox, "turn_id"), ~inbox.c.erased, ~turns.c.replaced)
    .where(or_(turns.c.outcome.in_(("failed", "stopped")), turns.c.incomplete))
)
KEY_OF = select(_c.platform, _c.workspace, _c.channel, _c.thread).where(match(conversations, "id"))
FIND_ONE = select(_c.id).where(match(conversations, *_KEY))
FIND_ASKED_IN = (
    select(_c.id)
    .join(inbox, inbox.c.conversation_id == _c.id)
    .where(
        match(conversations, "platform", "workspace", "channel"),
        match(inbox, "platform", "workspace", "author_id"),
    )
    .distinct()
)
_begun_seq = func.coalesce(
    select(func.max(inbox.c.seq))
    .where(inbox.c.conversation_id == _c.id, inbox.c.state == OPEN)
    .where(or_(inbox.c.runs > 0, inbox.c.parked))
    .scalar_subquery(),
    0,
)
_recorded_seq = func.coalesce(
    select(func.max(turns.c.seq)).where(turns.c.conversation_id == _c.id).scalar_subquery(), 0
)
FORGET = (
    update(conversations)
    .where(match(conversations, "id"))
    .values(
        history_from=case((_begun_seq > _recorded_seq, _begun_seq), else_=_recorded_seq),
        forgotten_at_us=bindparam("now_us", type_=BigInteger()),
    )
)
FORGOTTEN_AT = select(_c.forgotten_at_us).where(match(conversations, *_KEY))


SUCCEEDED = (
    select(turns.c.received_at_us, turns.c.latency_s)
    .where(turns.c.conversation_id == _this, turns.c.outcome != "failed")
    .order_by(turns.c.seq.desc())
    .limit(1)
)


class SqlTurns(Part):
    """core.ports.Turns."""

    async def history(self, conversation: ConversationKey, limit: int) -> Sequence[Turn]:
        return await self._database.read(_history, conversation, limit)

    async def of_message(self, ref: MessageRef) -> Turn | None:
        return await self._database.read(_of_message, ref)

    async def recorded(self, turn_id: str) -> tuple[Turn, tuple[MessageRef, ...]] | None:
        return await self._database.read(_recorded, turn_id)

    async def again(self, turn_id: str) -> QueuedMessage | None:
        return await self._database.read(_again, turn_id)

    async def summary(self, query: StatsQuery) -> Summary:
        return await self._database.read(summarize, query, lane="long")

    async def succeeded_at(self, conversation: ConversationKey) -> datetime | None:
        return await self._database.read(_succeeded_at, conversation)

    async def forget(self, conversation: ConversationKey, user_id: str | None = None) -> int:
        found = await self._database.read(_find, conversation, user_id)
        for conversation_id in found:
            await self._database.write(_forget, conversation_id, to_us(self._clock.now()))
        return len(found)

    async def forgotten_at(self, conversation: ConversationKey) -> datetime | None:
        return await self._database.read(_forgotten_at, conversation)


def _history(connection: Connection, key: ConversationKey, limit: int) -> list[Turn]:
    rows = connection.execute(HISTORY, {**at(to_key_columns(key)), "most": limit}).all()
    return [read_turn(row) for row in reversed(rows)]


def _of_message(connection: Connection, ref: MessageRef) -> Turn | None:
    row = connection.execute(OF_MESSAGE, at(to_ref_columns(ref))).first()
    return read_turn(row) if row else None


def _recorded(connection: Connection, turn_id: str) -> tuple[Turn, tuple[MessageRef, ...]] | None:
    row = connection.execute(RECORDED, {"at_turn_id": turn_id}).first()
    if row is None:
        return None
    parts = connection.execute(PARTS, {"at_turn_id": turn_id})
    return read_turn(row), tuple(read_ref(part) for part in parts)


def _again(connection: Connection, turn_id: str) -> QueuedMessage | None:
    row = connection.execute(AGAIN, {"at_turn_id": turn_id}).first()
    if row is None:
        return None
    key = connection.execute(KEY_OF, {"at_id": row.conversation_id}).one()
    parts = connection.execute(PARTS, {"at_turn_id": turn_id})
    return read_queued(row, read_key(key), [read_ref(part) for part in parts])


def _succeeded_at(connection: Connection, key: ConversationKey) -> datetime | None:
    row = connection.execute(SUCCEEDED, at(to_key_columns(key))).first()
    return read_us(row.received_at_us) + timedelta(seconds=row.latency_s) if row else None


def _find(connection: Connection, key: ConversationKey, user_id: str | None) -> list[int]:
    columns = at(to_key_columns(key))
    found = set(connection.execute(FIND_ONE, columns).scalars())
    if user_id is not None:
        found |= set(
            connection.execute(FIND_ASKED_IN, {**columns, "at_author_id": user_id}).scalars()
        )
    return sorted(found)


def _forget(connection: Connection, conversation_id: int, now_us: int) -> None:
    connection.execute(FORGET, {"at_id": conversation_id, "now_us": now_us})


def _forgotten_at(connection: Connection, key: ConversationKey) -> datetime | None:
    moment_us = connection.execute(FORGOTTEN_AT, at(to_key_columns(key))).scalar()
    return read_us(moment_us) if moment_us else None
