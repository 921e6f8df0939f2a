"""Keeps a model from notifying people: no mention form leaves here that a platform would read."""

from __future__ import annotations

import re

from core.text.lines import LineFilter
from core.text.spans import CodeSpans, find_code_spans

BREAK = "\u200b"
"""Set inside a mention form: a reader sees the same text, a platform sees no mention."""

# Markdown turns entities and backslash escapes into characters, so those spellings count too.
_LESS = r"(?:<|&(?:lt|#0{0,5}60|#x0{0,5}3c);?)"
_SIGN = r"(?:[!@#]|&(?:excl|commat|num|#0{0,5}(?:33|35|64)|#x0{0,5}(?:2[13]|40)))"
_FORM = re.compile(
    rf"{_LESS}(?=\\?{_SIGN})|(?<![^\W_])(?<!/)@(?=channel|here|everyone)",
    re.IGNORECASE,
)
# In code only what a platform acts upon is touched: `<!DOCTYPE html>` can be copied unharmed.
_LIVE = re.compile(r"<(?=!(?i:channel|here|everyone|group|subteam|date)|[@#][A-Z0-9])")


def _beginnings(*forms: str) -> str:
    """A pattern for every true beginning of the given texts."""
    cut = {form[:length] for form in forms for length in range(1, len(form))}
    return "|".join(re.escape(text) for text in sorted(cut, key=len, reverse=True))


_NUMBER = r"#(?:0{0,5}\d?|x0{0,5}[234]?)"
_ENTITY = rf"&(?:{_beginnings('lt;', 'excl', 'commat', 'num')}|{_NUMBER})?"
_UNDECIDED = re.compile(
    rf"(?:{_LESS}(?:\\?(?:{_ENTITY})?)|{_ENTITY}"
    rf"|(?<![^\W_])(?<!/)(?:{_beginnings('@channel', '@here', '@everyone')}))\Z",
    re.IGNORECASE,
)
_UNDECIDED_IN_CODE = re.compile(
    rf"(?:{_beginnings('<!channel', '<!here', '<!everyone', '<!group', '<!subteam', '<!date')}"
    r"|<[@#])\Z",
    re.IGNORECASE,
)
_TOUCHES_STATE = re.compile("[<&@\n]")


def break_mentions(text: str) -> str:
    """`text` (Markdown) with every mention form broken by a zero-width space.

    Code keeps all but the forms that a platform acts upon. Run `clean_text` before, never after:
    it would take the breaks out again.
    """
    if not _TOUCHES_STATE.search(text):
        return text
    mentions = MentionFilter()
    return mentions.feed(text) + mentions.flush()


class MentionFilter(LineFilter):
    """`break_mentions` for a text that arrives in pieces.

    Only what may still become a mention is held back: `<`, `@her`, and inside inline code a
    form until the code ends.
    """

    touches = _TOUCHES_STATE

    def _filter_code(self, line: str, start: int, *, complete: bool) -> tuple[str, int]:
        breaks = [form.end() for form in _LIVE.finditer(line, start)]
        tail = None if complete else _UNDECIDED_IN_CODE.search(line, start)
        end = tail.start() if tail else len(line)
        return _insert_breaks(line, start, end, breaks), end

    def _filter_text(self, line: str, start: int, *, complete: bool) -> tuple[str, int]:
        breaks: list[int] = []
        spans: CodeSpans | None = None
        for form in _FORM.finditer(line, start):
            if not _LIVE.match(line, form.start()):
                spans = spans or find_code_spans(line, complete=complete)
                is_code = self._in_code_span(spans, line, form.start())
                if is_code is None:
                    return _insert_breaks(line, start, form.start(), breaks), form.start()
                if is_code:
                    continue
            breaks.append(_break_at(form))
        tail = None if complete else _UNDECIDED.search(line, start)
        end = tail.start() if tail else len(line)
        return _insert_breaks(line, start, end, breaks), end


def _break_at(form: re.Match[str]) -> int:
    text = form.group()
    # Behind `&lt` without its semicolon a break would make a bare word of `@here` in `&lt@here`.
    return form.start() + 1 if text[0] == "&" and text[-1] != ";" else form.end()


def _insert_breaks(line: str, start: int, end: int, forms: list[int]) -> str:
    out = ""
    for form in forms:
        out += line[start:form] + BREAK
        start = form
    return out + line[start:end]
