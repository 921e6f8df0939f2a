"""Forgetting a person. The numbers of the ledger stay, without saying whose they are.

Small steps, each of which finds what it has not done yet: cut short, it is simply begun anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    String,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    select,
    update,
)

from adapters.sql.database import Part
from adapters.sql.hold import HAND_BACK, OF_PERSON
from adapters.sql.operating.audit import note
from adapters.sql.rows import read_context, to_context, to_us
from adapters.sql.schema.columns import OPEN, at, match
from adapters.sql.schema.tables import (
    completions,
    conversations,
    inbox,
    places,
    preferences,
    ratings,
    told_of_pauses,
    turns,
)
from core.ports import Erased

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from sqlalchemy import Connection, Select, Update

    from adapters.sql.rows import AnyRow
    from core.ports import Deed

BATCH = 200
"""Few enough that a question which arrives meanwhile does not wait long for the writer."""
_c = conversations.c
_WHERE = ("platform", "workspace")
_ids: BindParameter[Any] = bindparam("ids", expanding=True)
_limit: BindParameter[int] = bindparam("most")
_sent = match(inbox, *_WHERE, "author_id")

WAITING = select(inbox.c.conversation_id).where(_sent, inbox.c.state == OPEN).distinct()
LOCK_WAITING = (
    update(conversations)
    .where(match(conversations, "id"))
    .values(next_seq=_c.next_seq)
    .returning(_c.id)
)
OPEN_OF = (
    select(inbox.c.turn_id, inbox.c.runs, inbox.c.replaces)
    .where(match(inbox, "conversation_id"), _sent, inbox.c.state == OPEN)
    .order_by(inbox.c.seq)
)
_NOBODYS = {
    "author_id": "",
    "author_name": "",
    "text": "",
    "attachments": "",
    "reply_to": "",
    "twin": "",
    "erased": True,
}
DROP_OPEN = update(inbox).where(match(inbox, "turn_id")).values(state="dropped", **_NOBODYS)
COUNT_DROPPED = (
    update(conversations)
    .where(match(conversations, "id"))
    .values(
        finished=_c.finished + bindparam("dropped", type_=BigInteger()),
        stop_turn=func.coalesce(bindparam("running", type_=_c.stop_turn.type), _c.stop_turn),
    )
)
"""With a stop for the one that is being answered right now."""
MESSAGES = select(inbox.c.turn_id).where(_sent, inbox.c.state != "open").limit(_limit)
FORGET_MESSAGES = (
    update(inbox)
    .where(inbox.c.turn_id.in_(_ids))
    .values(state=case((inbox.c.state == "dead", "dropped"), else_=inbox.c.state), **_NOBODYS)
)
TURNS = select(turns.c.turn_id).where(match(turns, *_WHERE, "user_id")).limit(_limit)
FORGET_TURNS = (
    update(turns)
    .where(turns.c.turn_id.in_(_ids))
    .values(dict.fromkeys(("question", "answer", *OF_PERSON), ""))
)
CALLS = select(completions.c.turn_id).where(match(completions, *_WHERE, "user_id")).limit(_limit)
FORGET_CALLS = update(completions).where(completions.c.turn_id.in_(_ids)).values(user_id="")
QUOTES = (
    select(turns.c.turn_id, turns.c.received_at_us)
    .where(match(turns, *_WHERE), turns.c.user_id != bindparam("at_user_id"))
    .where(turns.c.received_at_us >= bindparam("after_us"))
    .where(turns.c.context.like(bindparam("pattern", type_=String()), escape="!"))
    .order_by(turns.c.received_at_us)
    .limit(_limit)
)
CONTEXTS = select(turns.c.turn_id, turns.c.context).where(turns.c.turn_id.in_(_ids))
KEEP_OTHERS = update(turns).where(match(turns, "turn_id")).values(context=bindparam("kept"))
FORGET_RATINGS = delete(ratings).where(match(ratings, *_WHERE, "user_id"))
_own_settings = (match(preferences, *_WHERE, "subject"), preferences.c.scope == "person")
FORGET_PREFERENCES = delete(preferences).where(*_own_settings)
FORGET_PLACES = delete(places).where(match(places, *_WHERE, "channel"))
FORGET_TOLD = delete(told_of_pauses).where(match(told_of_pauses, *_WHERE, "user_id"))
FORGET_SOLE = (
    update(conversations)
    .where(match(conversations, *_WHERE, "sole_author"))
    .values(sole_author=None)
)
FORGET_PRIVATE = (
    update(conversations)
    .where(match(conversations, *_WHERE))
    .where(_c.thread.like(bindparam("ending", type_=String()), escape="!"))
    .values(thread=literal("erased/") + cast(_c.id, String()))
)
"""Of conversations that are named after the person whom they are with."""
COUNTS = {
    "waiting": select(func.count()).select_from(inbox).where(_sent, inbox.c.state == OPEN),
    "messages": select(func.count()).select_from(inbox).where(_sent, inbox.c.state != "open"),
    "turns": select(func.count()).select_from(turns).where(match(turns, *_WHERE, "user_id")),
    "calls": select(func.count())
    .select_from(completions)
    .where(match(completions, *_WHERE, "user_id")),
    "ratings": select(func.count()).select_from(ratings).where(match(ratings, *_WHERE, "user_id")),
    "preferences": select(func.count()).select_from(preferences).where(*_own_settings),
    "places": select(func.count()).select_from(places).where(match(places, *_WHERE, "channel")),
}
EVER_US = -(2**62)


@dataclass(frozen=True, slots=True)
class _Person:
    platform: str
    workspace: str
    user_id: str

    def at(self) -> dict[str, str]:
        """By every name that the tables have for the id."""
        names = ("user_id", "author_id", "subject", "channel", "sole_author")
        return at(
            {"platform": self.platform, "workspace": self.workspace}
            | dict.fromkeys(names, self.user_id)
        )

    def pattern(self) -> str:
        """For what `to_context` makes of something that the person has said."""
        return f"%[{_plain(json.dumps(self.user_id))},%"

    def ending(self) -> str:
        return f"%/{_plain(self.user_id)}"


class SqlErasure(Part):
    """core.ports.Erasure."""

    async def count_of(self, platform: str, workspace: str, user_id: str) -> Erased:
        person = _Person(platform, workspace, user_id)
        counts = await self._database.read(_count, person, lane="long")
        quotes = sum([len(ids) async for ids in self._quotes(person)])
        return Erased(**counts, quotes=quotes)

    async def erase(self, platform: str, workspace: str, user_id: str, deed: Deed) -> Erased:
        person = _Person(platform, workspace, user_id)
        await self._database.write(note, deed, to_us(self._clock.now()), lane="long")
        waiting = 0
        for conversation_id in await self._database.read(_find, WAITING, person, lane="long"):
            waiting += await self._database.write(_drop_open, conversation_id, person, lane="long")
        return Erased(
            waiting=waiting,
            messages=await self._forget(MESSAGES, FORGET_MESSAGES, person),
            turns=await self._forget(TURNS, FORGET_TURNS, person),
            calls=await self._forget(CALLS, FORGET_CALLS, person),
            quotes=await self._forget_quotes(person),
            **await self._database.write(_forget_the_rest, person, lane="long"),
        )

    async def _forget(self, find: Select[Any], forget: Update, person: _Person) -> int:
        total = 0
        while ids := await self._database.read(_find, find, person, lane="long"):
            total += await self._database.write(_forget, forget, ids, lane="long")
        return total

    async def _forget_quotes(self, person: _Person) -> int:
        total = 0
        async for ids in self._quotes(person):
            total += await self._database.write(_keep_others, ids, person.user_id, lane="long")
        return total

    async def _quotes(self, person: _Person) -> AsyncIterator[Sequence[str]]:
        """The turns of others, in batches; each is looked for behind the one before."""
        after_us, seen = EVER_US, set[str]()
        while True:
            rows = await self._database.read(_find_quotes, person, after_us, lane="long")
            if not (new := [row.turn_id for row in rows if row.turn_id not in seen]):
                return
            yield new
            after_us, seen = rows[-1].received_at_us, seen.union(new)


def _count(connection: Connection, person: _Person) -> dict[str, int]:
    columns = person.at()
    return {name: connection.execute(one, columns).scalar_one() for name, one in COUNTS.items()}


def _find(connection: Connection, statement: Select[Any], person: _Person) -> Sequence[Any]:
    columns: Mapping[str, Any] = {**person.at(), "most": BATCH}
    return connection.execute(statement, columns).scalars().all()


def _find_quotes(connection: Connection, person: _Person, after_us: int) -> Sequence[AnyRow]:
    columns = {"pattern": person.pattern(), "after_us": after_us, "most": BATCH}
    return connection.execute(QUOTES, {**person.at(), **columns}).all()


def _drop_open(connection: Connection, conversation_id: int, person: _Person) -> int:
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
    return len(rows)


def _forget(connection: Connection, statement: Update, ids: Sequence[str]) -> int:
    return connection.execute(statement, {"ids": ids}).rowcount


def _keep_others(connection: Connection, turn_ids: Sequence[str], user_id: str) -> int:
    rows = connection.execute(CONTEXTS, {"ids": turn_ids}).all()
    for row in rows:
        kept = [said for said in read_context(row.context) if said.author.user_id != user_id]
        connection.execute(KEEP_OTHERS, {"at_turn_id": row.turn_id, "kept": to_context(kept)})
    return len(rows)


def _forget_the_rest(connection: Connection, person: _Person) -> dict[str, int]:
    columns = person.at()
    connection.execute(FORGET_TOLD, columns)
    connection.execute(FORGET_SOLE, columns)
    connection.execute(FORGET_PRIVATE, {**columns, "ending": person.ending()})
    return {
        "ratings": connection.execute(FORGET_RATINGS, columns).rowcount,
        "preferences": connection.execute(FORGET_PREFERENCES, columns).rowcount,
        "places": connection.execute(FORGET_PLACES, columns).rowcount,
    }


def _plain(text: str) -> str:
    """In a pattern, itself alone."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
