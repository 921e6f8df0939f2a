"""A chart in one line of text, for places that draw none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BARS = "▁▂▃▄▅▆▇█"
GAP = "·"
"""Stands for a value that is no number."""


def sparkline(values: Sequence[float]) -> str:
    """One character a value, from the zero line: the lowest bar is for zero alone, so that a
    little is told from nothing. Negative values are drawn as zero."""
    highest = max((value for value in values if math.isfinite(value)), default=0.0)
    return "".join(_bar(value, highest) for value in values)


def _bar(value: float, highest: float) -> str:
    if not math.isfinite(value):
        return GAP
    if value <= 0:
        return BARS[0]
    return BARS[min(math.ceil(value / highest * (len(BARS) - 1)), len(BARS) - 1)]
