"""How often: `20/minute` read, and counted over the questions that arrived."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from core.ports import Arrivals, Counted

PERIODS: Mapping[str, timedelta] = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
HALVINGS = 5
"""The moment a rate is free again is found to a 32nd of its period: 2 s of a minute."""

_RATE = re.compile(r"(?P<count>[0-9]{1,9})(?:\s*/\s*(?P<period>[a-z]+?)s?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` questions in any period of that length."""

    count: int
    period: timedelta


def parse_rate(text: str, setting: str) -> Rate | None:
    """None: no limit, written as 0. Raises SettingError naming the setting."""
    found = _RATE.fullmatch(text.strip())
    if found is not None and int(found["count"]) == 0:
        return None
    period = PERIODS.get((found["period"] or "").lower()) if found else None
    if found is None or period is None:
        raise SettingError(
            f"{setting}: write it as 20/minute (or second, hour, day), or 0 for no limit"
        )
    return Rate(int(found["count"]), period)


async def first_exceeded(
    arrivals: Arrivals, rates: Sequence[tuple[Rate, Counted]], at: datetime
) -> int | None:
    """The place of the first rate that a question which arrived at that moment is too many for;
    None: there is none.

    It is judged by those before it alone, so that the first ones of a burst are answered.
    """
    counts = await arrivals.count([(whose, at - rate.period) for rate, whose in rates], at)
    asked = enumerate(zip(rates, counts, strict=True))
    return next((place for place, ((rate, _), count) in asked if count >= rate.count), None)


async def free_at(arrivals: Arrivals, rate: Rate, whose: Counted, at: datetime) -> datetime:
    """When a question would be taken again if nobody asks meanwhile; late by at most a 32nd."""
    early, late = at - rate.period, at
    for _ in range(HALVINGS):
        middle = early + (late - early) / 2
        [count] = await arrivals.count([(whose, middle)], at)
        if count >= rate.count:
            early = middle
        else:
            late = middle
    return late + rate.period
