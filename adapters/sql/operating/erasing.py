"""Forgetting a person. The numbers of the ledger stay, without saying whose they are.

Small steps, each of which finds what it has not done yet: cut short, it is simply begun anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adapters.sql.database import Part
from adapters.sql.hold import UNPARK
from adapters.sql.operating.audit import note
from adapters.sql.operating.person import (
    BATCH,
    CALLS,
    CONTEXTS,
    COUNT_DROPPED,
    COUNTS,
    DROP_OPEN,
    EVER_US,
    FORGET_CALLS,
    FORGET_MESSAGES,
    FORGET_PLACES,
    FORGET_PREFERENCES,
    FORGET_PRIVATE,
    FORGET_RATING,
    FORGET_SOLE,
    FORGET_TOLD,
    FORGET_TURNS,
    KEEP_OTHERS,
    LOCK_WAITING,
    MESSAGES,
    OPEN_OF,
    PRIVATE,
    QUOTES,
    RATINGS,
    SOLE,
    TURNS,
    WAITING,
    Person,
)
from adapters.sql.recording import HAND_BACK
from adapters.sql.rows import read_context, to_context, to_us
from adapters.sql.schema.columns import at
from core.ports import Erased

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from sqlalchemy import Connection, Select, Update

    from adapters.sql.rows import AnyRow
    from core.ports import Deed


class SqlErasure(Part):
    """core.ports.Erasure."""

    async def count_of(self, platform: str, workspace: str, user_id: str) -> Erased:
        person = Person(platform, workspace, user_id)
        counts = await self._database.read(_count, person, lane="long")
        quotes = sum([len(ids) async for ids in self._quotes(person)])
        return Erased(**counts, quotes=quotes)

    async def erase(self, platform: str, workspace: str, user_id: str, deed: Deed) -> Erased:
        person = Person(platform, workspace, user_id)
        await self._database.write(note, deed, to_us(self._clock.now()), lane="long")
        waiting = 0
        for conversation_id in await self._database.read(_find, WAITING, person, lane="long"):
            waiting += await self._database.write(_drop_open, conversation_id, person, lane="long")
        await self._forget(SOLE, FORGET_SOLE, person)
        await self._forget(PRIVATE, FORGET_PRIVATE, person)
        return Erased(
            waiting=waiting,
            messages=await self._forget(MESSAGES, FORGET_MESSAGES, person),
            turns=await self._forget(TURNS, FORGET_TURNS, person),
            calls=await self._forget(CALLS, FORGET_CALLS, person),
            quotes=await self._forget_quotes(person),
            ratings=await self._forget_ratings(person),
            **await self._database.write(_forget_the_rest, person, lane="long"),
        )

    async def _forget(self, find: Select[Any], forget: Update, person: Person) -> int:
        total = 0
        while ids := await self._database.read(_find, find, person, lane="long"):
            total += await self._database.write(_forget, forget, ids, lane="long")
        return total

    async def _forget_ratings(self, person: Person) -> int:
        total = 0
        while rows := await self._database.read(_find_ratings, person, lane="long"):
            await self._database.write(_forget_ratings, rows, lane="long")
            total += len(rows)
        return total

    async def _forget_quotes(self, person: Person) -> int:
        total = 0
        async for ids in self._quotes(person):
            total += await self._database.write(_keep_others, ids, person.user_id, lane="long")
        return total

    async def _quotes(self, person: Person) -> AsyncIterator[Sequence[str]]:
        """The turns of others, in batches; each is looked for behind the one before."""
        after_us, seen = EVER_US, set[str]()
        while True:
            rows = await self._database.read(_find_quotes, person, after_us, lane="long")
            if not (new := [row.turn_id for row in rows if row.turn_id not in seen]):
                return
            yield new
            after_us, seen = rows[-1].received_at_us, seen.union(new)


def _count(connection: Connection, person: Person) -> dict[str, int]:
    columns = person.at()
    return {name: connection.execute(one, columns).scalar_one() for name, one in COUNTS.items()}


def _find(connection: Connection, statement: Select[Any], person: Person) -> Sequence[Any]:
    columns = {**person.at(), "ending": person.ending(), "most": BATCH}
    return connection.execute(statement, columns).scalars().all()


def _find_ratings(connection: Connection, person: Person) -> Sequence[AnyRow]:
    return connection.execute(RATINGS, {**person.at(), "most": BATCH}).all()


def _forget_ratings(connection: Connection, rows: Sequence[AnyRow]) -> None:
    connection.execute(FORGET_RATING, [at(row._asdict()) for row in rows])


def _find_quotes(connection: Connection, person: Person, after_us: int) -> Sequence[AnyRow]:
    columns = {"pattern": person.pattern(), "after_us": after_us, "most": BATCH}
    return connection.execute(QUOTES, {**person.at(), **columns}).all()


def _drop_open(connection: Connection, conversation_id: int, person: Person) -> int:
    """What runs is stopped, and recorded as nobody's."""
    connection.execute(LOCK_WAITING, {"at_id": conversation_id})
    rows = connection.execute(OPEN_OF, {**person.at(), "at_conversation_id": conversation_id}).all()
    for row in rows:
        connection.execute(DROP_OPEN, {"at_turn_id": row.turn_id})
        if row.replaces and not row.runs:
            connection.execute(HAND_BACK, {"after": row.turn_id, "before": row.replaces})
    running = next((row.turn_id for row in rows if row.runs), None)
    columns = {"at_id": conversation_id, "dropped": len(rows), "running": running}
    connection.execute(COUNT_DROPPED, columns)
    if any(row.parked for row in rows):  # what others asked behind it must not wait for it
        connection.execute(UNPARK, {"at_id": conversation_id})
    return len(rows)


def _forget(connection: Connection, statement: Update, ids: Sequence[str]) -> int:
    return connection.execute(statement, {"ids": ids}).rowcount


def _keep_others(connection: Connection, turn_ids: Sequence[str], user_id: str) -> int:
    rows = connection.execute(CONTEXTS, {"ids": turn_ids}).all()
    for row in rows:
        kept = [said for said in read_context(row.context) if said.author.user_id != user_id]
        connection.execute(KEEP_OTHERS, {"at_turn_id": row.turn_id, "kept": to_context(kept)})
    return len(rows)


def _forget_the_rest(connection: Connection, person: Person) -> dict[str, int]:
    columns = person.at()
    connection.execute(FORGET_TOLD, columns)
    return {
        "preferences": connection.execute(FORGET_PREFERENCES, columns).rowcount,
        "places": connection.execute(FORGET_PLACES, columns).rowcount,
    }
