"""What the demo model says: from the docs, from the thread, or plainly that it does not know."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.demo.docs import words
from adapters.demo.thread import told_fact, told_name

if TYPE_CHECKING:
    from adapters.demo.docs import Docs, Hit, Section
    from adapters.demo.thread import Thread

ENOUGH_COVERAGE = 0.55
"""Less of the question than this in the docs, and a quotation would be beside the point."""
QUOTE_CHARACTERS = 900
TABLE_ROWS = 5
SUMMARY_LINES = 8
_GIST_CHARACTERS = 140

CONNECT = (
    "To talk to a real one, click the model's name in the playground and choose it there, or set "
    "`LLM_MODEL` and `LLM_API_KEY` in `.env` and start the bot again."
)
INTRODUCTION = (
    "I am the demo model: I know this product's own documentation and what is said in this thread, "
    "nothing else. Ask me how to connect Slack, what an answer costs, or what happens when a model "
    "fails. " + CONNECT
)
SHOWCASE = """\
This is what an answer can look like.

1. **Bold**, *italic*, ~~struck~~, `code` and a [link](README.md)
2. A list in a list
   - with a point
   - and another

| setting | default | meaning |
|---|---:|---|
| `LLM_TEMPERATURE` | 0.7 | 0 focused, 2 creative |
| `LLM_MAX_TOKENS` | 1024 | the longest answer |

```python
def greet(name: str) -> str:
    return f"Hello, {name}!"
```

> And a quotation, to end with."""


class Answers:
    """Answers to whole threads; the same thread always gets the same answer."""

    def __init__(self, docs: Docs) -> None:
        self._docs = docs

    def answer(self, thread: Thread) -> str:
        said = thread.question.text.strip()
        for pattern, reply in _SMALL_TALK:
            match = pattern.search(said)
            if match:
                text = reply(thread, match)
                if text:
                    return text
        return self._from_docs(thread) or _told(thread) or _do_not_know(thread)

    def _from_docs(self, thread: Thread) -> str:
        question = thread.question.text
        before = thread.lines[-1].text if thread.lines else ""
        # "And over HTTP?" means little without the question before it.
        follows = len(set(words(question))) <= 2 and bool(before)
        hits = self._docs.search(question, before if follows else "")
        if not hits or hits[0].coverage < ENOUGH_COVERAGE:
            return ""
        best = hits[0].section
        others = [hit for hit in hits[1:6] if _is_worth_a_look(hit, hits[0])][:2]
        also = "".join(f"\n- [{_name(hit.section)}]({hit.section.link})" for hit in others)
        intro = f"From [{_name(best)}]({best.link}):"
        return f"{intro}\n\n{quote(best, question)}" + (f"\n\nSee also:{also}" if also else "")


def quote(section: Section, question: str) -> str:
    """The blocks of the section that fit the question best, whole and in their order."""
    blocks = _blocks(section.body)
    asked = set(words(question))
    by_fit = sorted(range(len(blocks)), key=lambda at: (-len(asked & set(words(blocks[at]))), at))
    chosen: set[int] = set()
    room = QUOTE_CHARACTERS
    for at in by_fit:
        if not chosen or len(blocks[at]) <= room:
            chosen.add(at)
            room -= len(blocks[at])
    return "\n\n".join(_shorten(blocks[at], asked) for at in sorted(chosen))


def _blocks(body: str) -> list[str]:
    """Paragraphs, lists and tables; a fence stays with the words that introduce it."""
    parts: list[list[str]] = [[]]
    fenced = False
    for line in body.splitlines():
        fenced ^= line.lstrip().startswith("```")
        if line.strip() or fenced:
            parts[-1].append(line)
        else:
            parts.append([])
    blocks: list[str] = []
    for part in filter(None, parts):
        text = "\n".join(part)
        if blocks and text.startswith(("```", " ")):
            blocks[-1] += f"\n\n{text}"
        elif not text.startswith("!["):
            blocks.append(text)
    return blocks


def _shorten(block: str, asked: set[str]) -> str:
    """Of a long table the rows that fit the question best."""
    lines = block.splitlines()
    if len(lines) <= 2 + TABLE_ROWS or not block.startswith("|"):
        return block
    fits = [len(asked & set(words(line))) for line in lines[2:]]
    fitting = [line for line, fit in zip(lines[2:], fits, strict=True) if fit and fit == max(fits)]
    return "\n".join([*lines[:2], *(fitting or lines[2:])[:TABLE_ROWS]])


def _is_worth_a_look(hit: Hit, best: Hit) -> bool:
    return hit.section.path != best.section.path or hit.score > 0.5 * best.score


def _name(section: Section) -> str:
    return f"{section.path}: {section.title}"


def _do_not_know(thread: Thread) -> str:
    name = thread.name_of_asker()
    address = f"{name}, that" if name else "That"
    return (
        f"{address} is beyond me: I am only the demo model. I answer from this product's "
        f"documentation and from what is said in this thread, and found nothing there. {CONNECT}"
    )


def _told(thread: Thread) -> str:
    fact = told_fact(thread.question.text)
    return f"Noted: your {fact[0]} is {fact[1]}." if fact else ""


def _greet(thread: Thread, _: re.Match[str]) -> str:
    name = thread.name_of_asker()
    return f"Hello{', ' + name if name else ''}! {INTRODUCTION}"


def _meet(thread: Thread, _: re.Match[str]) -> str:
    return (
        f"Nice to meet you, {told_name(thread.question.text)}. I will remember it in this thread."
    )


def _recall_name(thread: Thread, _: re.Match[str]) -> str:
    name = thread.name_of_asker()
    return f"Your name is {name}." if name else "You have not told me your name in this thread."


def _recall_fact(thread: Thread, match: re.Match[str]) -> str:
    value = thread.fact(match.group(1))
    return f"You said that your {match.group(1).lower()} is {value}." if value else ""


def _recall_question(thread: Thread, match: re.Match[str]) -> str:
    said = thread.speaker_lines()
    if not said:
        return "This is the first thing that you say to me in this thread."
    first = "first" in match.group(0).lower()
    return f"You said{' first' if first else ''}: “{_gist((said[0] if first else said[-1]).text)}”"


def _summarise(thread: Thread, _: re.Match[str]) -> str:
    if not thread.lines:
        return "Nothing has been said in this thread yet that I could sum up."
    lines = thread.lines[-SUMMARY_LINES:]
    left_out = len(thread.lines) - len(lines)
    points = "\n".join(f"- **{line.speaker or 'You'}**: {_gist(line.text)}" for line in lines)
    more = f" (the last {len(lines)} of {len(thread.lines)} messages)" if left_out else ""
    return f"What was said in this thread{more}:\n\n{points}"


def _repeat(_: Thread, match: re.Match[str]) -> str:
    return match.group(1).strip()


def _count(_: Thread, match: re.Match[str]) -> str:
    return ", ".join(str(n) for n in range(1, min(int(match.group(1)), 500) + 1)) + "."


def _always(text: str) -> Callable[[Thread, re.Match[str]], str]:
    return lambda _thread, _match: text


def _gist(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _GIST_CHARACTERS else text[: _GIST_CHARACTERS - 1].rstrip() + "…"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


_SMALL_TALK: tuple[tuple[re.Pattern[str], Callable[[Thread, re.Match[str]], str]], ...] = (
    (_pattern(r"^(?:please )?(?:repeat|say)(?: after me)?:\s*(.+)"), _repeat),
    (_pattern(r"^(?:please )?count (?:up )?to (\d{1,4})\b"), _count),
    (
        _pattern(r"\bwhat(?:'s| is| was) my name\b|\bwho am i\b|\bdo you know my name\b"),
        _recall_name,
    ),
    (_pattern(r"\bwhat(?:'s| is| was| are) my ((?:[\w'-]+ ){0,3}[\w'-]+)\s*\?*$"), _recall_fact),
    (
        _pattern(
            r"\bwhat did i (?:just )?(?:ask|say|write|want)|\bwhat was (?:my|the) (?:last|first|"
            r"previous) (?:question|message)|\bwhat did i (?:first|last) (?:ask|say)"
        ),
        _recall_question,
    ),
    (
        _pattern(
            r"\bsumm?[ae]r(?:y|i[sz]e)|\btl;?dr\b|\bsum (?:it |this )?up\b|\brecap\b"
            r"|\bwhat did (?:the others|they|everyone|everybody|we) (?:say|discuss|write)"
        ),
        _summarise,
    ),
    (_pattern(r"\b(?:my name is|my name's|call me|i am called)\s+[^\W\d_]"), _meet),
    (
        _pattern(r"^(?:hi|hello|hey|hallo|moin|good (?:morning|day|evening|afternoon))\b.{0,25}$"),
        _greet,
    ),
    (
        _pattern(r"\bwho are you\b|\bwhat are you\b|\bwhat can you (?:do|answer)\b"),
        _always(INTRODUCTION),
    ),
    (_pattern(r"^(?:many )?(?:thanks|thank you|thx|cheers)\b"), _always("You are welcome.")),
    (_pattern(r"\b(?:show|what).{0,30}\b(?:markdown|formatting|format)\b"), _always(SHOWCASE)),
)
