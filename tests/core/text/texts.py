"""Generated texts: Markdown as models write it, and text as attackers write it."""

from __future__ import annotations

from hypothesis import strategies as st

FRAGMENTS = (
    *("```py\n", "```\n", "~~~\n", "````md\n", "   ```js\n", "    ```\n", "- ```\n", "> ```\n"),
    *("text here ", "\n", "\n\n", "- item\n", "  - nested\n", "    - deep\n", "1. one\n", "# H\n"),
    *("| a | b |\n", "|---|---|\n", "| 1 | 2 |\n", "> quote\n", "> ", "  ", "   ", "\t", " "),
    *("`", "``", "```", "~", "|", "\\", "*", "_", "[", "]", "(", ")", "!", "!["),
    *("👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "é́́", "👍🏽", "한글", "ﷺ", "\u200d", "\U000e0067", "नमस्ते"),
    *("x" * 40, "word " * 20, "x" * 500, "`" * 40, "🇩🇪" * 60),
)
MENTIONS = (
    *("<", "!", "@", "#", "<!channel>", "<!here|here>", "<!everyone>", "<!subteam^S1|x>", "<@U1>"),
    *("<#C1|general>", "@channel", "@here", "@everyone", "<!DOCTYPE html>", "<!-- x -->"),
    *("&lt;", "&lt", "&", "&#60;", "&#x3c;", "&#33;", "&excl;", "\\!", "<\\!here>", "cha", "nnel"),
)
LINKS = (
    *("[a](javascript:alert(1))", "![x](https://evil.example/?d=1)", "[bank.com](https://e.com)"),
    *("[r]", "[a][r]", "![][r]", "\n\n[r]: data:text/html,x\n\n", "<javascript:a>", "](", "]: "),
    *("https://e.com", "<https://a.com@b.com>", "[[", "file:", "(vbscript:x)", "<script>", '"'),
)

markdown = st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join)
with_mentions = st.lists(st.sampled_from(FRAGMENTS[:40] + MENTIONS * 2), max_size=40).map("".join)
with_links = st.lists(st.sampled_from(FRAGMENTS[:40] + LINKS * 2), max_size=30).map("".join)
anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


@st.composite
def cut_up(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, list[str]]:
    """A text, and the same text in pieces as a stream might bring it."""
    text = draw(texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=12)))
    return text, [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
