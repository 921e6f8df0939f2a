"""The numbers of a period: counted by the database, so that a million turns stay there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, case, cast, func, or_, select

from adapters.sql.rows import to_us
from adapters.sql.schema.tables import completions, ratings, reply_refs, turns
from core.ports import ModelSummary, Summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, Select

    from core.ports import StatsQuery

_c = turns.c
_PERCENTS = (50, 95, 99)
_STEPS = tuple(
    timedelta(**step)
    for step in ({"days": 1}, {"hours": 6}, {"hours": 1}, {"minutes": 30}, {"minutes": 5})
)
"""The widest of these that divides a period into 12 to 31 parts."""
_OTHER_STEPS = 24


def _or_any(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    wanted = bindparam(name, type_=column.type)
    return or_(wanted == "", column == wanted)


_asked = (
    _c.received_at_us >= bindparam("since_us"),
    _c.received_at_us < bindparam("until_us"),
    _c.kind == "question",
    _or_any(_c.platform, "platform"),
    _or_any(_c.workspace, "workspace"),
    _or_any(_c.channel, "channel"),
    _or_any(_c.user_id, "user_id"),
)


def _times(outcome: str) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((_c.outcome == outcome, 1), else_=0)), 0).label(outcome)


def _sum(column: ColumnElement[int]) -> ColumnElement[int]:
    # PostgreSQL would answer with a decimal.
    return cast(func.coalesce(func.sum(column), 0), BigInteger)


TOTALS = select(
    func.count().label("requests"),
    *(_times(outcome) for outcome in ("answered", "failed", "stopped", "refused")),
    _sum(_c.input_tokens).label("input_tokens"),
    _sum(_c.output_tokens).label("output_tokens"),
    _sum(_c.cached_tokens).label("cached_tokens"),
).where(*_asked)
ERRORS = select(_c.error, func.count()).where(*_asked, _c.error != "").group_by(_c.error)
MODELS = (
    select(
        completions.c.model,
        func.count(completions.c.turn_id.distinct()).label("requests"),
        func.sum(completions.c.cost_usd).label("cost_usd"),
        func.sum(case((completions.c.cost_usd.is_(None), 1), else_=0)).label("unknown"),
    )
    .join(turns, _c.turn_id == completions.c.turn_id)
    .where(*_asked, completions.c.outcome != "running")
    .group_by(completions.c.model)
)
_step = (
    (_c.received_at_us - bindparam("since_us"))
    * bindparam("steps", type_=BigInteger())
    // bindparam("span_us", type_=BigInteger())
)
STEPS = select(_step.label("step"), func.count()).where(*_asked).group_by("step")


def _ranked(column: ColumnElement[Any]) -> Select[Any]:
    """The values at the ranks of the percentiles. Nearest rank: the smallest value that so many
    per cent of all do not exceed."""
    values = (
        select(
            column.label("value"),
            func.row_number().over(order_by=column).label("rank"),
            func.count().over().label("total"),
        )
        .where(*_asked, _c.outcome == "answered", column.is_not(None))
        .subquery()
    )
    wanted = [values.c.rank == (values.c.total * percent + 99) // 100 for percent in _PERCENTS]
    return select(values).where(or_(*wanted))


LATENCIES = _ranked(_c.latency_s)
FIRST_VISIBLE = _ranked(_c.first_visible_s)

_newest = (
    select(
        ratings.c.value,
        func.row_number()
        .over(
            partition_by=(reply_refs.c.turn_id, ratings.c.user_id),
            order_by=ratings.c.marked_at_us.desc(),
        )
        .label("age"),
    )
    .select_from(turns)
    .join(reply_refs, reply_refs.c.turn_id == _c.turn_id)
    .join(
        ratings,
        (ratings.c.platform == reply_refs.c.platform)
        & (ratings.c.workspace == reply_refs.c.workspace)
        & (ratings.c.channel == reply_refs.c.channel)
        & (ratings.c.message_id == reply_refs.c.message_id),
    )
    .where(*_asked, ratings.c.active)
    .subquery()
)
RATINGS = select(_newest.c.value, func.count()).where(_newest.c.age == 1).group_by(_newest.c.value)


def summarize(connection: Connection, query: StatsQuery) -> Summary:
    columns = {
        "since_us": to_us(query.since),
        "until_us": to_us(query.until),
        "platform": query.platform,
        "workspace": query.workspace,
        "channel": query.channel,
        "user_id": query.user_id,
    }
    totals = connection.execute(TOTALS, columns).one()
    models = connection.execute(MODELS, columns).all()
    thumbs = {row.value: row[1] for row in connection.execute(RATINGS, columns)}
    return Summary(
        **totals._mapping,
        cost_usd=sum(row.cost_usd or 0.0 for row in models),
        price_unknown=sum(row.unknown for row in models),
        latency_s=_percentiles(connection, LATENCIES, columns),
        first_visible_s=_percentiles(connection, FIRST_VISIBLE, columns),
        errors={row.error: row[1] for row in connection.execute(ERRORS, columns)},
        up=thumbs.get(1, 0),
        down=thumbs.get(-1, 0),
        models={row.model: ModelSummary(row.requests, row.cost_usd) for row in models},
        steps=_count_steps(connection, query, columns),
    )


def _percentiles(
    connection: Connection, statement: Select[Any], columns: Mapping[str, Any]
) -> Mapping[str, float] | None:
    rows = connection.execute(statement, columns).all()
    if not rows:
        return None
    values = {row.rank: row.value for row in rows}
    return {f"p{percent}": values[(rows[0].total * percent + 99) // 100] for percent in _PERCENTS}


def _count_steps(
    connection: Connection, query: StatsQuery, columns: Mapping[str, Any]
) -> tuple[int, ...]:
    span = query.until - query.since
    if span <= timedelta(0):
        return (0,) * _OTHER_STEPS
    fitting = (span // step for step in _STEPS if not span % step and 12 <= span // step <= 31)
    steps = next(fitting, _OTHER_STEPS)
    period = {**columns, "steps": steps, "span_us": span // timedelta(microseconds=1)}
    counts = {row.step: row[1] for row in connection.execute(STEPS, period)}
    return tuple(counts.get(step, 0) for step in range(steps))
