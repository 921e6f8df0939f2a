"""A stream is as safe as a whole text, wherever it is cut."""

from __future__ import annotations

import re
import timeit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text.links.addresses import may_be_link
from core.text.links.streaming import LINK_MAX_CHARS, LinkFilter
from core.text.outgoing import OutgoingText, safe_text
from tests.core.text.test_links import CASES, nodes
from tests.core.text.test_mentions import ACTED_UPON
from tests.core.text.texts import FRAGMENTS, LINKS, MENTIONS, anything, cut_up, with_links

hostile = st.lists(st.sampled_from(FRAGMENTS[:40] + LINKS * 2 + MENTIONS), max_size=40).map("".join)
brackets = st.lists(
    st.sampled_from([*"[]()<>!:\\`ab|\n\"'> -", "](", "]:", "![", "javascript:x", "<u)"]),
    max_size=30,
).map("".join)


def stream(deltas: list[str]) -> str:
    outgoing = OutgoingText()
    return "".join(map(outgoing.feed, deltas)) + outgoing.flush()


def bad_links(markdown: str) -> list[str]:
    found = nodes(markdown)
    bad = [str(n.attrs["href"]) for n in found if n.type == "link"]
    images = [str(n.attrs["src"]) for n in found if n.type == "image"]
    return images + [address for address in bad if not may_be_link(address)]


@given(cut_up(hostile | brackets))
def test_a_cut_up_stream_gives_what_the_whole_gives(case: tuple[str, list[str]]) -> None:
    text, deltas = case
    assert stream(deltas) == safe_text(text)
    assert stream(list(text)) == safe_text(text)


@given(hostile | with_links | brackets)
def test_no_mention_image_or_dangerous_link_gets_out(text: str) -> None:
    safe = safe_text(text)
    assert not ACTED_UPON.search(safe)
    assert bad_links(safe) == []


@given(anything)
def test_what_gets_out_can_be_sent(text: str) -> None:
    assert "\0" not in safe_text(text).encode().decode()


@pytest.mark.parametrize(
    "markdown",
    [
        *(text for text, _ in CASES),
        "[a`b]: javascript:x`\n\n[a`b]",  # a definition comes before code
        "```\n> ```\n```\n[a](javascript:x)",
    ],
)
def test_no_case_of_a_whole_text_gets_by_in_a_stream(markdown: str) -> None:
    assert bad_links(stream(list(markdown))) == []


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("![x](https://e.test) ", "[x](https://e.test) "),
        ("[bank.com](https://e.test).", "[bank.com (e.test)](https://e.test)."),
        ("[a](javascript:x) b", "a b"),
        ("see [1]\n\n[1]: https://e.test\n", "see [1]\n\n[1]\u200b: https://e.test\n"),
        ("[two\nlines](javascript:x)", "[two\nlines]\u200b(javascript:x)"),
        ("[[b]](javascript:x)(javascript:y)", "\u200b[b]\u200b(javascript:y)"),
        ("[a](<javascript:x)y>)", "[a]\u200b(<\u200bjavascript:x)y>)"),
        ("c[i](x y)", "c[i]\u200b(x y)"),
        ("Wow![x](https://e.test)", "Wow[x](https://e.test)"),
    ],
)
def test_a_streamed_link_becomes_honest(text: str, safe: str) -> None:
    assert stream(list(text)) == safe


@pytest.mark.parametrize(
    "text",
    [
        "[docs](https://docs.test/a_(b)) and **[x](https://docs.test 'T')**, a[0] = 1; done!",
        "`![alt](url)` and ``[a](javascript:x)`` and `x[0]`",
        "```md\n![alt](url)\n[r]: javascript:x\n```\n",
        "a < b && c[i], \\[no link\\], <div> <https://docs.test>\n",
        "- [ ] task\n- [x] done\n",
    ],
)
def test_honest_text_and_code_stay_as_they_are(text: str) -> None:
    assert stream(list(text)) == text


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("words", 0),
        ("a [li", 3),
        ("[a](htt", 7),
        ("[a] ", 0),
        ("wow!", 1),
        ("wow! ", 0),
        ("<ht", 3),
    ],
)
def test_a_link_is_held_back_until_it_ends(text: str, held: int) -> None:
    assert len(text) - len(LinkFilter().feed(text)) == held


def test_a_bracket_is_not_waited_for_without_end() -> None:
    assert LinkFilter().feed("[" + "a" * LINK_MAX_CHARS) == "[" + "a" * LINK_MAX_CHARS


@pytest.mark.parametrize("unit", ["[", "![", "[a](", "[a](b)", "<a", "\\", "`[", "[[]", "<!", "]("])
def test_hostile_streams_take_no_more_than_moments(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    deltas = re.findall(r".{1,40}", text)
    assert timeit.timeit(lambda: stream(deltas), number=1) < 10
