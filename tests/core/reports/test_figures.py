from __future__ import annotations

import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reports.figures import (
    format_count,
    format_duration,
    format_share,
    format_span,
    format_usd,
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (9_999, "9,999"),
        (10_000, "10.0k"),
        (12_345, "12.3k"),
        (99_960, "100k"),
        (999_499, "999k"),
        (999_500, "1.00M"),
        (4_560_000, "4.56M"),
        (2e15, "2,000T"),
        (-20_000, "-20.0k"),
        (math.nan, "n/a"),
    ],
)
def test_counts_are_exact_while_they_are_small(number, text):
    assert format_count(number) == text


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0"),
        (None, "n/a"),
        (math.nan, "n/a"),
        (math.inf, "n/a"),
        (0.00001, "<$0.0001"),
        (0.0012, "$0.0012"),
        (0.00994, "$0.0099"),
        (0.00995, "$0.01"),
        (0.075, "$0.07"),
        (1234.5, "$1,234.50"),
        (-3, "-$3.00"),
    ],
)
def test_money_is_never_rounded_to_nothing_nor_invented(amount, text):
    assert format_usd(amount) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "n/a"),
        (math.nan, "n/a"),
        (-1, "0 ms"),
        (0.85, "850 ms"),
        (0.9996, "1.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min"),
        (65, "1 min 5 s"),
        (3_599.6, "1 h"),
        (3_660, "1 h 1 min"),
        (86_371, "1 d"),
        (90_000, "1 d 1 h"),
    ],
)
def test_durations_carry_over_where_they_round_up(seconds, text):
    assert format_duration(seconds) == text


@given(st.floats(0, 1e7))
def test_no_duration_shows_a_full_unit_as_its_part(seconds):
    words = format_duration(seconds).split()
    limits = {"ms": 1000, "s": 60, "min": 60, "h": 24, "d": 1_000}

    for amount, unit in zip(words[::2], words[1::2], strict=True):
        assert float(amount) < limits[unit]


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (1, 3, "33 %"),
        (0, 9, "0 %"),
        (9, 9, "100 %"),
        (1, 1_000, "<1 %"),
        (999, 1_000, ">99 %"),
        (0, 0, "n/a"),
    ],
)
def test_a_share_is_0_or_100_percent_only_when_it_is(part, whole, text):
    assert format_share(part, whole) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(hours=1), "hour"),
        (timedelta(hours=6), "6 hours"),
        (timedelta(hours=24), "24 hours"),
        (timedelta(days=7), "7 days"),
    ],
)
def test_ranges_are_said_as_people_do(span, text):
    assert format_span(span) == text
