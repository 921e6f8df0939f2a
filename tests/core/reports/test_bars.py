from __future__ import annotations

import pytest

from core.document import Chart
from core.reports.bars import add_up


def chart(points: int, kind: str = "bar") -> Chart:
    labels = tuple(f"{point:02}:00" for point in range(points))
    return Chart("Questions", labels, tuple(map(float, range(points))), kind)


@pytest.mark.parametrize(
    ("points", "most", "left"), [(20, 20, 20), (24, 20, 12), (30, 20, 15), (31, 20, 16), (31, 2, 2)]
)
def test_neighbours_are_added_up_under_the_label_of_the_first(
    points: int, most: int, left: int
) -> None:
    fewer = add_up(chart(points), most)
    size = -(-points // left)
    assert len(fewer.values) == len(fewer.labels) == left
    assert fewer.labels == chart(points).labels[::size]
    assert fewer.values[0] == sum(range(size))
    assert sum(fewer.values) == sum(range(points))


def test_a_line_is_no_amount() -> None:
    assert add_up(chart(24, "line"), 20) == chart(24, "line")
