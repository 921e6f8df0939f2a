"""Numbers as people read them: the same everywhere, whatever the locale of the machine."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

NOTHING = "n/a"
"""Stands where there is no number."""

_LARGE = ((1e3, "k"), (1e6, "M"), (1e9, "B"), (1e12, "T"))


def format_count(number: float) -> str:
    """Exact below 10,000 (`9,876`), three digits above (`12.3k`, `4.56M`)."""
    if not math.isfinite(number):
        return NOTHING
    if abs(number) < 9_999.5:
        return f"{round(number):,}"
    # Rounded before it is compared: 999,960 is 1.00M, not 1000k.
    fitting = ((number / factor, suffix) for factor, suffix in _LARGE)
    largest = (number / _LARGE[-1][0], _LARGE[-1][1])
    scaled, suffix = next((one for one in fitting if abs(one[0]) < 999.5), largest)
    digits = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
    return f"{scaled:,.{digits}f}{suffix}"


def format_usd(amount: float | None) -> str:
    """Cents from one cent on, more digits below; None and what is no number: `n/a`."""
    if amount is None or not math.isfinite(amount):
        return NOTHING
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    if amount == 0:
        return "$0"
    if amount < 0.0001:
        return f"{sign}<$0.0001"
    if amount < 0.00995:
        return f"{sign}${amount:.4f}"
    return f"{sign}${amount:,.2f}"


def format_duration(seconds: float | None) -> str:
    """`850 ms`, `3.2 s`, `2 min 5 s`, `1 h 3 min`, `4 d 2 h`; None: `n/a`."""
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    seconds = max(seconds, 0.0)
    if seconds < 0.9995:
        return f"{round(seconds * 1000)} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    if seconds < 3_599.5:
        return _two_units(seconds, "min", 60, "s", 1)
    if seconds < 86_370:
        return _two_units(seconds, "h", 3_600, "min", 60)
    return _two_units(seconds, "d", 86_400, "h", 3_600)


def format_share(part: float, whole: float) -> str:
    """A percentage without decimals, but never 0 % for some nor 100 % for not all."""
    if whole <= 0:
        return NOTHING
    percent = 100 * part / whole
    if 0 < percent < 1:
        return "<1 %"
    if 99 < percent < 100:
        return ">99 %"
    return f"{round(percent)} %"


def format_span(span: timedelta) -> str:
    """A range as people say it: `7 days`, `24 hours`, `hour`."""
    hours = round(span.total_seconds() / 3600)
    count, unit = (hours, "hour") if hours <= 24 else (round(hours / 24), "day")
    return unit if count == 1 else f"{count} {unit}s"


def _two_units(seconds: float, large: str, large_s: int, small: str, small_s: int) -> str:
    count, rest = divmod(round(seconds / small_s), large_s // small_s)
    return f"{count} {large} {rest} {small}" if rest else f"{count} {large}"
