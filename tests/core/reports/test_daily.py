"""Local days and what is due on them, wherever clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

import pytest

from core.reports.daily import STILL_DUE, Daily

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.conftest import Count

FIRST = datetime(2025, 1, 1, tzinfo=UTC)
DAYS = 400
HANDFUL = (
    "Africa/Cairo",
    "America/Havana",
    "America/Santiago",
    "America/Nuuk",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Chatham",
    "UTC",
)
ALL = sorted(available_timezones())
SHARES = 24
SOME = [
    pytest.param(HANDFUL, id="handful"),
    *(
        pytest.param(ALL[n::SHARES], marks=pytest.mark.long, id=f"{n + 1} of {SHARES}")
        for n in range(SHARES)
    ),
]
"""Zones for a test: a handful, or a share of all of them."""
TIMES = ("00:00", "00:30", "02:30", "09:00", "23:30")


def daily(zone: str, at: str = "09:00") -> Daily:
    return Daily(time.fromisoformat(at), ZoneInfo(zone))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ticks(first: datetime, days: int, step: timedelta) -> Iterator[datetime]:
    now = first
    while now < first + timedelta(days=days):
        yield now
        now += step


@pytest.mark.parametrize(
    ("zone", "time_of_day", "day", "due"),
    [
        ("Europe/Berlin", "02:30", "2026-03-28", "2026-03-28 01:30"),
        ("Europe/Berlin", "02:30", "2026-03-29", "2026-03-29 01:30"),  # skipped: clocks show 03:30
        ("Europe/Berlin", "02:30", "2026-03-30", "2026-03-30 00:30"),
        ("Europe/Berlin", "02:30", "2026-10-25", "2026-10-25 00:30"),  # twice: the first
        ("America/Havana", "00:30", "2026-11-01", "2026-11-01 04:30"),
        ("Asia/Beirut", "00:00", "2026-03-29", "2026-03-28 22:00"),  # there is no midnight
        ("Africa/Cairo", "00:00", "2026-04-24", "2026-04-23 22:00"),
        ("America/Santiago", "00:00", "2026-09-06", "2026-09-06 04:00"),
    ],
)
def test_the_moment_on_days_when_clocks_change(
    zone: str, time_of_day: str, day: str, due: str
) -> None:
    assert daily(zone, time_of_day).due_at(date.fromisoformat(day)) == at(due)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-28", 24),
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Asia/Beirut", "2026-03-29", 23),
        ("America/Havana", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-04-05", 24.5),
    ],
)
def test_a_day_has_as_many_hours_as_the_clocks_say(zone: str, day: str, hours: float) -> None:
    first = date.fromisoformat(day)
    length = daily(zone).start(first + timedelta(days=1)) - daily(zone).start(first)
    assert length == timedelta(hours=hours)


def test_a_day_that_a_zone_has_left_out_is_never_due() -> None:
    samoa = daily("Pacific/Apia")
    gone = date(2011, 12, 30)
    assert not samoa.exists(gone)
    assert samoa.before(date(2011, 12, 31)) == date(2011, 12, 29)
    seen = {samoa.due(now) for now in ticks(at("2011-12-28"), 5, timedelta(minutes=10))}
    assert gone not in seen
    assert {date(2011, 12, 29), date(2011, 12, 31)} <= seen


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-02 08:59", "2026-03-01"),
        ("2026-03-02 09:00", "2026-03-02"),
        ("2026-03-03 08:59", "2026-03-02"),
        ("2026-03-03 09:00", "2026-03-03"),
    ],
)
def test_the_newest_is_due_for_a_day(now: str, due: str) -> None:
    assert daily("UTC").due(at(now)) == date.fromisoformat(due)


def test_what_is_older_than_24_hours_is_due_no_more() -> None:
    """On the day of 25 hours nothing is due in the last one."""
    berlin = daily("Europe/Berlin", "00:30")
    began = berlin.due_at(date(2026, 10, 25))
    assert berlin.due(began + STILL_DUE - timedelta(seconds=1)) == date(2026, 10, 25)
    assert berlin.due(began + STILL_DUE) is None
    assert berlin.due(began + timedelta(hours=25)) == date(2026, 10, 26)


@pytest.mark.parametrize("zones", SOME)
def test_in_every_zone_each_day_comes_once_and_in_order(count: Count, zones: Sequence[str]) -> None:
    """Seen by ticks as they pass: no day is left out, none comes back, none comes early or late."""
    step = timedelta(minutes=30)
    for zone in zones:
        for time_of_day in TIMES[:: count(short=2, long=1)]:
            days = daily(zone, time_of_day)
            seen: dict[date, datetime] = {}
            newest = date.min
            for now in ticks(FIRST, DAYS, step):
                day = days.due(now)
                if day is None:
                    continue
                assert day >= newest, (zone, time_of_day, now)
                newest = day
                seen.setdefault(day, now)
            whole = sorted(seen)[1:]
            assert whole == [whole[0] + timedelta(days=n) for n in range(len(whole))], zone
            assert len(whole) >= DAYS - 1, (zone, time_of_day)
            for day in whole:
                assert timedelta(0) <= seen[day] - days.due_at(day) < step, (zone, day)
