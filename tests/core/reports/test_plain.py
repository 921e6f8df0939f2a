"""Documents in a terminal."""

from __future__ import annotations

from core.document import (
    Action,
    Actions,
    Chart,
    Divider,
    Document,
    Facts,
    Note,
    Table,
    Text,
)
from core.reports.plain import to_plain_text


def test_every_block_has_a_plain_form():
    document = Document(
        "Title",
        (
            Text("Some *words*."),
            Facts((("Cost", "$1"), ("Questions", "2"))),
            Table(("Model", "Calls"), (("demo", "10"), ("other", "2"))),
            Chart("Over time", ("Mon", "Tue"), (1.0, 2.0)),
            Divider(),
            Note("Small print."),
            Actions((Action("7 days", "stats 7d"),)),
        ),
    )
    assert to_plain_text(document).split("\n\n") == [
        "Title",
        "Some *words*.",
        "Cost       $1\nQuestions  2",
        "Model  Calls\ndemo   10\nother  2",
        "Over time\n▅█\nMon … Tue",
        "--------------------",
        "Small print.",
        "[7 days: stats 7d]",
    ]


def test_what_is_empty_leaves_no_gap():
    assert to_plain_text(Document("", (Text("Only this."),))) == "Only this."
    assert to_plain_text(Document("", (Facts(()), Chart("", (), ())))) == ""
