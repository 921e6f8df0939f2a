"""What the bot says when it has been installed: what it is for, and how to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.document import Action, Actions, Document, Note, Table, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.ports import CommandSummary

PROMPTS: Final = (
    "Summarise this text in three sentences: …",
    "Write a friendly reminder that timesheets are due on Friday",
    "Explain what a circuit breaker is, with an example",
)
SMALL_PRINT: Final = (
    "I can be wrong: check what matters. In a channel or a group chat, mention me to ask."
)


def build_welcome(name: str, commands: Sequence[CommandSummary]) -> Document:
    """`name` is the bot's as people see it."""
    greeting = (
        f"Hello, I am {name or 'your assistant'}. Ask me anything in your own words: I answer with "
        "a language model, remember what we said before, and read the text and pictures you send."
    )
    examples = "\n".join(f"- _{prompt}_" for prompt in PROMPTS)
    rows = tuple((command.name, command.summary) for command in commands)
    blocks = (
        Text(greeting),
        Text(f"For example:\n\n{examples}"),
        *((Text("These words do something else:"), Table(("Write", "To"), rows)) if rows else ()),
        Actions((Action("Show help", "help", "primary"),)),
        Note(SMALL_PRINT),
    )
    return Document("Good to meet you", blocks)
