"""The product's own documents, cut at their headings and found by their words."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEADING_WEIGHT = 3
"""A word in a heading counts as much as so many in the text."""
SETTING_WEIGHT = 0.5
"""A setting that was not named says less than a page that explains."""
BM25_K1, BM25_B = 1.4, 0.6
"""Robertson & Zaragoza, The Probabilistic Relevance Framework (2009): usual values."""

_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_SETTING = re.compile(r"#?\s?([A-Z][A-Z0-9_]{2,})=(.*)")
_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_STOP_WORDS = """
a about am an and any are as at be but by can could did do does for from get go had has have how i
if in into is it its just like make may me mean my new no not of on one or our per please possible
set shall should so some tell than that the their them then there these they this to us use using
want was we were what when where which who whose why will with would you your explain give show
know need chatbot bot hi hello hey
"""
_STOP = frozenset(_STOP_WORDS.split())
_SAME = {
    "price": "cost", "pricing": "cost", "money": "cost", "spend": "cost", "expensive": "cost",
    "install": "setup", "start": "run", "launch": "run", "configure": "setting",
    "configuration": "setting", "option": "setting", "variable": "setting", "delete": "forget",
    "erase": "forget", "llm": "model", "provider": "model", "integrate": "connect",
    "hook": "connect", "thumb": "emoji", "feedback": "rating", "rate": "rating", "down": "fail",
    "error": "fail", "outage": "fail", "user": "person", "people": "person",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """What stands under one heading."""

    path: str
    title: str
    body: str

    @property
    def is_setting(self) -> bool:
        return not self.path.endswith(".md")

    @property
    def link(self) -> str:
        return self.path if self.is_setting else f"{self.path}#{slug(self.title)}"


@dataclass(frozen=True, slots=True)
class Hit:
    section: Section
    score: float
    coverage: float
    """How much of the question's meaning occurs there, 0 to 1, rare words counting more."""


@dataclass
class Docs:
    """An index over sections; `read_docs` fills it."""

    sections: list[Section] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._counts = [
            Counter(words(section.title) * HEADING_WEIGHT + words(section.body))
            for section in self.sections
        ]
        self._lengths = [counts.total() for counts in self._counts]
        self._mean_length = sum(self._lengths) / max(len(self._lengths), 1)
        seen = Counter(word for counts in self._counts for word in counts)
        total = len(self.sections)
        self._weights = {w: math.log(1 + (total - n + 0.5) / (n + 0.5)) for w, n in seen.items()}
        self._unknown = math.log(1 + (total + 0.5) / 0.5)

    def search(self, question: str, context: str = "") -> list[Hit]:
        """Best first. `context` is what was asked before: it ranks, but covers nothing."""
        asked = set(words(question))
        ranked = Counter(dict.fromkeys(asked, 1.0))
        ranked.update(dict.fromkeys(set(words(context)) - asked, 0.4))
        whole = sum(self._weights.get(word, self._unknown) for word in asked)
        hits = []
        for at, section in enumerate(self.sections):
            score = sum(weight * self._score(at, word) for word, weight in ranked.items())
            if score:
                covered = sum(self._weights[word] for word in asked if word in self._counts[at])
                if section.is_setting and section.title.lower() not in ranked:
                    score *= SETTING_WEIGHT
                hits.append(Hit(section, score, covered / whole if whole else 0.0))
        return sorted(hits, key=lambda hit: (-hit.score * (0.3 + hit.coverage), hit.section.link))

    def _score(self, at: int, word: str) -> float:
        count = self._counts[at].get(word, 0)
        if not count:
            return 0.0
        length = 1 - BM25_B + BM25_B * self._lengths[at] / self._mean_length
        return self._weights[word] * count * (BM25_K1 + 1) / (count + BM25_K1 * length)


def read_docs(root: Path = ROOT) -> Docs:
    """README.md, docs/**/*.md and .env.example, as far as they are there. Reads files."""
    sections: list[Section] = []
    for path in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        if path.is_file():
            sections += read_markdown(path.relative_to(root).as_posix(), path.read_text("utf-8"))
    settings = root / ".env.example"
    if settings.is_file():
        sections += read_settings(settings.name, settings.read_text("utf-8"))
    return Docs(sections)


def read_markdown(path: str, text: str) -> list[Section]:
    sections: list[Section] = []
    title, body, fenced = "", [""], False
    for line in [*text.splitlines(), "# "]:
        fenced ^= line.lstrip().startswith("```")
        heading = None if fenced else _HEADING.match(line)
        if heading is None and line != "# ":
            body.append(line)
            continue
        if title and "".join(body).strip():
            sections.append(Section(path, title, "\n".join(body).strip()))
        title, body = heading.group(2) if heading else "", []
    return sections


def read_settings(path: str, text: str) -> list[Section]:
    """One section for each setting: its comment, and the line to copy."""
    sections: list[Section] = []
    comment: list[str] = []
    for line in text.splitlines():
        setting = _SETTING.fullmatch(line.strip())
        if setting:
            body = f"{' '.join(comment)}\n\n```sh\n{setting.group(1)}={setting.group(2)}\n```"
            sections.append(Section(path, setting.group(1), body))
        comment = [*comment, line.lstrip("# ")] if line.startswith("#") and not setting else []
    return sections


def words(text: str) -> list[str]:
    """The words of a text that mean something, in one form each; a setting also in its parts."""
    found: list[str] = []
    for word in _WORD.findall(text.lower()):
        parts = [word, *word.split("_")] if "_" in word else [word]
        found += [_stem(part) for part in parts if part not in _STOP]
    return found


def _stem(word: str) -> str:
    word = _SAME.get(word, word)
    for ending in ("ings", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    word = word[:-1] if len(word) > 4 and word.endswith("e") else word
    return _SAME.get(word, word)


def slug(title: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
