from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.web.drawing.draw import draw
from core.document import (
    Action,
    Actions,
    Block,
    Chart,
    Divider,
    Document,
    Facts,
    Note,
    Table,
    Text,
)

HOSTILE = '"><script>alert(1)</script>'
BLOCKS: tuple[Block, ...] = (
    Text(HOSTILE),
    Facts(((HOSTILE, HOSTILE),)),
    Table((HOSTILE,), ((HOSTILE,),)),
    Chart(HOSTILE, (HOSTILE, "b"), (1.0, 2.0), "bar", HOSTILE),
    Chart(HOSTILE, (HOSTILE, "b"), (1.0, 2.0), "line", HOSTILE),
    Divider(),
    Note(HOSTILE),
    Actions((Action(HOSTILE, HOSTILE, "danger"),)),
)


def test_every_block_is_drawn_without_letting_anything_through() -> None:
    assert {type(block) for block in BLOCKS} == set(get_args(Block))
    html = draw(Document(HOSTILE, BLOCKS))
    assert "<script" not in html
    assert "style=" not in html
    assert html.count("&lt;script&gt;") >= len(BLOCKS)


@pytest.mark.parametrize("kind", ["bar", "line"])
@given(values=st.lists(st.floats(), max_size=40))
def test_a_chart_is_well_formed_whatever_the_numbers(kind: str, values: list[float]) -> None:
    labels = tuple(f"{number} & <b>" for number in range(len(values)))
    chart = Chart("Title", labels, tuple(values), "bar" if kind == "bar" else "line")
    html = draw(Document("", (chart,)))
    ET.fromstring(html)
    assert "nan" not in html
    assert "inf" not in html


def test_a_chart_has_its_numbers_for_those_who_do_not_see_it() -> None:
    html = draw(Document("", (Chart("Questions", ("Mon", "Tue"), (1, 2.5)),)))
    assert 'role="img" aria-label="Questions: 2 steps, highest: 2.5"' in html
    assert '<tr><th scope="row">Tue</th><td>2.5</td></tr>' in html
