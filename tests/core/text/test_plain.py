"""Plain text reads like the Markdown it came from, and fits where it has to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.graphemes import graphemes
from core.text.plain import shorten, to_plain
from tests.core.text.texts import anything, markdown


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("**bold** _it_ ~~no~~ `x_y`", "bold it no x_y"),
        ("# Title\n\ntext\nmore", "Title\n\ntext\nmore"),
        ("[docs](https://d.example/a) and <https://x.example>", "docs (https://d.example/a) and https://x.example"),
        ("[docs][1]\n\n[1]: https://d.example", "docs (https://d.example)"),
        ("![chart](https://d.example/c.png)", "chart (https://d.example/c.png)"),
        ("[a@b.example](mailto:a@b.example)", "a@b.example"),
        ("- a\n- b\n  - c\n\n3. x\n4. y", "• a\n• b\n  • c\n\n3. x\n4. y"),
        ("```py\nx = *1*\n\ny\n```", "x = *1*\n\ny"),
        ("> quoted\n> > twice", "> quoted\n> \n> > twice"),
        ("| a | b |\n|---|---|\n| 1 | **2** |", "a | b\n1 | 2"),
        ("one\n\n---\n\ntwo", "one\n\n---\n\ntwo"),
        ("&lt;b&gt; \\*x\\* <b>", "<b> *x* <b>"),
        ("one\n\n```\n  \n```\n\ntwo", "one\n\ntwo"),
        ("", ""),
    ],
)  # fmt: skip
def test_markup_becomes_words(text: str, plain: str) -> None:
    assert to_plain(text) == plain


@given(markdown)
def test_any_markdown_has_a_plain_text(text: str) -> None:
    assert isinstance(to_plain(text), str)


@pytest.mark.parametrize(
    ("text", "limit", "short"),
    [
        ("short", 5, "short"),
        ("a longer sentence", 10, "a longer…"),
        ("a longer sentence", 9, "a longer…"),
        ("unbreakable", 5, "unbr…"),
        ("👨‍👩‍👧‍👦🇩🇪👍🏽é", 3, "👨‍👩‍👧‍👦🇩🇪…"),
        ("👨‍👩‍👧‍👦🇩🇪👍🏽", 3, "👨‍👩‍👧‍👦🇩🇪👍🏽"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
    ],
)
def test_a_text_is_shortened_by_what_readers_see(text: str, limit: int, short: str) -> None:
    assert shorten(text, limit) == short


@given(anything, st.integers(1, 40))
def test_shortened_text_fits(text: str, limit: int) -> None:
    assert len(list(graphemes(shorten(text, limit)))) <= limit
