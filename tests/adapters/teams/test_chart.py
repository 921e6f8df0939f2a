"""Charts whose labels can be read: clients cut those of narrow bars to their first characters."""

from __future__ import annotations

import pytest

from adapters.teams.drawing.chart import draw_chart
from core.document import Chart

HOURS = tuple(f"{hour:02}:30" for hour in range(24))
DAYS = tuple(f"11-{day:02} {hour:02}:30" for day in range(1, 8) for hour in (0, 6, 12, 18))


def points(chart: Chart) -> list[tuple[str, float]]:
    """Labels and values of the bars."""
    *_, drawn = draw_chart(chart, native=True)
    return [(point["x"], point["y"]) for point in drawn["data"]]


def test_many_bars_are_added_up_to_a_few() -> None:
    chart = Chart("", HOURS, (1.0,) * 24)
    assert points(chart) == [(f"{hour:02}:30", 3) for hour in range(0, 24, 3)]


def test_what_all_labels_end_with_is_left_out() -> None:
    assert points(Chart("", DAYS, (1.0,) * 28)) == [(f"11-0{day}", 4) for day in range(1, 8)]


@pytest.mark.parametrize("count", [1, 7, 8, 9, 11, 30, 31, 60])
def test_nothing_is_lost_on_the_way(count: int) -> None:
    chart = Chart("", tuple(map(str, range(count))), tuple(map(float, range(count))))
    found = points(chart)
    assert len(found) <= 8
    assert sum(value for _, value in found) == sum(chart.values)


def test_the_line_of_bars_for_other_clients_keeps_every_step() -> None:
    *_, drawn = draw_chart(Chart("", HOURS, (1.0,) * 24), native=True)
    assert len(drawn["fallback"]["items"][0]["text"]) == 24


def test_levels_are_not_added_up_nor_amounts_beyond_all_numbers() -> None:
    *_, line = draw_chart(Chart("", HOURS, (1.0,) * 24, kind="line"), native=True)
    assert len(line["data"][0]["values"]) == 24
    *_, bars = draw_chart(Chart("", HOURS, (1e308,) * 24), native=True)
    assert bars["type"] == "Container"
