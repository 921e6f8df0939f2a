"""What a command is: a name, a line of help, a way to read arguments, and a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import CommandCall
    from core.document import Document


class UsageError(Exception):
    """The arguments do not fit. Its text is for the person who typed them: what is valid."""


def quotable(word: str) -> str:
    """What somebody typed, to be shown in a code span: short, and unable to end it."""
    return word[:40].replace("`", "'")


def caller(call: CommandCall) -> str:
    """As the settings name a person: `platform:workspace:id`."""
    where = call.conversation
    return f"{where.platform}:{where.workspace}:{call.author.user_id}"


class Command(Protocol):
    """Stateless between calls; put together once, in the wiring."""

    @property
    def name(self) -> str:
        """Lower-case; typed alone, with `!`, or as `/chatbot-NAME`."""
        ...

    @property
    def usage(self) -> str:
        """What a person types, e.g. `stats [24h] [me|channel|all]`."""
        ...

    @property
    def summary(self) -> str:
        """One line of help."""
        ...

    def fits(self, arguments: Sequence[str]) -> bool:
        """Whether words after the name are arguments, and not the rest of a sentence."""
        ...

    async def run(self, call: CommandCall) -> Document:
        """Raises UsageError for arguments that do not fit."""
        ...
