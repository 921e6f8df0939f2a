"""An answer while it grows: the engine writes it, whoever shows it reads it at its own pace."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.document import Document
    from core.turn import Outcome


@dataclass(frozen=True, slots=True)
class Ending:
    """How the answer ended, and what is shown below its text."""

    outcome: Outcome | None
    """None: not yet; the question waits for the model, and its answer will stand here."""
    notice: Document | None = None
    """What happened and what to do; None where the text says it all."""
    footer: str = ""
    """One line of Markdown: model, seconds, cost."""
    can_rate: bool = False
    can_retry: bool = False
    can_cancel: bool = False
    """The question waits, and can be taken back."""


class Draft:
    """Text, status and ending of one answer.

    Text only grows, so a reader that keeps up with `changed` may skip states but never misses
    text. One event loop, one writer, any number of readers.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._text = ""
        self._changed = asyncio.Event()
        self._ended = asyncio.Event()
        self._begun = asyncio.Event()
        self.version = 0
        self.status = ""
        """What the bot is doing, in a few words; empty once text flows."""
        self.ending: Ending | None = None
        self.first_visible_at: float | None = None
        """Loop-independent monotonic seconds (core.ports.Clock) of the first visible text; set by
        the reader that shows it."""

    @property
    def text(self) -> str:
        if self._pieces:
            self._text += "".join(self._pieces)
            self._pieces.clear()
        return self._text

    def append(self, text: str) -> None:
        self._pieces.append(text)
        self.status = ""
        self._begun.set()
        self._touch()

    def show_status(self, status: str) -> None:
        self.status = status
        self._touch()

    def end(self, ending: Ending) -> None:
        """Nothing may follow; raises RuntimeError when called twice."""
        if self.ending is not None:
            raise RuntimeError("the draft has ended already")
        self.ending = ending
        self.status = ""
        self._ended.set()
        self._begun.set()
        self._touch()

    async def changed(self, seen: int) -> int:
        """Wait until `version` is newer than `seen`, and return it; at once if it is already."""
        while self.version <= seen:
            await self._changed.wait()
        return self.version

    async def until_begun(self) -> None:
        """Wait for the first text, or for an ending without any."""
        await self._begun.wait()

    async def until_ended(self) -> None:
        """Wait for `ending`, without a wake-up for each piece of text before it."""
        await self._ended.wait()

    def _touch(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()
