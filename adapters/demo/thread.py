"""What people have said in the conversation so far."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NAMED = "begins with the writer's name"
"""How the system prompt says that names stand before what was said."""
_SPOKEN = re.compile(r"([^:\n]{1,80}): (.*)", re.DOTALL)
_MY_NAME = re.compile(
    r"\b(?:my name is|my name's|call me|i am called)\s+([^\W\d_][\w'-]*(?: [A-Z][\w'-]*)?)",
    re.IGNORECASE,
)
_MY_FACT = re.compile(r"\bmy ((?:[\w'-]+ ){0,3}[\w'-]+) (?:is|are) ([^.!?\n]{1,80})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    speaker: str
    """Empty where only one person speaks."""
    text: str


@dataclass(frozen=True, slots=True)
class Thread:
    """`lines` are people's words, oldest first, without the last one: the question."""

    lines: tuple[Line, ...]
    question: Line
    instructions: str = ""

    def speaker_lines(self) -> list[Line]:
        """What the asker has said before."""
        return [line for line in self.lines if line.speaker == self.question.speaker]

    def name_of_asker(self) -> str:
        """As told, the newest first; else as it stands before the words; empty: unknown."""
        for line in reversed([*self.speaker_lines(), self.question]):
            told = _MY_NAME.search(line.text)
            if told:
                return told.group(1).strip()
        return self.question.speaker

    def fact(self, subject: str) -> str | None:
        """What the asker said that their `subject` is, the newest first."""
        wanted = subject.lower().strip()
        for line in reversed(self.speaker_lines()):
            for what, value in _MY_FACT.findall(line.text):
                if what.lower() == wanted:
                    return str(value).strip()
        return None


def told_name(text: str) -> str | None:
    told = _MY_NAME.search(text)
    return told.group(1).strip() if told else None


def told_fact(text: str) -> tuple[str, str] | None:
    told = _MY_FACT.search(text)
    return (told.group(1), told.group(2).strip()) if told else None


def read_thread(messages: list[dict[str, object]]) -> Thread | None:
    """None: nobody has asked anything."""
    instructions = "\n".join(_text(m) for m in messages if m.get("role") == "system")
    named = _NAMED in instructions
    lines = [_line(_text(m), named=named) for m in messages if m.get("role") == "user"]
    return Thread(tuple(lines[:-1]), lines[-1], instructions) if lines else None


def _line(text: str, *, named: bool) -> Line:
    spoken = _SPOKEN.match(text) if named else None
    return Line(spoken.group(1), spoken.group(2)) if spoken else Line("", text)


def _text(message: dict[str, object]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))
