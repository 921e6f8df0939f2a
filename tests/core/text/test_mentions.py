"""No mention that a model wrote reaches a platform, however its stream is cut."""

from __future__ import annotations

import re
import timeit

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from core.text.mentions import BREAK, MentionFilter, break_mentions
from tests.core.text.texts import cut_up, with_mentions

ACTED_UPON = re.compile(r"<(?:!(?i:channel|here|everyone|group|subteam|date)|[@#][A-Z0-9])")
ANY_FORM = re.compile(r"<[!@#]|(?<![^\W_])(?<!/)@(?:channel|here|everyone)", re.IGNORECASE)


def filter_stream(deltas: list[str]) -> str:
    mentions = MentionFilter()
    return "".join(map(mentions.feed, deltas)) + mentions.flush()


def prose(markdown: str) -> str:
    """All text outside code, as a parser sees it: entities and escapes are characters there."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(markdown)
    return "\n".join(
        "".join(child.content if child.type == "text" else "\0" for child in token.children)
        for token in tokens
        if token.type == "inline" and token.children
    )


@pytest.mark.parametrize(
    "form",
    [
        *("<!channel>", "<!here|here>", "<!everyone>", "<!subteam^S123|@team>", "<!date^1^x|y>"),
        *("<@U123>", "<@W1|name>", "<#C123>", "<#C123|general>", "<!CHANNEL>", "<!unknown>"),
        *("&lt;!channel&gt;", "&#60;!here>", "&#x3C;@U1>", "<&#33;channel>", "<\\!here>"),
        *("&lt!here", "&lt@here", "<&commat;U1>", "<&#x40;U1>", "@channel", "@here", "@Everyone"),
    ],
)
def test_every_form_is_broken_and_reads_the_same(form: str) -> None:
    broken = break_mentions(f"hello {form}!")
    assert not ACTED_UPON.search(prose(broken))
    assert not ANY_FORM.search(prose(broken))
    assert broken.replace(BREAK, "") == f"hello {form}!"
    assert broken.count(BREAK) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d, x <= y, <https://example.com>, R&D, a &lt; b",
        "mail bob@here.com or me@channel.tv, see https://video.example/@hereandnow",
        "`<!DOCTYPE html>` and ``<@decorator ` >`` and `@here`",
        "```html\n<!DOCTYPE html>\n<!-- note -->\n<#if x>\n@everyone\n```\n",
        "- list\n\n  ```html\n  <!doctype html>\n  ```\n",
        "> ~~~\n> <!-- quoted -->\n> ~~~\n",
    ],
)
def test_harmless_text_and_code_stay_as_they_are(text: str) -> None:
    assert break_mentions(text) == text


@pytest.mark.parametrize(
    "text",
    ["`<!channel>`", "```\n<@U123> <!here>\n```", "    <!everyone>\n", "~~~\n<#C1|x>"],
)
def test_code_is_no_way_around_for_a_form_that_platforms_act_upon(text: str) -> None:
    assert not ACTED_UPON.search(break_mentions(text))


@pytest.mark.parametrize(
    "text",
    [
        "`open <!x>",
        "`one\ntwo `<!x>` end",  # the first line's backtick pairs with the second line's first
        "| ` | <!x> | ` |\n|---|---|---|\n",
        "\\`<!x>`",
        "```\n```\n<!x>",
        "- ```\n  code\n<!x>",
        "> ```\n<!x>",
        "text\n    ```\n<!x>",
        "```a`b\n<!x>",
        "```\n> ```\n```\n<!x>",
        "`<!x>``",
        "_@channel_",
    ],
)
def test_what_only_looks_like_code_is_text(text: str) -> None:
    assert not ANY_FORM.search(break_mentions(text))
    assert filter_stream(list(text)) == break_mentions(text)


@given(with_mentions)
def test_no_form_gets_out(text: str) -> None:
    broken = break_mentions(text)
    assert not ACTED_UPON.search(broken)
    assert not ANY_FORM.search(prose(broken))
    assert broken.replace(BREAK, "") == text.replace(BREAK, "")


@given(cut_up(with_mentions))
def test_a_cut_up_stream_gives_what_the_whole_gives(case: tuple[str, list[str]]) -> None:
    text, deltas = case
    assert filter_stream(deltas) == break_mentions(text)
    assert filter_stream(list(text)) == break_mentions(text)


def test_a_form_is_broken_even_when_it_arrives_in_single_characters() -> None:
    assert filter_stream(list("hi <!channel>")) == f"hi <{BREAK}!channel>"


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("plain words", 0),
        ("a <", 1),
        ("a <!", 0),
        ("a < ", 0),
        ("mail@", 0),
        (" @her", 4),
        (" @herx", 0),
        ("R&", 1),
        ("R&D", 0),
        ("`<!DOC", 5),
        ("`<!DOCTYPE` ", 0),
        ("```\n<!chan", 6),
        ("```\n<!DOCTYPE", 0),
    ],
)
def test_no_more_than_a_possible_mention_is_held_back(text: str, held: int) -> None:
    shown = MentionFilter().feed(text)
    assert len(text) - len(shown.replace(BREAK, "")) == held


def test_code_that_never_ends_is_not_waited_for() -> None:
    mentions = MentionFilter()
    shown = mentions.feed("`<!x" + "y" * 300)
    assert shown == f"`<{BREAK}!x" + "y" * 300


def test_filtered_text_stays_as_it_is() -> None:
    once = break_mentions("<!channel> <@U1> @here &lt;!x")
    assert break_mentions(once) == once


def test_a_delta_without_mentions_costs_next_to_nothing() -> None:
    mentions = MentionFilter()
    mentions.feed("# Title\n\nSome text ")
    best = min(timeit.repeat(lambda: mentions.feed("a few words "), number=2000, repeat=5)) / 2000
    assert best < 10e-6  # 0.2 µs on an idle machine; the rest is for a busy one
