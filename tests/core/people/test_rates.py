from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SettingError
from core.people.rates import HALVINGS, Rate, first_exceeded, free_at, parse_rate
from core.ports import Counted
from tests.fakes.clock import START

MINUTE = timedelta(minutes=1)
ADA = Counted("slack", "T1", user_id="U1")


class Moments:
    """Arrivals that lie at given seconds after START."""

    def __init__(self, seconds):
        self._at = [START + timedelta(seconds=second) for second in seconds]

    async def count(self, wanted, until=None):
        return [
            sum(since <= at and (until is None or at < until) for at in self._at)
            for _, since in wanted
        ]


async def is_exceeded(arrivals, rate, whose, at):
    return await first_exceeded(arrivals, [(rate, whose)], at) is not None


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20/minute", Rate(20, MINUTE)),
        (" 5 / Hours ", Rate(5, timedelta(hours=1))),
        ("1/second", Rate(1, timedelta(seconds=1))),
        ("100/day", Rate(100, timedelta(days=1))),
        ("0", None),
        ("0/minute", None),
    ],
)
def test_rates_are_read(text, rate):
    assert parse_rate(text, "RATE_LIMIT_USER") == rate


@pytest.mark.parametrize("text", ["", "20", "20/fortnight", "-1/minute", "2.5/minute", "x", "9/"])
def test_a_rate_of_another_shape_names_the_setting_and_what_is_right(text):
    with pytest.raises(SettingError, match=r"^RATE_LIMIT_USER: write it as 20/minute"):
        parse_rate(text, "RATE_LIMIT_USER")


async def test_the_first_ones_of_a_burst_are_answered():
    burst = Moments(range(25))
    rate = Rate(20, MINUTE)

    judged = [
        await is_exceeded(burst, rate, ADA, START + timedelta(seconds=second))
        for second in range(25)
    ]

    assert judged == [False] * 20 + [True] * 5


async def test_a_period_slides():
    rate = Rate(2, MINUTE)
    asked = Moments([0, 30])

    assert await is_exceeded(asked, rate, ADA, START + timedelta(seconds=59))
    assert not await is_exceeded(asked, rate, ADA, START + timedelta(seconds=61))


@given(
    seconds=st.lists(st.floats(0, 59.9), min_size=1, max_size=30),
    limit=st.integers(1, 30),
)
async def test_free_again_is_never_too_early_and_hardly_too_late(seconds, limit):
    at, rate, asked = START + MINUTE, Rate(limit, MINUTE), Moments(seconds)
    if not await is_exceeded(asked, rate, ADA, at):
        return

    free = await free_at(asked, rate, ADA, at)

    assert not await is_exceeded(asked, rate, ADA, free)
    step = MINUTE / 2**HALVINGS
    assert await is_exceeded(asked, rate, ADA, free - step - timedelta(milliseconds=1))
