"""How often: `20/minute` read, and counted over the questions that arrived."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from core.ports import Arrivals

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


@dataclass(frozen=True, slots=True)
class Counted:
    """Whose questions a rate counts; an empty channel or user: all of them."""

    platform: str
    workspace: str
    channel: str = ""
    user_id: str = ""


async def is_exceeded(arrivals: Arrivals, rate: Rate, whose: Counted, at: datetime) -> bool:
    """Whether a question that arrived at that moment is one too many.

    It is judged by those before it alone, so that the first ones of a burst are answered.
    """
    return await _count(arrivals, whose, at - rate.period, at) >= rate.count


async def free_at(arrivals: Arrivals, rate: Rate, whose: Counted, at: datetime) -> datetime:
    """When a question would be taken again if nobody asks meanwhile; late by at most a 32nd."""
    early, late = at - rate.period, at
    for _ in range(HALVINGS):
        middle = early + (late - early) / 2
        if await _count(arrivals, whose, middle, at) >= rate.count:
            early = middle
        else:
            late = middle
    return late + rate.period


async def _count(arrivals: Arrivals, whose: Counted, since: datetime, until: datetime) -> int:
    return await arrivals.count(
        whose.platform,
        whose.workspace,
        channel=whose.channel,
        user_id=whose.user_id,
        since=since,
        until=until,
    )
