"""A message in a room of the playground, and its way to and from the journal."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

Kind = Literal["said", "answer", "report"]
State = Literal["done", "running", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class File:
    id: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Message:
    """Immutable: a change is a new version under the same id."""

    id: str
    room: str
    thread: str
    """The id of the message it replies to; empty at the top level of a room."""
    author: str
    sent_at_ms: int
    """Unix time."""
    kind: Kind = "said"
    text: str = ""
    """Markdown; of a report, its plain text."""
    html: str = ""
    """Of a report: the drawn document."""
    files: tuple[File, ...] = ()
    to: str = ""
    """Only this person sees it; empty: everybody."""
    state: State = "done"
    notice: str = ""
    """HTML, below the text."""
    footer: str = ""
    """Markdown."""
    can_rate: bool = False
    can_retry: bool = False
    can_cancel: bool = False
    reactions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Emoji name to the people who put it there, in order."""
    turn_id: str = ""
    """Of an answer: the turn it was begun for."""
    deleted: bool = False
    nonce: str = ""
    """Chosen by the page, so that sending once more after a lost response posts nothing twice."""


_NAMES = frozenset(one.name for one in fields(Message))


def to_record(message: Message) -> dict[str, Any]:
    return asdict(message)


def read_record(record: dict[str, Any]) -> Message:
    """Raises TypeError, ValueError or AttributeError for what `to_record` did not write."""
    known = {name: value for name, value in record.items() if name in _NAMES}
    files = tuple(File(**file) for file in known.pop("files", ()))
    reactions = {name: tuple(people) for name, people in known.pop("reactions", {}).items()}
    return Message(**known, files=files, reactions=reactions)
