from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from core.reports.sparkline import BARS, GAP, sparkline


def test_values_become_bars_from_the_zero_line():
    assert sparkline([0, 1, 4, 7]) == "▁▂▅█"


def test_a_little_is_told_from_nothing():
    assert sparkline([0, 1, 10_000]) == "▁▂█"


def test_what_is_no_number_is_a_gap_and_spoils_nothing():
    assert sparkline([1, math.nan, math.inf, 2]) == f"▅{GAP}{GAP}█"


def test_nothing_at_all_is_flat():
    assert sparkline([0, 0, -5]) == "▁▁▁"
    assert sparkline([]) == ""


@given(st.lists(st.floats(), max_size=40))
def test_every_value_is_one_character(values):
    line = sparkline(values)

    assert len(line) == len(values)
    assert set(line) <= {*BARS, GAP}
