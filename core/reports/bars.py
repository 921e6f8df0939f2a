"""Fewer bars, for a place that has no room for all of them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.document import Chart


def add_up(chart: Chart, most: int) -> Chart:
    """At most so many bars: neighbours are one, under the label of the first; all of as many where
    the number allows it. A line is left as it is."""
    points = len(chart.values)
    if chart.kind != "bar" or points <= most:
        return chart
    sizes = range(math.ceil(points / most), points)
    size = next((size for size in sizes if points % size == 0), sizes[0])
    values = (sum(chart.values[at : at + size]) for at in range(0, points, size))
    return replace(chart, labels=chart.labels[::size], values=tuple(values))
