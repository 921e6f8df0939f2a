"""Money and rates: what model calls cost, and how many questions arrived."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, bindparam, case, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.sql.database import Part
from adapters.sql.rows import to_us, to_usage_columns
from adapters.sql.schema.columns import Alone, ExactText, at, match
from adapters.sql.schema.tables import completions, inbox
from core.completion import Completion
from core.errors import BudgetUsedUp
from core.ports import Spent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from core.ports import Budget, Counted

_c = completions.c
_PERSON = ("platform", "workspace", "user_id")
_SETTLED = (
    "model",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "cost_usd",
    "source",
    "outcome",
)


def _insert_for_asker(n: Any) -> Any:
    """A row with its person copied from the question, as budgets are asked for by person."""
    given = select(bindparam("turn_id", type_=ExactText()).label("turn_id")).subquery("given")
    own = ("model", "reserved_usd", *_SETTLED[1:], "called_at_us")
    columns = [
        given.c.turn_id,
        n,
        *(bindparam(name, type_=_c[name].type) for name in own),
        func.coalesce(inbox.c.platform, ""),
        func.coalesce(inbox.c.workspace, ""),
        func.coalesce(inbox.c.author_id, ""),
    ]
    joined = given.outerjoin(inbox, inbox.c.turn_id == given.c.turn_id)
    # Without a WHERE, SQLite takes the ON of ON CONFLICT for a join's.
    source = select(*columns).select_from(joined).where(given.c.turn_id == given.c.turn_id)
    return insert(completions).from_select(["turn_id", "n", *own, *_PERSON], source)


_next_n = (
    select(func.coalesce(func.max(_c.n), 0) + 1).where(match(completions, "turn_id"))
).scalar_subquery()
RESERVE = _insert_for_asker(_next_n).returning(_c.n)
ALONE = select(Alone(bindparam("whose", type_=String())))
_settled = _insert_for_asker(bindparam("n", type_=_c.n.type))
SETTLE = _settled.on_conflict_do_update(
    index_elements=["turn_id", "n"], set_={name: _settled.excluded[name] for name in _SETTLED}
)
SETTLE_CUT = (
    update(completions)
    .where(match(completions, "turn_id"), _c.outcome == "running")
    .values(
        cost_usd=_c.reserved_usd,
        source=case((_c.reserved_usd.is_(None), "unknown"), else_="estimated"),
        outcome="internal",
    )
)
_whole_usd = case(
    (_c.outcome == "running", func.coalesce(_c.reserved_usd, 0.0)),
    else_=func.coalesce(_c.cost_usd, 0.0),
)
SPENT = select(
    func.sum(case((match(completions, "user_id"), _whole_usd), else_=0.0)), func.sum(_whole_usd)
).where(match(completions, "platform", "workspace"), _c.called_at_us >= bindparam("since_us"))


def _count(*names: str) -> Select[int]:
    return select(func.count()).where(
        match(inbox, "platform", "workspace", *names),
        inbox.c.kind == "question",
        or_(inbox.c.runs > 0, inbox.c.parked),
        inbox.c.state != "refused",
        inbox.c.received_at_us >= bindparam("since_us"),
        inbox.c.received_at_us < bindparam("until_us"),
    )


COUNTS = {
    (False, False): _count(),
    (False, True): _count("author_id"),
    (True, False): _count("channel"),
    (True, True): _count("channel", "author_id"),
}
"""By whether a channel and a user are asked for: each has its index."""
NEVER_US = 2**62


def to_completion_columns(completion: Completion, called_at_us: int) -> dict[str, Any]:
    return {
        "turn_id": completion.turn_id,
        "n": completion.n,
        "model": completion.model,
        "reserved_usd": completion.reserved_usd,
        **to_usage_columns(completion.usage),
        "cost_usd": completion.cost_usd,
        "source": completion.source,
        "outcome": completion.outcome,
        "called_at_us": called_at_us,
    }


class SqlCompletions(Part):
    """core.ports.Completions and core.ports.Arrivals."""

    async def reserve(
        self,
        turn_id: str,
        model: str,
        reserved_usd: float | None,
        *,
        within: Budget | None = None,
    ) -> Completion:
        wanted = Completion(turn_id, 0, model, reserved_usd)
        columns = to_completion_columns(wanted, to_us(self._clock.now()))
        n = await self._database.write(_reserve, columns, within)
        return Completion(turn_id, n, model, reserved_usd)

    async def settle(self, completion: Completion) -> None:
        columns = to_completion_columns(completion, to_us(self._clock.now()))
        await self._database.write(_settle, columns)

    async def spent(self, platform: str, workspace: str, user_id: str, since: datetime) -> Spent:
        person = {"platform": platform, "workspace": workspace, "user_id": user_id}
        return await self._database.read(_spent, person, to_us(since))

    async def count(
        self, wanted: Sequence[tuple[Counted, datetime]], until: datetime | None = None
    ) -> Sequence[int]:
        until_us = NEVER_US if until is None else to_us(until)
        return await self._database.read(_arrivals, wanted, until_us) if wanted else ()


def _reserve(connection: Connection, columns: Mapping[str, Any], within: Budget | None) -> int:
    if within is not None:
        connection.execute(ALONE, {"whose": json.dumps([within.platform, within.workspace])})
        # READ COMMITTED: this sees what the one before in this workspace has reserved.
        person = {"platform": within.platform, "workspace": within.workspace}
        person |= {"user_id": within.user_id}
        used_up = within.used_up(_spent(connection, person, to_us(within.since)))
        if used_up is not None:
            raise BudgetUsedUp(used_up)
    n: int = connection.execute(RESERVE, {**columns, "at_turn_id": columns["turn_id"]}).scalar_one()
    return n


def _settle(connection: Connection, columns: Mapping[str, Any]) -> None:
    connection.execute(SETTLE, columns)


def _spent(connection: Connection, person: Mapping[str, str], since_us: int) -> Spent:
    by_user, in_workspace = connection.execute(SPENT, {**at(person), "since_us": since_us}).one()
    return Spent(by_user or 0.0, in_workspace or 0.0)


def _arrivals(
    connection: Connection, wanted: Sequence[tuple[Counted, datetime]], until_us: int
) -> list[int]:
    return [_count_arrivals(connection, whose, to_us(since), until_us) for whose, since in wanted]


def _count_arrivals(connection: Connection, whose: Counted, since_us: int, until_us: int) -> int:
    place = {
        "platform": whose.platform,
        "workspace": whose.workspace,
        "channel": whose.channel,
        "author_id": whose.user_id,
    }
    statement = COUNTS[bool(whose.channel), bool(whose.user_id)]
    period = {"since_us": since_us, "until_us": until_us}
    return connection.execute(statement, {**at(place), **period}).scalar_one()
