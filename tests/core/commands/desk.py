"""All commands on a store in memory, and a few turns for them to report on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core.commands import Commands
from core.commands.help import Help
from core.commands.pause import Pause, Resume
from core.commands.reset import Reset
from core.commands.settings import Settings
from core.commands.stats import Stats
from core.commands.stop import Stop
from core.document import Action, Actions, Facts, Note, Table, Text
from core.people.access import Access
from core.people.preferences import ModelChoice
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import Author, ConversationKey
    from core.document import Document
    from core.ports import CommandSummary

ADMIN_ID = "U9"


@dataclass
class Desk:
    clock: FakeClock = field(default_factory=FakeClock)
    runs: bool = False
    """Whether `stop` finds something to stop."""
    stopped: list[tuple[ConversationKey, Author]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = FakeStore(self.clock)
        self.choice = ModelChoice(self.store, "openai/small", 0.7, ["openai/large", "gemini/flash"])
        access = Access(admins=[f"slack:T1:{ADMIN_ID}"])
        self.commands = Commands(
            (
                Stats(self.store, self.clock),
                Reset(self.store),
                Settings(self.store, self.choice, access.may_configure),
                Stop(self.stop),
                Pause(self.store, access.may_configure),
                Resume(self.store, access.may_configure),
                Help(self.summaries),
            ),
            wordy=["pause"],
        )

    def summaries(self) -> Sequence[CommandSummary]:
        return self.commands.summaries()

    async def stop(self, conversation: ConversationKey, author: Author) -> bool:
        self.stopped.append((conversation, author))
        return self.runs


def words(document: Document) -> str:
    """All that a person reads, without the buttons."""
    lines = [document.title]
    for block in document.blocks:
        match block:
            case Text(markdown) | Note(markdown):
                lines.append(markdown)
            case Facts(pairs):
                lines += [f"{label}: {value}" for label, value in pairs]
            case Table(header, rows):
                lines += [" | ".join(row) for row in (header, *rows)]
            case _:
                pass
    return "\n".join(line for line in lines if line)


def buttons(document: Document) -> list[Action]:
    return [item for block in document.blocks if isinstance(block, Actions) for item in block.items]
