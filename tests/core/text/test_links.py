"""No image, no dangerous address and no disguised host survives; everything else does."""

from __future__ import annotations

import timeit

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from core.text.links.addresses import SCHEMES, disguised_target, may_be_link
from core.text.links.rewriting import safe_links
from core.text.tree import walk
from tests.core.text.texts import with_links

TAKES_ALL = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
TAKES_ALL.validateLink = lambda url: True  # type: ignore[method-assign]  # the library's own switch


def nodes(markdown: str) -> list[SyntaxTreeNode]:
    return list(walk(SyntaxTreeNode(TAKES_ALL.parse(markdown))))


CASES = [
    # images
    ("![x](https://e.test/a.png)", "[x](https://e.test/a.png)"),
    ('![x](https://e.test/a.png "t")', '[x](https://e.test/a.png "t")'),
    ("![](https://e.test/?d=secret)", "[image](https://e.test/?d=secret)"),
    ("![x][r]\n\n[r]: https://i.example", "[x][r]\n\n[r]: https://i.example"),
    ("![r]\n\n[r]: https://i.example", "[r]\n\n[r]: https://i.example"),
    ("![x](data:image/png;base64,AAAA)", "x"),
    ("![](javascript:alert)", "image"),
    ("[![alt](https://i.example/a.png)](https://ok.example)", "[alt](https://ok.example)"),
    ("Wow!![x](https://i.example)", "Wow!\u200b[x](https://i.example)"),
    ("![bank.com](https://e.test)", "[bank.com (e.test)](https://e.test)"),
    # dangerous schemes
    ("[a](javascript:alert(1))", "a"),
    ("[a](JaVaScRiPt:alert)", "a"),
    ("[a](vbscript:x)", "a"),
    ("[a](data:text/html;base64,PHM+)", "a"),
    ("[a](file:///etc/passwd)", "a"),
    ("[a](slack://channel?id=1)", "a"),
    ("[a](smb://host/share)", "a"),
    ("[a](java&#10;script:x)", "a"),
    ("[a](javascript&colon;x)", "a"),
    ("[a](<java script:x>)", "a"),
    ("[a](%6aavascript:x)", "a"),
    ("[a](\\\\e.test)", "a"),
    ("[**a** `b`](javascript:x)", "**a** `b`"),
    ("<javascript:alert>", "javascript:alert"),
    ("[a][r]\n\n[r]: javascript:x\n", "a\n\n"),
    ("[r][]\n\n> [r]: vbscript:x", "r\n\n"),
    ("| [x\\|y](javascript:x) | b |\n|---|---|\n", "| x\\|y | b |\n|---|---|\n"),
    ("> - [two\n>   lines](javascript:x) end", "> - two lines end"),
    ("[[a](javascript:x)](https://e.example)", "[a](https://e.example)"),
    ("# [t](javascript:x) #", "# t #"),
    # disguised
    ("[https://bank.com](https://e.test)", "[https://bank.com (e.test)](https://e.test)"),
    ("[bank.com/login](https://e.test)", "[bank.com/login (e.test)](https://e.test)"),
    ("[www.bank.com](https://bank.com.e.test)", "[www.bank.com (bank.com.e.test)](https://bank.com.e.test)"),
    ("[**bank.com**](https://e.test/a_(b))", "[**bank.com** (e.test)](https://e.test/a_%28b%29)"),
    ("[bank\u200b.com](https://e.test)", "[bank\u200b.com (e.test)](https://e.test)"),
    ("[bank．com](https://e.test)", "[bank．com (e.test)](https://e.test)"),
    (
        "[bank.com]\n\n[bank.com]: https://e.test",
        "[bank.com (e.test)](https://e.test)\n\n[bank.com]: https://e.test",
    ),
    ("<https://bank.com@e.test>", "[https://bank.com@e.test (e.test)](https://bank.com@e.test)"),
    ("[ceo@bank.com](mailto:eve@e.test)", "[ceo@bank.com (eve@e.test)](mailto:eve@e.test)"),
    ("[аpple.com](https://аpple.com)", "[аpple.com (xn--pple-43d.com)](https://xn--pple-43d.com)"),
    ("[10.0.0.1](http://10.0.0.2)", "[10.0.0.1 (10.0.0.2)](http://10.0.0.2)"),
]  # fmt: skip  # one case a line

FINE = [
    "[docs](https://docs.example/a?b=c#d)",
    "[https://docs.example/a](https://docs.example/a/b)",
    "[www.docs.example](https://docs.example)",
    "[asyncio.sleep](https://docs.python.org/3/)",
    "[README.md](https://code.example/README.md) and [Node.js](https://node.example)",
    "[mail](mailto:a@b.example) [call](tel:+4930123) <a@b.example> <https://docs.example>",
    "[here](#section) [there](/path/file.md) [rel](docs/x.md)",
    '[a][r]\n\n[r]: https://docs.example "Title"',
    "`![x](y)` and\n\n```\n[a](javascript:x)\n```\n\n    [b](file:x)\n",
    "no link [at] all, array[0](x) < y",
    "\\[a](javascript:x)",
]


@pytest.mark.parametrize(("markdown", "safe"), CASES)
def test_a_link_becomes_honest(markdown: str, safe: str) -> None:
    assert safe_links(markdown) == safe


@pytest.mark.parametrize("markdown", [safe for _, safe in CASES] + FINE)
def test_an_honest_text_stays_as_it_is(markdown: str) -> None:
    assert safe_links(markdown) == markdown


@given(with_links)
def test_no_bad_link_is_left_for_any_parser(text: str) -> None:
    found = nodes(safe_links(text))
    assert not [node for node in found if node.type == "image"]
    for node in found:
        if node.type == "link":
            address = str(node.attrs["href"])
            label = "".join(part.content for part in walk(node) if not part.children and part.token)
            assert may_be_link(address)
            scheme, colon, _ = address.partition("/")[0].partition(":")
            assert not colon or scheme in SCHEMES
            assert not disguised_target(label, address)


def test_a_text_built_to_outlast_the_rounds_loses_its_links() -> None:
    text = "[" * 12 + "a" + "](javascript:x)" * 12 + " ![i](https://e.example)"
    assert {node.type for node in nodes(safe_links(text))} <= {
        "root",
        "paragraph",
        "inline",
        "text",
    }


@pytest.mark.parametrize(
    "hostile",
    ["[" * 20_000, "![" * 10_000, "[a](" * 8_000, "<a" * 20_000, "[a](javascript:x)" * 500],
)
def test_hostile_text_takes_no_more_than_moments(hostile: str) -> None:
    assert min(timeit.repeat(lambda: safe_links(hostile), number=1, repeat=1)) < 5
