"""HTML for the playground holds what the allow-list names and nothing else, whatever comes in."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given

from core.text.html import ALLOWED, to_html
from core.text.links.addresses import may_be_link
from tests.core.text.texts import anything, markdown, with_links


class Elements(HTMLParser):
    """Reads HTML as a browser would: entities decoded, every tag and attribute seen."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.other: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@given(with_links | markdown | anything)
def test_nothing_but_the_allowed_gets_through(text: str) -> None:
    html = Elements(to_html(text))
    assert html.other == []
    for tag, attributes in html.found:
        assert set(attributes) <= ALLOWED[tag]
        if tag == "a":
            assert may_be_link(attributes["href"] or "")
            assert attributes["rel"] == "noopener noreferrer nofollow"
            assert attributes["target"] == "_blank"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <b onclick=x>c</b> & d", "<p>a &lt;b onclick=x&gt;c&lt;/b&gt; &amp; d</p>\n"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"),
        ("~~old~~ **new**", "<p><s>old</s> <strong>new</strong></p>\n"),
        ("```py\nx < 1\n```", '<pre><code class="language-py">x &lt; 1\n</code></pre>\n'),
        ('```x" onload="y z\n```', "<pre><code></code></pre>\n"),
        ("[a](javascript:x)", "<p>a</p>\n"),
        (
            '![i](https://e.example "t")',
            '<p><a href="https://e.example" rel="noopener noreferrer nofollow" target="_blank">'
            "i</a></p>\n",
        ),
    ],
)
def test_markdown_is_drawn(text: str, html: str) -> None:
    assert to_html(text) == html


def test_a_table_keeps_its_alignment_without_inline_styles() -> None:
    html = to_html("| a | b |\n|:-:|---|\n| 1 | 2 |")
    assert '<th class="align-center">a</th>' in html
    assert "<td>2</td>" in html
    assert "style" not in html


def test_a_reference_cannot_bring_a_link_in_from_behind() -> None:
    assert "<a" not in to_html("[x][r]\n\n[r]: javascript:alert(1)")
