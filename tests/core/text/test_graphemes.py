"""Visible characters stay together."""

from __future__ import annotations

import pytest
from hypothesis import given

from core.text.graphemes import graphemes, is_boundary, last_boundary
from tests.core.text.texts import anything

WHOLE = [
    *("a", "é", "é", "\r\n", "👍🏽", "👨‍👩‍👧‍👦", "❤️‍🔥", "🇩🇪", "1️⃣", "각", "각", "नि", "กำ"[:1]),
    "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
]


@pytest.mark.parametrize("char", WHOLE)
def test_one_visible_character_is_one_grapheme(char: str) -> None:
    assert list(graphemes(f"x{char}y")) == ["x", char, "y"]


def test_flags_are_pairs() -> None:
    assert list(graphemes("🇩🇪🇫🇷🇮")) == ["🇩🇪", "🇫🇷", "🇮"]


@given(anything, anything)
def test_text_that_comes_later_moves_no_boundary(text: str, more: str) -> None:
    for pos in range(len(text)):
        assert is_boundary(text, pos) == is_boundary(text + more, pos)


@given(anything)
def test_nothing_is_lost(text: str) -> None:
    assert "".join(graphemes(text)) == text


def test_a_wall_of_marks_can_be_cut() -> None:
    wall = "a" + "\u0301" * 1000
    assert last_boundary(wall, 900) == 900
    assert last_boundary("ab\u0301\u0301", 3) == 1
