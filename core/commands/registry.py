"""All commands: tells them from questions, and runs them politely."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from core.commands.command import UsageError
from core.correlation import current_id
from core.document import Document, Note, Text
from core.notices import build_notice
from core.ports import CommandSummary

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.commands.command import Command
    from core.conversation import CommandCall

logger = logging.getLogger(__name__)

LONGEST_COMMAND_CHARS = 200
"""Longer texts are questions; a model's name is the longest thing that belongs to a command."""

_FIRST_WORD = re.compile(r"(?P<mark>[/!]?)(?:chatbot-)?(?P<name>[a-z]+)[.!]?", re.IGNORECASE)


class Commands:
    """The names of commands are unique; the order given is the order of help."""

    def __init__(self, commands: Sequence[Command], wordy: Collection[str] = ()) -> None:
        """`wordy`: names of those that take any words from an admin, who means them so."""
        self._wordy = frozenset(wordy)
        self._commands = {command.name: command for command in commands}
        if len(self._commands) != len(commands):
            raise ValueError("two commands have the same name")

    def find(self, text: str, *, by_admin: bool = False) -> tuple[str, tuple[str, ...]] | None:
        """Name and arguments if the whole text is a command; None: it is a question.

        With a leading `/` or `!` it is meant as a command whatever follows, and a wrong argument
        is answered by the usage; otherwise everything after the name has to fit.
        """
        if len(text) > LONGEST_COMMAND_CHARS:
            return None
        words = text.strip().strip("`").split()
        first = _FIRST_WORD.fullmatch(words[0]) if words else None
        command = self._commands.get(first["name"].lower()) if first else None
        if first is None or command is None:
            return None
        arguments = tuple(words[1:])
        is_meant = bool(first["mark"]) or (by_admin and command.name in self._wordy)
        if not is_meant and not command.fits(arguments):
            return None
        return command.name, arguments

    async def run(self, call: CommandCall) -> Document:
        """Never raises but for cancellation: whatever goes wrong becomes a polite document."""
        command = self._commands.get(call.name.lower())
        if command is None:
            known = ", ".join(f"`{name}`" for name in self._commands)
            return Document("", (Text(f"I do not know that command. I know {known}."),))
        try:
            return await command.run(call)
        except UsageError as error:
            return Document("", (Text(str(error)), Note(f"Usage: `{command.usage}`")))
        except Exception:
            logger.exception("the command %s failed", command.name)
            return build_notice("internal", current_id())

    def summaries(self) -> Sequence[CommandSummary]:
        return [
            CommandSummary(command.name, command.summary, command.usage)
            for command in self._commands.values()
        ]
