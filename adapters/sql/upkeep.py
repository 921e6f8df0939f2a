"""Readiness and retention: what the lifecycle asks of a store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from sqlalchemy import BindParameter, bindparam, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.rows import to_us
from adapters.sql.schema.columns import at, match
from adapters.sql.schema.tables import completions, inbox, probes, ratings, turns
from core.errors import ChatbotError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select, Update
    from sqlalchemy.sql.dml import Delete

    from adapters.sql.rows import AnyRow

READY_WITHIN_S = 2.0
PROBE = "x" * 16_384
"""Larger than any page, so that a full disk cannot take it where a small row would still fit."""
BATCH = 500
"""Few enough that a question which arrives meanwhile does not wait long for the writer."""

FILL = insert(probes).values(filling=bindparam("filling")).returning(probes.c.id)
EMPTY = delete(probes)
_before: BindParameter[int] = bindparam("before_us")
_limit: BindParameter[int] = bindparam("most")

_words = (turns.c.question, turns.c.answer, turns.c.context, turns.c.user_name)
OLD_WORDS = (
    select(turns.c.turn_id, turns.c.received_at_us)
    # From the last batch on: those before it have no words left, and are not read again.
    .where(turns.c.received_at_us >= bindparam("after_us"), turns.c.received_at_us < _before)
    .where(or_(*(column != "" for column in _words)))
    .order_by(turns.c.received_at_us)
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
BLANK = (
    update(turns).where(turns.c.turn_id.in_(_ids)).values({column.name: "" for column in _words})
)
REMOVE_MESSAGES = delete(inbox).where(inbox.c.turn_id.in_(_ids), inbox.c.state != "open")
REMOVE_CALLS = delete(completions).where(
    completions.c.turn_id.in_(_ids), completions.c.called_at_us < _before
)
_RATING = ("platform", "workspace", "channel", "message_id", "user_id", "emoji")
OLD_RATINGS = (
    select(*(ratings.c[name] for name in _RATING))
    .where(ratings.c.marked_at_us < _before)
    .where(or_(ratings.c.reason != "", ratings.c.user_name != ""))
    .limit(_limit)
)
BLANK_RATING = update(ratings).where(match(ratings, *_RATING)).values(reason="", user_name="")
EVER_US = -(2**62)


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
        total = await self._prune_words(before_us)
        for find, forget in ((OLD_MESSAGES, REMOVE_MESSAGES), (OLD_CALLS, REMOVE_CALLS)):
            while found := await self._find(find, before_us):
                ids = [row.turn_id for row in found]
                total += await self._database.write(_forget, forget, before_us, ids, lane="long")
        while marks := await self._find(OLD_RATINGS, before_us):
            await self._database.write(_blank_ratings, marks, lane="long")
        return total

    async def _prune_words(self, before_us: int) -> int:
        total, after_us = 0, EVER_US
        while found := await self._find(OLD_WORDS, before_us, after_us):
            ids = [row.turn_id for row in found]
            total += await self._database.write(_forget, BLANK, before_us, ids, lane="long")
            after_us = found[-1].received_at_us
        return total

    async def _find(
        self, statement: Select[Any], before_us: int, after_us: int = EVER_US
    ) -> Sequence[AnyRow]:
        columns = {"before_us": before_us, "after_us": after_us, "most": BATCH}
        return await self._database.read(_find, statement, columns, lane="long")


def _probe(connection: Connection) -> None:
    connection.execute(FILL, {"filling": PROBE})
    connection.execute(EMPTY)


def _find(
    connection: Connection, statement: Select[Any], columns: Mapping[str, int]
) -> Sequence[AnyRow]:
    return connection.execute(statement, columns).all()


def _forget(
    connection: Connection, statement: Update | Delete, before_us: int, turn_ids: Sequence[str]
) -> int:
    return connection.execute(statement, {"before_us": before_us, "turn_ids": turn_ids}).rowcount


def _blank_ratings(connection: Connection, found: Sequence[AnyRow]) -> None:
    connection.execute(BLANK_RATING, [at(row._asdict()) for row in found])
