"""Charts: Teams' own where a client has them, else a line of bars.

https://learn.microsoft.com/en-us/microsoftteams/platform/task-modules-and-cards/cards/charts-in-adaptive-cards
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adapters.teams.drawing.elements import EMPTY, small, text_block
from adapters.teams.drawing.limits import CELL_CHARS, CHART_BARS, CHART_POINTS, TITLE_CHARS
from adapters.teams.drawing.text import escape
from core.reports.bars import add_up
from core.reports.sparkline import sparkline
from core.text.plain import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.document import Chart

Json = dict[str, Any]


def draw_chart(chart: Chart, *, native: bool) -> Iterator[Json]:
    title = shorten(" ".join(chart.title.split()), TITLE_CHARS)
    if title:
        yield text_block(escape(title)) | {"weight": "Bolder", "spacing": "Medium"}
    bars = _bars(chart)
    if native and _is_drawable(chart) and _is_drawable(legible := _legible(chart)):
        yield _native(legible, title) | {"fallback": bars}
    else:
        yield bars


def _is_drawable(chart: Chart) -> bool:
    """Equal labels would be one bar; JSON has no number for infinity."""
    return (
        0 < len(chart.values) <= CHART_POINTS
        and len(set(chart.labels)) == len(chart.labels) == len(chart.values)
        and all(map(math.isfinite, chart.values))
    )


def _legible(chart: Chart) -> Chart:
    """Neighbouring bars are added up until there is room for the labels below; what all of them
    end with, as a time of day, is left out."""
    fewer = add_up(chart, CHART_BARS)
    return chart if fewer is chart else replace(fewer, labels=_short_labels(fewer.labels))


def _short_labels(labels: Sequence[str]) -> tuple[str, ...]:
    parts = [label.rpartition(" ") for label in labels]
    same_end = len({end for _, _, end in parts}) == 1
    return tuple(
        start if same_end else label for (start, _, _), label in zip(parts, labels, strict=True)
    )


def _native(chart: Chart, title: str) -> Json:
    points = [
        {"x": label[:CELL_CHARS] or EMPTY, "y": _short(value)}
        for label, value in zip(chart.labels, chart.values, strict=True)
    ]
    named = {"title": title or EMPTY, "showTitle": False, "showLegend": False}
    if chart.unit:
        named["yAxisTitle"] = chart.unit[:CELL_CHARS]
    if chart.kind == "line":
        series = [{"legend": chart.unit[:CELL_CHARS] or title or EMPTY, "values": points}]
        return {"type": "Chart.Line", **named, "data": series}
    # One colour: by itself Teams gives each bar another.
    return {"type": "Chart.VerticalBar", **named, "color": "categoricalBlue", "data": points}


def _bars(chart: Chart) -> Json:
    """The bars, and the ends of the scale below."""
    values = _thinned(chart.values)
    line = text_block(sparkline(values)) | {"fontType": "Monospace"}
    scale = small(escape(_scale(chart))) | {"spacing": "None"}
    return {"type": "Container", "items": [line, scale]}


def _scale(chart: Chart) -> str:
    ends = (chart.labels[0], chart.labels[-1]) if chart.labels else ()
    span = " … ".join(shorten(" ".join(label.split()), 40) for label in ends)
    top = max((value for value in chart.values if math.isfinite(value)), default=None)
    highest = "" if top is None else f"highest {top:,.6g} {chart.unit[:40]}".rstrip()
    return ", ".join(filter(None, (span, highest))) or EMPTY


def _thinned(values: Sequence[float]) -> Sequence[float]:
    """At most a line of bars, each the highest of those that it stands for."""
    step = math.ceil(len(values) / CHART_POINTS) or 1
    return [max(values[at : at + step]) for at in range(0, len(values), step)]


def _short(value: float) -> float | int:
    return int(value) if value.is_integer() else value
