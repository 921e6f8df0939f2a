from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.outbound.draw import draw, to_sparkline
from adapters.slack.outbound.ending import to_choices
from adapters.slack.outbound.mrkdwn import to_mrkdwn
from core.document import Action, Actions, Chart, Divider, Document, Facts, Note, Table, Text
from core.draft import Ending
from tests.standins.slack.blockkit.blocks import check_blocks

LABEL = st.text(max_size=200)
CELLS = st.lists(LABEL, min_size=3, max_size=3).map(tuple)
BLOCKS = st.one_of(
    st.builds(Text, LABEL),
    st.builds(Facts, st.lists(st.tuples(LABEL, LABEL), max_size=25).map(tuple)),
    st.builds(Table, CELLS, st.lists(CELLS, max_size=6).map(tuple)),
    st.builds(
        lambda values, title: Chart(title, tuple(f"d{i}" for i in range(len(values))), values),
        st.lists(st.floats(0, 1e6), max_size=25).map(tuple),
        LABEL,
    ),
    st.just(Divider()),
    st.builds(Note, LABEL),
    st.builds(
        lambda labels: Actions(tuple(Action(label, "stats 7d") for label in labels)),
        st.lists(LABEL, max_size=30),
    ),
)


@given(st.builds(Document, LABEL, st.lists(BLOCKS, max_size=70).map(tuple)), st.booleans())
def test_slack_takes_whatever_document_is_drawn(document: Document, charts: bool) -> None:
    assert check_blocks(draw(document, charts=charts)) == []


def test_big_tables_become_columns_of_text() -> None:
    rows = tuple((f"name {n}", str(n)) for n in range(150))
    blocks = draw(Document("", (Table(("Name", "N"), rows),)))
    assert {block["type"] for block in blocks} == {"section"}
    assert check_blocks(blocks) == []
    text = "".join(block["text"]["text"] for block in blocks)
    assert all(f"name {n}" in text for n in range(150))


def test_only_one_table_and_two_charts_fit_into_a_message() -> None:
    table, chart = Table(("A",), (("1",),)), Chart("C", ("a", "b"), (1.0, 2.0))
    blocks = draw(Document("", (table, table, chart, chart, chart)))
    types = [block["type"] for block in blocks]
    assert types == ["table", "section", "data_visualization", "data_visualization", "section"]


def test_a_day_of_hours_is_drawn_although_it_has_more_steps_than_slack_takes() -> None:
    hours = tuple(f"{hour:02}:00" for hour in range(24))
    (block,) = draw(Document("", (Chart("Questions", hours, (1.0,) * 24),)))
    assert block["type"] == "data_visualization"
    (series,) = block["chart"]["series"]
    assert series["data"] == [{"label": hour, "value": 2.0} for hour in hours[::2]]
    assert check_blocks([block]) == []


def test_a_chart_in_text_keeps_its_scale() -> None:
    text = to_sparkline(Chart("Requests", ("Mon", "Tue"), (0.0, 8.0), unit="a day"))
    assert text == "*Requests*\n`▁█`\nMon … Tue, highest 8 a day"


@pytest.mark.parametrize(
    ("markdown", "mrkdwn"),
    [
        ("**bold** *it* ~~no~~ `a<b`", "*bold* _it_ ~no~ `a&lt;b`"),
        ("# Title", "*Title*"),
        ("- a\n- b", "• a\n• b"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("[a|b](https://x.example/?a=1&b=2)", "<https://x.example/?a=1&amp;b=2|a¦b>"),
        ("```py\na < b\n```", "```\na &lt; b\n```"),
        ("> quoted", "> quoted"),
        ("<!channel> <@U123> 1 < 2", "&lt;!channel&gt; &lt;@U123&gt; 1 &lt; 2"),
        ("[x](javascript:alert)", "x"),
        ("| a | b |\n|---|---|\n| 1 | 22 |", "```\na  b\n1  22\n```"),
    ],
)
def test_markdown_in_slacks_dialect(markdown: str, mrkdwn: str) -> None:
    assert to_mrkdwn(markdown) == mrkdwn


@given(
    st.lists(st.sampled_from(["<!here>", "<@U1>", "&lt;!here&gt;", "`", "[", "](", ")", "\n", "x"]))
)
def test_no_mention_survives_in_mrkdwn(pieces: list[str]) -> None:
    mrkdwn = to_mrkdwn("".join(pieces))
    assert not any(form in mrkdwn for form in ("<!", "<@", "<#"))


@pytest.mark.parametrize("can_rate", [True, False])
@pytest.mark.parametrize("can_retry", [True, False])
@pytest.mark.parametrize("can_cancel", [True, False])
def test_every_choice_of_an_ending_is_valid_and_the_last_is_empty(
    can_rate: bool, can_retry: bool, can_cancel: bool
) -> None:
    notice = Document("", (Text("It failed."),))
    choices = to_choices(Ending("failed", notice, "footer", can_rate, can_retry, can_cancel))
    assert choices[-1] == []
    assert all(check_blocks(blocks) == [] for blocks in choices)
    assert len({str(blocks) for blocks in choices}) == len(choices)
