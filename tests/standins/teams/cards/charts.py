"""Charts, which only Teams has. learn.microsoft.com, "Charts in Adaptive Cards"."""

from __future__ import annotations

from tests.standins.teams.cards.fields import (
    COMMON,
    flag,
    many,
    number,
    one_of,
    point,
    record,
    string,
)

COLOR = one_of(
    *("good", "warning", "attention", "neutral"),
    *(
        f"categorical{name}"
        for name in (
            *("Red", "Purple", "Lavender", "Blue", "LightBlue"),
            *("Teal", "Green", "Lime", "Marigold"),
        )
    ),
    *(f"sequential{number}" for number in range(1, 9)),
    *(
        f"diverging{name}"
        for name in (
            *("Blue", "LightBlue", "Cyan", "Teal", "Yellow"),
            *("Peach", "LightRed", "Red", "Maroon", "Gray"),
        )
    ),
)
CHART = COMMON | {
    "title": string,
    "showTitle": flag,  # these three: learn.microsoft.com, Microsoft.Teams.Cards.LineChart
    "showLegend": flag,
    "maxWidth": string,
    "colorSet": one_of("categorical", "sequential", "diverging"),
}
AXES = CHART | {"xAxisTitle": string, "yAxisTitle": string, "color": COLOR}
SHARE = record({"legend": string, "value": number, "color": COLOR}, "legend", "value")
BAR = record({"x": point, "y": number, "color": COLOR}, "x", "y")
SERIES = record(
    {"legend": string, "color": COLOR, "values": many(record({"x": point, "y": number}, "x", "y"))},
    "legend",
    "values",
)
STACK = record({"title": string, "data": many(SHARE)}, "title", "data")
SEGMENT = record({"legend": string, "size": number, "color": COLOR}, "legend", "size")

CHARTS = {
    "Chart.Donut": (CHART | {"data": many(SHARE)}, ("data",)),
    "Chart.Pie": (CHART | {"data": many(SHARE)}, ("data",)),
    "Chart.VerticalBar": (AXES | {"data": many(BAR), "showBarValues": flag}, ("data",)),
    "Chart.HorizontalBar": (
        AXES
        | {
            "data": many(BAR),
            "displayMode": one_of("AbsoluteWithAxis", "AbsoluteNoAxis", "PartToWhole"),
        },
        ("data",),
    ),
    "Chart.Line": (AXES | {"data": many(SERIES)}, ("data",)),
    "Chart.VerticalBar.Grouped": (
        AXES | {"data": many(SERIES), "stacked": flag, "showBarValues": flag},
        ("data",),
    ),
    "Chart.HorizontalBar.Stacked": (AXES | {"data": many(STACK)}, ("data",)),
    "Chart.Gauge": (
        CHART
        | {
            "value": number,
            "min": number,
            "max": number,
            "segments": many(SEGMENT),
            "showLegend": flag,
            "showMinMax": flag,
            "subLabel": string,
            "valueFormat": one_of("Percentage", "Fraction"),
        },
        ("value", "segments"),
    ),
}
