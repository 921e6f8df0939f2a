"""Charts as inline SVG, with the numbers beside them for those who do not see the picture."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.document import Chart

WIDTH, HEIGHT, BASELINE = 480, 120, 100
BAR_SHARE = 0.72
"""Of a step's width; the rest is the gap."""
LABELS_MAX = 6
LABEL_WIDTH = 36
"""Of a short one, so that the first and the last are not cut."""


def draw_chart(chart: Chart) -> str:
    points = [
        (label, value if math.isfinite(value) else 0.0)
        for label, value in zip(chart.labels, chart.values, strict=False)
    ]
    if not points:
        return f'<p class="note">{escape(chart.title)}: no data</p>'
    values = [value for _, value in points]
    top = max(*values, 0.0, 0.0) or 1.0
    shape = _line(values, top) if chart.kind == "line" else "".join(_bars(points, top, chart.unit))
    peak = f"highest: {_number(max(values))}{_unit(chart.unit)}"
    name = escape(f"{chart.title}: {len(points)} steps, {peak}")
    return (
        f'<figure class="chart"><figcaption>{escape(chart.title)}<span>{escape(peak)}</span>'
        f'</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">'
        f'<line x1="0" x2="{WIDTH}" y1="{BASELINE}" y2="{BASELINE}"/>{shape}'
        f"{''.join(_labels([label for label, _ in points]))}</svg>{_numbers(chart.title, points)}"
        "</figure>"
    )


def _bars(points: Sequence[tuple[str, float]], top: float, unit: str) -> Iterator[str]:
    step = WIDTH / len(points)
    for index, (label, value) in enumerate(points):
        height = max(value, 0.0) / top * (BASELINE - 6)
        if height > 0:
            tip = escape(f"{label}: {_number(value)}{_unit(unit)}")
            yield (
                f'<rect x="{index * step + step * (1 - BAR_SHARE) / 2:.1f}" '
                f'y="{BASELINE - height:.1f}" width="{step * BAR_SHARE:.1f}" '
                f'height="{height:.1f}" rx="2"><title>{tip}</title></rect>'
            )


def _line(values: Sequence[float], top: float) -> str:
    step = WIDTH / max(len(values) - 1, 1)
    places = (
        f"{index * step:.1f},{BASELINE - max(value, 0.0) / top * (BASELINE - 6):.1f}"
        for index, value in enumerate(values)
    )
    return f'<polyline points="{" ".join(places)}"/>'


def _labels(labels: Sequence[str]) -> Iterator[str]:
    step = WIDTH / len(labels)
    every = math.ceil(len(labels) / LABELS_MAX)
    for index in range(0, len(labels), every):
        middle = min(max(index * step + step / 2, LABEL_WIDTH / 2), WIDTH - LABEL_WIDTH / 2)
        yield f'<text x="{middle:.1f}" y="116">{escape(labels[index])}</text>'


def _numbers(title: str, points: Sequence[tuple[str, float]]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th><td>{_number(value)}</td></tr>'
        for label, value in points
    )
    table = f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"
    # Around it: a table cannot be made smaller than its content, and would be scrolled to.
    return f'<div class="unseen">{table}</div>'


def _number(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"


def _unit(unit: str) -> str:
    return f" {unit}" if unit else ""
