"""Keeps a model from notifying people: no mention form leaves here that a platform would read."""

from __future__ import annotations

import re

from core.text.blocks import Block, in_fence, next_block
from core.text.spans import CodeSpans, find_code_spans

BREAK = "\u200b"
"""Set inside a mention form: a reader sees the same text, a platform sees no mention."""

# How far behind a form the end of inline code may lie before the form is broken anyway.
_SPAN_LOOKAHEAD_CHARS = 200

# Markdown turns entities and backslash escapes into characters, so those spellings count too.
_LESS = r"(?:<|&(?:lt|#0{0,5}60|#x0{0,5}3c);?)"
_SIGN = r"(?:[!@#]|&(?:excl|commat|num|#0{0,5}(?:33|35|64)|#x0{0,5}(?:2[13]|40)))"
_FORM = re.compile(
    rf"{_LESS}(?=\\?{_SIGN})|(?<!\w)@(?=channel|here|everyone)",
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
    rf"|(?<!\w)(?:{_beginnings('@channel', '@here', '@everyone')}))\Z",
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


class MentionFilter:
    """`break_mentions` for a text that arrives in pieces.

    However the text is cut, what `feed` and `flush` return joins to `break_mentions` of the
    whole. Only what may still become a mention is held back: `<`, `@her`, and inside inline
    code a form until the code ends.
    """

    def __init__(self) -> None:
        self._block = Block()
        self._released: list[str] = []  # of the current line, as it came in
        self._held = ""
        self._doubt = False  # an earlier line of this paragraph left a backtick unmatched

    def feed(self, delta: str) -> str:
        if not self._held and not _TOUCHES_STATE.search(delta):
            self._released.append(delta)
            return delta
        out: list[str] = []
        *lines, rest = (self._held + delta).split("\n")
        for line in lines:
            out.append(self._release(line + "\n", complete=True))
            self._end_line()
        out.append(self._release(rest, complete=False))
        return "".join(out)

    def flush(self) -> str:
        """What was held back; nothing may be fed afterwards."""
        return self._release(self._held, complete=True)

    def _release(self, text: str, *, complete: bool) -> str:
        """Breaks the forms in `text`, which continues the current line; may hold back its end."""
        released = "".join(self._released)
        line = released + text
        if in_fence(self._block, line):
            forms, end = self._forms_in_code(line, len(released), complete=complete)
        else:
            forms, end = self._forms_in_text(line, len(released), complete=complete)
        self._released = [line[:end]]
        self._held = line[end:]
        return _insert_breaks(line, len(released), end, forms)

    def _forms_in_code(self, line: str, start: int, *, complete: bool) -> tuple[list[int], int]:
        forms = [form.end() for form in _LIVE.finditer(line, start)]
        tail = None if complete else _UNDECIDED_IN_CODE.search(line, start)
        return forms, tail.start() if tail else len(line)

    def _forms_in_text(self, line: str, start: int, *, complete: bool) -> tuple[list[int], int]:
        forms: list[int] = []
        spans: CodeSpans | None = None
        for form in _FORM.finditer(line, start):
            if spans is None:
                spans = find_code_spans(line, complete=complete)
            if self._is_code(spans, line, form.start()):
                continue
            if self._may_become_code(spans, line, form.start()):
                return forms, form.start()
            forms.append(_break_at(form))
        tail = None if complete else _UNDECIDED.search(line, start)
        return forms, tail.start() if tail else len(line)

    def _is_code(self, spans: CodeSpans, line: str, pos: int) -> bool:
        if self._doubt or _LIVE.match(line, pos):
            return False
        return spans.covers(pos, _SPAN_LOOKAHEAD_CHARS) is True

    def _may_become_code(self, spans: CodeSpans, line: str, pos: int) -> bool:
        if self._doubt or _LIVE.match(line, pos) or len(line) - pos > _SPAN_LOOKAHEAD_CHARS:
            return False
        return spans.covers(pos, _SPAN_LOOKAHEAD_CHARS) is None

    def _end_line(self) -> None:
        line = "".join(self._released)
        if not line.strip():
            self._doubt = False
        elif "`" in line and not in_fence(self._block, line):
            doubtful_from = find_code_spans(line, complete=True).doubtful_from
            self._doubt = self._doubt or doubtful_from is not None
        self._block = next_block(self._block, line)
        self._released = []


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
