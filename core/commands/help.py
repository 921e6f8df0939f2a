"""`help`: what the bot does, and what can be typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.commands.command import UsageError
from core.document import Document, Note, Table, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.conversation import CommandCall
    from core.ports import CommandSummary

INTRODUCTION = (
    "Ask me anything: mention me in a channel, or write to me directly. I answer in the thread and "
    "remember what was said there; every thread is a conversation of its own."
)
FEEDBACK = (
    "Rate an answer with 👍 or 👎: that is how whoever runs this bot learns what is useful. "
    "Put 🛑 on an answer to stop it."
)
SMALL_PRINT = (
    "A command is the whole message; `/chatbot-stats` and `!stats` work too. "
    "I can be wrong: check what matters."
)


class Help:
    name = "help"
    usage = "help"
    summary = "Show what I can do"

    def __init__(self, summaries: Callable[[], Sequence[CommandSummary]]) -> None:
        """`summaries` is asked at each call: help is a command among those it lists."""
        self._summaries = summaries

    def fits(self, arguments: Sequence[str]) -> bool:
        return not arguments

    async def run(self, call: CommandCall) -> Document:
        if call.arguments:
            raise UsageError("`help` takes nothing more.")
        rows = tuple((one.usage, one.summary) for one in self._summaries())
        return Document(
            "What I can do",
            (
                Text(INTRODUCTION),
                Table(("Command", "What"), rows),
                Text(FEEDBACK),
                Note(SMALL_PRINT),
            ),
        )
