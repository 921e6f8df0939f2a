from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.teams.drawing.message import MessageText
from adapters.teams.drawing.text import escape, to_card_text, to_message_text
from core.text.mentions import BREAK
from core.text.tree import parse_tree, text_of
from tests.adapters.teams.cards import check_markdown

TABLE = "| a | b |\n|---|---|\n| 1 | 22 |"
PIECES = st.sampled_from(
    [
        *"<>`|#*_-~[]()!&\\ \n",
        "at>",
        "</at>",
        "&lt;at&gt;",
        "```",
        "\n\n",
        TABLE,
        "\n| x |",
        "\n|---|",
        "# h",
        "https://x.example",
        "javascript:x",
        "1. ",
        "    ",
        "word",
    ]
)
MARKDOWN = st.lists(PIECES, max_size=25).map("".join)


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("**bold** *it* ~~no~~ `stats`", "**bold** _it_ no **stats**"),
        ("**all `stats` of it**", "**all stats of it**"),
        ("# Title\ntext", "**Title**\n\ntext"),
        ("- a\n- b\n  - c", "- a\n- b\n  - c"),
        ("3. a\n4. b", "3. a\n4. b"),
        ("one\ntwo  \nthree", "one two\n\nthree"),
        ("[a](https://x.example/b_(c))", "[a](https://x.example/b_%28c%29)"),
        ("[x](javascript:alert)", "x"),
        ("[x](tel:1)", "x"),
        ("[x](page.md)", "x"),
        ("![x](https://x.example/y.png)", "[x](https://x.example/y.png)"),
        ("```\nif a:\n  b*c*\n```", "if a:\n\n\u00a0\u00a0b\\*c\\*"),
        ("> quoted\n>\n> twice", "│ quoted\n\n│ twice"),
        (TABLE, "a · b\n\n1 · 22"),
        ("<at>Ada</at>", f"<{BREAK}at>Ada<{BREAK}/at>"),
        ("&lt;at&gt;", f"<{BREAK}at>"),
        ("\\![x](https://x.example)", f"!{BREAK}[x](https://x.example)"),
        ("```    <```", "**<**"),
        ("```", ""),
        ("snake_case 5 * 3, C:\\path, AT&T, -5", "snake_case 5 * 3, C:\\path, AT&T, -5"),
    ],
)
def test_markdown_of_text_blocks(markdown: str, shown: str) -> None:
    assert to_card_text(markdown) == shown


@given(MARKDOWN)
def test_a_text_block_gets_only_what_it_can_show(markdown: str) -> None:
    text = to_card_text(markdown)
    assert list(check_markdown(text or "-")) == []


@given(st.one_of(MARKDOWN, st.text(max_size=60)))
def test_plain_words_stay_what_they_are(words: str) -> None:
    words = " ".join(re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", words).split())
    read = "".join(text_of(node) for node in parse_tree(escape(words)).children)
    assert read.replace(BREAK, "") == words.replace(BREAK, "")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("-- -", "\\-- -"),
        ("-5 % of 3*4", "-5 % of 3\\*4"),
        ("2. place", "2\\. place"),
        ("see [1](x)", "see \\[1\\](x)"),
        ("&amp; AT&T", "\\&amp; AT&T"),
    ],
)
def test_no_more_is_escaped_than_must_be(words: str, shown: str) -> None:
    assert escape(words) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("plain *it* **b** `c` [l](https://x.example)",) * 2,
        ("```python\nx: List[int] = a < b\n# no heading\n| no | table |\n```",) * 2,
        ("a\n## Head **x** ##\nb", "a\n\n**Head x**\n\nb"),
        ("a\n\n---\n\nb", "a\n\n———\n\n\nb"),
        ("- a\n- b\n* c", "- a\n- b\n* c"),
        (f"so:\n\n{TABLE}\n\nend", "so:\n\n```\na  b\n1  22\n```\n\nend"),
        ("| only | one |\nrow", "| only | one |\nrow"),
        ("List<String>, a < b, a<b", f"List<{BREAK}String>, a < b, a<{BREAK}b"),
        ("`List<String>` and `<at>x</at>`", f"`List<String>` and `<{BREAK}at>x<{BREAK}/at>`"),
        ("<at>Ada</at>", f"<{BREAK}at>Ada<{BREAK}/at>"),
        ("```\n<at>Ada</at> <b>\n```", f"```\n<{BREAK}at>Ada<{BREAK}/at> <b>\n```"),
        ("| a |\n|---|\n| &lt;at&gt; |", f"```\na\n<{BREAK}at>\n```\n"),
        ("see <https://x.example/a> or <a@x.example>", "see https://x.example/a or a@x.example"),
    ],
)
def test_markdown_of_whole_messages(markdown: str, shown: str) -> None:
    assert to_message_text(markdown) == shown


def test_a_table_that_is_wide_or_holds_links_becomes_a_list() -> None:
    wide = f"| Name | What | More |\n|---|---|---|\n| **x** | {'words ' * 12}| y |"
    assert to_message_text(wide).startswith("- **x**: What: words")
    linked = "| Name | Page |\n|---|---|\n| x | [here](https://x.example) |"
    assert to_message_text(linked) == "- **x**: Page: [here](https://x.example)\n"


def test_extended_markdown_keeps_headings_and_tables() -> None:
    markdown = f"# Head\n\n{TABLE}\n\n<at>x</at>"
    assert to_message_text(markdown, extended=True).startswith(f"# Head\n\n{TABLE}\n\n<{BREAK}at>")


@given(MARKDOWN, st.data(), st.booleans())
def test_a_growing_message_never_takes_back_what_was_shown(
    markdown: str, data: st.DataObject, extended: bool
) -> None:
    message, shown, at = MessageText(extended=extended), "", 0
    while at < len(markdown):
        size = data.draw(st.integers(1, 5))
        shown += message.feed(markdown[at : at + size])
        at += size
    assert shown + message.flush() == to_message_text(markdown, extended=extended)


@given(MARKDOWN)
def test_no_mention_survives_in_a_message(markdown: str) -> None:
    assert not re.search(r"</?at\b", to_message_text(markdown), re.IGNORECASE)
    assert not re.search(r"</?at\b", to_message_text(markdown, extended=True), re.IGNORECASE)


def test_a_mention_in_code_is_seen_through_a_cut() -> None:
    message = MessageText()
    shown = message.feed("```\n<a") + message.feed("t>x</") + message.feed("at>\n")
    assert shown == f"```\n<{BREAK}at>x<{BREAK}/at>\n"


def test_a_line_that_cannot_be_a_table_is_shown_while_it_grows() -> None:
    message = MessageText()
    assert message.feed("Hello") == "Hello"
    assert message.feed(" you") == " you"
    assert message.feed("\n# He") == "\n"
    assert message.feed("ad\n") == "\n**Head**\n\n"
