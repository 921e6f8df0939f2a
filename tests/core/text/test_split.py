"""Messages stay whole, small and unchanged while an answer grows past their limit."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from core.text.graphemes import graphemes
from core.text.split import SMALLEST_LIMIT, Piece, Splitter, rejoin, split, split_pieces
from tests.core.text.texts import anything, cut_up, markdown

limits = st.sampled_from([SMALLEST_LIMIT, 320, 451])
PARSER = MarkdownIt("commonmark", {"html": False}).enable("table")


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def code_in(text: str) -> list[tuple[str, str]]:
    return [(t.info, t.content) for t in PARSER.parse(text) if t.type == "fence"]


@given(markdown | anything.map(lambda text: text * 30), limits)
def test_every_piece_fits_and_together_they_are_the_text(text: str, limit: int) -> None:
    for size in (len, utf16, utf8):
        pieces = split_pieces(text, limit, size)
        assert rejoin(pieces) == text
        assert all(size(piece.text) <= limit for piece in pieces)
        for piece in pieces:
            whole = piece.head + piece.source + piece.tail
            assert whole.startswith(piece.text)
            assert not whole[len(piece.text) :].strip()


@given(cut_up(markdown), limits)
def test_complete_pieces_never_change_again(case: tuple[str, list[str]], limit: int) -> None:
    text, deltas = case
    whole = split(text, limit)
    so_far = ""
    for delta in deltas:
        so_far += delta
        shown = split(so_far, limit)
        assert whole[: max(0, len(shown) - 1)] == shown[:-1]


@given(cut_up(markdown), limits)
def test_a_stream_is_split_as_the_whole_is(case: tuple[str, list[str]], limit: int) -> None:
    text, deltas = case
    splitter = Splitter(limit)
    pieces = [piece for delta in deltas for piece in splitter.feed(delta)]
    assert [*pieces, splitter.open_piece] == split_pieces(text, limit)


@given(cut_up(markdown), limits)
def test_the_open_piece_fits_at_every_moment(case: tuple[str, list[str]], limit: int) -> None:
    splitter = Splitter(limit)
    for delta in case[1]:
        splitter.feed(delta)
        assert len(splitter.open_piece.text) <= limit


lines_of_code = st.lists(
    st.sampled_from(
        ["x = 1", "", "  if y:", "- no list", "> no quote", "> ```", "# no title", "z" * 90]
    ),
    max_size=40,
)
prefixes = st.sampled_from(["", "> ", "   ", "- ", "1. ", "* 1. "])
fences = st.tuples(lines_of_code, prefixes, st.sampled_from(["```", "~~~", "`````"])).map(
    lambda case: _fenced(*case)
)


def _fenced(code: list[str], prefix: str, marker: str) -> str:
    follow = prefix if prefix.strip() == ">" else " " * len(prefix)
    return "\n".join([f"{prefix}{marker}py", *(follow + line for line in code), follow + marker])


@given(st.lists(fences | st.just("Some words.\n" * 5), max_size=6), limits)
def test_code_is_code_on_both_sides_of_a_cut(blocks: list[str], limit: int) -> None:
    text = "\n\n".join(blocks) + "\n\nthe end"
    shown = [found for piece in split(text, limit) for found in code_in(piece)]
    joined, original = "".join(c for _, c in shown), "".join(c for _, c in code_in(text))
    assert joined.split() == original.split()
    assert {info for info, _ in shown} <= {"py"}


visible = st.sampled_from(["👨‍👩‍👧‍👦", "🇩🇪", "👍🏽", "é́́", "각", "x", "नि"])


@given(st.lists(visible, min_size=10, max_size=30).map(lambda parts: parts * 12), limits)
def test_no_visible_character_is_torn(parts: list[str], limit: int) -> None:
    text = "".join(parts)
    pieces = split(text, limit)
    assert "".join(pieces) == text
    assert [g for piece in pieces for g in graphemes(piece)] == list(graphemes(text))


def test_large_code_is_closed_and_opened_again_with_its_language() -> None:
    code = "".join(f"line_{number} = compute({number})\n" for number in range(4000))
    pieces = split(f"Intro.\n\n```python\n{code}```\n\nOutro.", 12_000)
    assert len(pieces) == 9
    assert pieces[0].startswith("Intro.\n\n```python\n")
    assert all(piece.endswith("\n```") for piece in pieces[:-1])
    assert all(piece.startswith("```python\n") for piece in pieces[1:])
    assert "".join(found for piece in pieces for _, found in code_in(piece)) == code


def test_a_fence_inside_a_longer_fence_is_code() -> None:
    inner = "```py\nx = 1\n```\n" * 40
    pieces = split(f"````md\n{inner}````\nend", 400)
    assert "".join(found for piece in pieces for _, found in code_in(piece)) == inner
    assert {info for piece in pieces for info, _ in code_in(piece)} == {"md"}


@pytest.mark.parametrize("indent", [2, 3, 4, 5, 6, 9])
def test_code_in_a_list_stays_code_however_deep(indent: int) -> None:
    pad = " " * indent
    marker = "- " * ((indent - 2) // 2) + ("-" if indent % 2 == 0 else "- ").ljust(2 + indent % 2)
    lines = "".join(f"{pad}code line {number}\n" for number in range(60))
    pieces = split(f"{marker.ljust(indent)}```py\n{lines}{pad}```\n\nend of it", 400)
    shown = [found for piece in pieces for found in code_in(piece)]
    assert "".join(code for _, code in shown) == lines.replace(pad, "")
    assert {info for info, _ in shown} == {"py"}
    assert "end of it" not in "".join(code for _, code in shown)


def test_a_table_repeats_its_header() -> None:
    header = "| name | value |\n|:---|---:|\n"
    rows = [f"| row {number} | {number * 7} |\n" for number in range(500)]
    pieces = split(f"Numbers:\n\n{header}{''.join(rows)}\nDone.", 2000)
    assert len(pieces) == 5
    assert all(piece.startswith(header) for piece in pieces[1:])
    shown = [line for piece in pieces for line in piece.splitlines() if line.startswith("| row")]
    assert shown == [row.strip() for row in rows]


def test_a_table_is_not_parted_from_its_header() -> None:
    text = "word " * 55 + "\n" + "| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n"
    first, second = split(text, 300)
    assert "|" not in first
    assert second.startswith("| a | b |\n|---|---|\n| 1 | 2 |")


def test_a_list_is_cut_between_its_items() -> None:
    items = [f"{number}. item with several words number {number}" for number in range(1, 100)]
    pieces = split("\n".join(items), 500)
    assert [line for piece in pieces for line in piece.split("\n")] == items


def test_paragraphs_are_preferred_to_lines_and_lines_to_words() -> None:
    paragraphs = [f"{number} " + "word " * 30 + "end.\nSecond line." for number in range(9)]
    pieces = split("\n\n".join(paragraphs), 400)
    assert all(piece.endswith("Second line.") for piece in pieces)


def test_code_that_fits_into_one_message_is_not_cut() -> None:
    text = "word " * 50 + "\n\n```py\n" + "x = 1\n" * 30 + "```\n"
    assert len(code_in(split(text, 400)[1])) == 1
    assert code_in(split(text, 400)[0]) == []


def test_a_word_without_end_is_cut_hard() -> None:
    pieces = split("x" * 50_000, 12_000)
    assert [len(piece) for piece in pieces] == [12_000, 12_000, 12_000, 12_000, 2000]


def test_long_text_is_cut_behind_words() -> None:
    text = "lorem ipsum dolor " * 300
    pieces = split(text, 500)
    assert " ".join(pieces) == text.strip()
    assert all(len(piece) > 450 for piece in pieces[:-1])


def test_a_long_line_stays_in_its_quote() -> None:
    pieces = split("> " + "quoted words " * 100, 300)
    assert all(piece.startswith("> quoted") for piece in pieces)


def test_a_long_line_of_quoted_code_stays_in_quote_and_code() -> None:
    pieces = split("> ```py\n> " + "x" * 900 + "\n> ```\n\nend", 300)
    shown = "".join(code for piece in pieces for _, code in code_in(piece))
    assert shown.replace("\n", "") == "x" * 900
    assert all(piece.startswith("> ```py\n") for piece in pieces)
    assert pieces[-1].endswith("> ```\n\nend")


def test_the_first_line_of_code_may_be_longer_than_a_message() -> None:
    text = "```" + "words " * 200 + "\ncode\n```\nend"
    splitter = Splitter(300)
    pieces = [piece for char in text for piece in splitter.feed(char)]
    assert [*pieces, splitter.open_piece] == split_pieces(text, 300)
    assert pieces[1].head == "```\n"


def test_a_cut_line_does_not_become_a_heading_or_an_item() -> None:
    text = "word " * 59 + "and # not a heading " + "- nor an item " * 30
    assert not any(piece.startswith(("#", "-")) for piece in split(text, 300))


def test_blank_text_gives_no_message() -> None:
    assert split("", 300) == []
    assert split("\n \n" * 500, 300) == []


def test_a_streamed_fence_is_closed_for_the_time_being() -> None:
    splitter = Splitter(300)
    shown = []
    for delta in ["Look:\n", "``", "`", "py\n", "x = 1\n", "``", "`", "\nbye"]:
        splitter.feed(delta)
        shown.append(splitter.open_piece.text)
    assert shown == [
        "Look:",
        "Look:\n``",
        "Look:\n```\n```",
        "Look:\n```py\n```",
        "Look:\n```py\nx = 1\n```",
        "Look:\n```py\nx = 1\n```",
        "Look:\n```py\nx = 1\n```",
        "Look:\n```py\nx = 1\n```\nbye",
    ]


def test_a_limit_too_small_for_markdown_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 300"):
        Splitter(SMALLEST_LIMIT - 1)


def test_what_was_added_is_known() -> None:
    first, second = split_pieces("```py\n" + "x = 1\n" * 60, 300)
    assert first.head == ""
    assert (first.tail, second) == ("```", Piece("```py\n", second.source, "```"))


def test_a_long_answer_costs_little_to_follow() -> None:
    """100,000 characters in deltas of 12: 8,000 calls in well under a second of CPU."""
    text = ("Some words in a line.\n" * 20 + "\n```py\n" + "x = 1\n" * 50 + "```\n\n") * 135
    splitter = Splitter(12_000)
    start = time.process_time()
    for at in range(0, len(text), 12):
        splitter.feed(text[at : at + 12])
    assert time.process_time() - start < 2
