from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams.drawing.card import draw, to_summary
from adapters.teams.drawing.verbs import Press, build_button, read_press
from adapters.teams.drawing.welcome import PROMPTS, build_welcome
from core.document import Action, Actions, Chart, Divider, Document, Facts, Note, Table, Text
from tests.adapters.teams.cards import check_card
from tests.core.commands.desk import Desk

HOSTILE = st.sampled_from(
    [
        "<at>Ada</at>",
        "&lt;at&gt;",
        "![x](https://x.example/y.png)",
        "[x](javascript:alert)",
        "```\ncode\n```",
        "# head",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "---",
        "> q",
        "1. one\n2. two",
        "- a\n  - b",
        "**b** _i_ ~~s~~",
        "\\",
        "`c`",
        "\ud800",
    ]
)
WORDS = st.lists(st.one_of(HOSTILE, st.text(max_size=20)), max_size=4).map("".join)
CELLS = st.lists(WORDS, min_size=3, max_size=3).map(tuple)
NUMBERS = st.one_of(st.floats(0, 1e6), st.sampled_from([math.inf, math.nan, -1.0]))
BLOCKS = st.one_of(
    st.builds(Text, WORDS),
    st.builds(Facts, st.lists(st.tuples(WORDS, WORDS), max_size=15).map(tuple)),
    st.builds(Table, CELLS, st.lists(CELLS, max_size=5).map(tuple)),
    st.builds(
        lambda values, title, kind: Chart(
            title, tuple(f"d{i}" for i in range(len(values))), values, kind, title
        ),
        st.lists(NUMBERS, max_size=25).map(tuple),
        WORDS,
        st.sampled_from(["line", "bar"]),
    ),
    st.just(Divider()),
    st.builds(Note, WORDS),
    st.builds(
        lambda labels: Actions(tuple(Action(label, "stats 7d") for label in labels)),
        st.lists(WORDS, max_size=15),
    ),
)
DOCUMENTS = st.builds(Document, WORDS, st.lists(BLOCKS, max_size=12).map(tuple))


def types(card: dict[str, Any]) -> list[str]:
    return [element["type"] for element in card["body"]]


@given(DOCUMENTS, st.booleans())
def test_teams_takes_whatever_document_is_drawn(document: Document, charts: bool) -> None:
    assert check_card(draw(document, charts=charts)) == []
    assert to_summary(document).strip()


def test_a_card_that_teams_would_refuse_is_noticed() -> None:
    card = draw(Document("T", (Text("x"), Actions((Action("a", "stats"),)))))
    heading, text, actions = card["body"]
    for body in (
        [{"type": "Image", "url": "https://x.example"}],
        [heading | {"text": "# T"}],
        [text | {"text": "![x](https://x.example)"}],
        [text | {"text": "<at>Ada</at>"}],
        [actions | {"actions": actions["actions"] * 7}],
        [text | {"text": "x" * 20_000}],
        [],
    ):
        assert check_card(card | {"body": body}) != []


def test_a_large_table_is_shortened_and_says_so() -> None:
    rows = tuple((f"name {n}", str(n), "some words about it") for n in range(400))
    card = draw(Document("Many", (Table(("Name", "N", "What"), rows), Note("The end"))))
    assert check_card(card) == []
    assert types(card) == ["TextBlock", "Table", "TextBlock", "TextBlock"]
    shown = len(card["body"][1]["rows"]) - 1
    assert shown > 10
    assert card["body"][2]["text"] == f"… and {400 - shown} more"
    assert card["body"][3]["text"] == "The end"


def test_what_is_still_too_large_ends_with_a_line_that_says_so() -> None:
    text = "word " * 500
    card = draw(Document("Long", tuple(Text(f"{n} {text}") for n in range(20))))
    assert check_card(card) == []
    assert card["body"][1]["text"].startswith("0 word")
    assert card["body"][-1]["text"] == "… and more"


def test_a_chart_is_teams_own_and_a_line_of_bars_elsewhere() -> None:
    chart = Chart("Questions", ("Mon", "Tue", "Wed"), (0.0, 4.0, 8.0), unit="a day")
    native = draw(Document("", (chart,)))["body"][-1]
    plain = draw(Document("", (chart,)), charts=False)["body"][-1]
    assert native["type"] == "Chart.VerticalBar"
    assert native["data"] == [{"x": "Mon", "y": 0}, {"x": "Tue", "y": 4}, {"x": "Wed", "y": 8}]
    assert native["fallback"] == plain
    assert [item["text"] for item in plain["items"]] == ["▁▅█", "Mon … Wed, highest 8 a day"]


@pytest.mark.parametrize(
    "chart",
    [
        Chart("", (), ()),
        Chart("", ("a", "a"), (1.0, 2.0)),
        Chart("", ("a", "b"), (1.0, math.nan)),
        Chart("", tuple(map(str, range(500))), tuple(map(float, range(500)))),
    ],
    ids=["empty", "equal labels", "no number", "too many"],
)
def test_a_chart_that_cannot_be_drawn_is_a_line_of_bars(chart: Chart) -> None:
    card = draw(Document("", (chart,)))
    assert types(card) == ["Container"]
    assert check_card(card) == []


def test_short_facts_are_tiles_and_long_ones_a_list() -> None:
    short = tuple((f"label {n}", str(n)) for n in range(5))
    tiles = draw(Document("", (Facts(short),)))
    assert types(tiles) == ["ColumnSet", "ColumnSet"]
    assert [len(row["columns"]) for row in tiles["body"]] == [3, 3]
    long = (*short, ("Model", "openai/gpt-5 (the default of this workspace)"))
    assert types(draw(Document("", (Facts(long),)))) == ["FactSet"]


def test_numbers_stand_on_the_right_and_words_on_the_left() -> None:
    rows = (("gpt-5", "1,234", "$0.20"), ("llama", "12.3k", "unknown"))
    (table,) = draw(Document("", (Table(("Model", "Questions", "Cost"), rows),)))["body"]
    sides = [column.get("horizontalCellContentAlignment") for column in table["columns"]]
    assert sides == [None, "Right", "Right"]
    assert table["fallback"]["text"] == "- **gpt-5**: 1,234 · $0.20\n- **llama**: 12.3k · unknown"


def test_a_divider_parts_what_follows_and_nothing_else() -> None:
    body = draw(Document("", (Divider(), Text("a"), Divider(), Text("b"), Divider())))["body"]
    assert [element.get("separator", False) for element in body] == [False, True]


@pytest.mark.parametrize("name", ["stats", "settings", "help"])
def test_buttons_bring_their_command_back(name: str) -> None:
    document = Document("", (Actions((Action("Do it", f"  {name}  7d me", "primary"),)),))
    (actions,) = draw(document)["body"]
    (button,) = actions["actions"]
    assert read_press(button["data"]) == Press("command", f"{name} 7d me")
    assert read_press(button["fallback"]["data"]) == Press("command", f"{name} 7d me")
    assert (button["verb"], button["style"]) == ("command", "positive")


def test_many_buttons_stand_in_several_rows_and_impossible_ones_are_left_out() -> None:
    items = tuple(Action(str(n), f"settings model m{n}") for n in range(8))
    unreadable = (Action("long", "stats " + "x" * 300), Action("empty", " "))
    body = draw(Document("", (Actions((*items, *unreadable)),)))["body"]
    assert [len(row["actions"]) for row in body] == [6, 2]


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "command",
        7,
        {},
        {"verb": "command"},
        {"verb": "command", "command": ""},
        {"verb": "command", "command": ["stats"]},
        {"verb": "command", "command": "stats\x00"},
        {"verb": "command", "command": "x" * 201},
        {"verb": ["again"]},
        {"verb": "delete"},
        {"action": {"data": None}},
        {"action": {"action": {"data": {"verb": "again"}}}},
        {"action": {"data": {"action": {"data": {"verb": "again"}}}}},
    ],
)
def test_what_no_button_of_ours_made_is_no_press(data: object) -> None:
    assert read_press(data) is None


def test_a_press_is_read_from_an_invoke_and_from_a_message() -> None:
    button = build_button("x", Press("again"))
    invoke = {"action": {"type": "Action.Execute", "verb": "again", "data": button["data"]}}
    assert read_press(invoke) == read_press(button["fallback"]["data"]) == Press("again")


@given(
    st.recursive(
        st.none() | st.booleans() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["action", "data", "verb", "command"]), inner, max_size=4
            )
        ),
    )
)
def test_no_shape_makes_reading_a_press_fail(data: object) -> None:
    press = read_press(data)
    assert press is None or press.verb in ("again", "command")


async def test_commands_of_the_bot_are_drawn_whole() -> None:
    welcome = build_welcome("Chatbot", Desk().summaries())
    card = draw(welcome)
    assert check_card(card) == []
    written = str(card)
    assert all(prompt in written for prompt in PROMPTS)
    assert all(f"'{command.name}'" in written for command in Desk().summaries())
    assert "… and" not in written


def test_the_welcome_needs_no_commands_and_takes_any_name() -> None:
    assert check_card(draw(build_welcome("", ()))) == []
    assert check_card(draw(build_welcome("<at>*x*</at>", ()))) == []


def test_the_summary_is_plain_and_short() -> None:
    assert to_summary(Document("Title", (Text("x"),))) == "Title"
    assert to_summary(Document("", (Text("**Stopped.**\n\nMore"),))) == "Stopped. More"
    assert len(to_summary(Document("word " * 100, ()))) <= 121
