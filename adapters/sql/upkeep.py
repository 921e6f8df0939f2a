"""Readiness, retention and dead letters: what the lifecycle and an operator ask."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, BindParameter, bindparam, case, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.hold import PARTS
from adapters.sql.rows import read_key, read_queued, read_ref, to_us
from adapters.sql.schema.columns import OPEN, match
from adapters.sql.schema.tables import completions, conversations, inbox, probes, ratings, turns
from adapters.sql.turns import KEY_OF
from core.errors import ChatbotError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select, Update
    from sqlalchemy.sql.dml import Delete

    from core.turn import QueuedMessage

READY_WITHIN_S = 2.0
PROBE = "x" * 16_384
"""Larger than any page, so that a full disk cannot take it where a small row would still fit."""
BATCH = 500
"""Few enough that a question which arrives meanwhile does not wait long for the writer."""

_c = conversations.c
FILL = insert(probes).values(filling=bindparam("filling")).returning(probes.c.id)
EMPTY = delete(probes)
_before: BindParameter[int] = bindparam("before_us")
_limit: BindParameter[int] = bindparam("most")

OLD_WORDS = (
    select(turns.c.turn_id)
    .where(turns.c.received_at_us < _before)
    .where(or_(turns.c.question != "", turns.c.answer != "", turns.c.context != ""))
    .limit(_limit)
)
OLD_MESSAGES = (
    select(inbox.c.turn_id)
    .where(inbox.c.received_at_us < _before, inbox.c.state != "open")
    # No words of anybody, and all that knows that a day's digest was sent.
    .where(inbox.c.kind != "report")
    .limit(_limit)
)
OLD_CALLS = select(completions.c.turn_id).where(completions.c.called_at_us < _before).limit(_limit)
_ids: BindParameter[Any] = bindparam("turn_ids", expanding=True)
BLANK = update(turns).where(turns.c.turn_id.in_(_ids)).values(question="", answer="", context="")
REMOVE_MESSAGES = delete(inbox).where(inbox.c.turn_id.in_(_ids), inbox.c.state != "open")
REMOVE_CALLS = delete(completions).where(
    completions.c.turn_id.in_(_ids), completions.c.called_at_us < _before
)
BLANK_REASONS = (
    update(ratings)
    .where(ratings.c.marked_at_us < _before, ratings.c.reason != "")
    .values(reason="")
)
DEAD = select(inbox).where(inbox.c.state == "dead").order_by(inbox.c.received_at_us)
PLACE_OF_DEAD = select(inbox.c.conversation_id).where(
    match(inbox, "turn_id"), inbox.c.state == "dead"
)
GIVE_PLACE = (
    update(conversations)
    .where(match(conversations, "id"))
    .values(
        next_seq=_c.next_seq + 1,
        waiting_since_us=case(
            (_c.finished == _c.next_seq, bindparam("now_us", type_=BigInteger())),
            else_=_c.waiting_since_us,
        ),
    )
    .returning(_c.next_seq)
)
REVIVE = (
    update(inbox)
    .where(match(inbox, "turn_id"), inbox.c.state == "dead")
    .values(state=OPEN, seq=bindparam("place"), starts=0, failures=0, reason="")
    .returning(inbox.c.turn_id)
)


class _NotDeadAnyMore(Exception):
    """Another process was quicker."""


class SqlUpkeep(Part):
    """core.ports.Upkeep."""

    async def ready(self) -> str:
        try:
            async with asyncio.timeout(READY_WITHIN_S):
                await self._database.write(_probe)
        except ChatbotError as error:
            return str(error)
        except TimeoutError:
            return "the database does not answer"
        return ""

    async def prune(self, before: datetime) -> int:
        before_us = to_us(before)
        total = 0
        for find, forget in (
            (OLD_WORDS, BLANK),
            (OLD_MESSAGES, REMOVE_MESSAGES),
            (OLD_CALLS, REMOVE_CALLS),
        ):
            while found := await self._database.read(_find, find, before_us, lane="long"):
                total += await self._database.write(_forget, forget, before_us, found, lane="long")
        await self._database.write(_blank_reasons, before_us, lane="long")
        return total

    async def dead_letters(self) -> Sequence[tuple[QueuedMessage, str]]:
        return await self._database.read(_dead_letters)

    async def retry(self, turn_id: str) -> bool:
        try:
            return await self._database.write(_retry, turn_id, to_us(self._clock.now()))
        except _NotDeadAnyMore:
            return False


def _probe(connection: Connection) -> None:
    connection.execute(FILL, {"filling": PROBE})
    connection.execute(EMPTY)


def _find(connection: Connection, statement: Select[Any], before_us: int) -> Sequence[str]:
    return connection.execute(statement, {"before_us": before_us, "most": BATCH}).scalars().all()


def _forget(
    connection: Connection, statement: Update | Delete, before_us: int, turn_ids: Sequence[str]
) -> int:
    return connection.execute(statement, {"before_us": before_us, "turn_ids": turn_ids}).rowcount


def _blank_reasons(connection: Connection, before_us: int) -> None:
    connection.execute(BLANK_REASONS, {"before_us": before_us})


def _dead_letters(connection: Connection) -> list[tuple[QueuedMessage, str]]:
    letters = []
    for row in connection.execute(DEAD).all():
        key = connection.execute(KEY_OF, {"at_id": row.conversation_id}).one()
        parts = connection.execute(PARTS, {"at_turn_id": row.turn_id})
        queued = read_queued(row, read_key(key), [read_ref(part) for part in parts])
        letters.append((queued, row.reason))
    return letters


def _retry(connection: Connection, turn_id: str, now_us: int) -> bool:
    conversation_id = connection.execute(PLACE_OF_DEAD, {"at_turn_id": turn_id}).scalar()
    if conversation_id is None:
        return False
    place = connection.execute(
        GIVE_PLACE, {"at_id": conversation_id, "now_us": now_us}
    ).scalar_one()
    if connection.execute(REVIVE, {"at_turn_id": turn_id, "place": place}).first() is None:
        raise _NotDeadAnyMore  # and no place is taken for it
    return True
