"""A call of the connector as it is kept in the log, and the refusals that it can meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.standins.teams.workspace import THREAD_MARK, Conversation, Message

if TYPE_CHECKING:
    from tests.standins.slack.clock import StandInClock
    from tests.standins.teams.workspace import Workspace

Json = dict[str, Any]


class Refusal(Exception):
    """An error in the Bot Framework's shape."""

    def __init__(
        self, status: int, code: str, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def to_api(self) -> Json:
        return {"error": {"code": self.code, "message": self.message}}


def bad(message: str) -> Refusal:
    """The payload is not what Teams takes."""
    return Refusal(400, "BadArgument", message)


@dataclass(slots=True)
class Call:
    """`path` is below the service URL and decoded. `at` is the machine's monotonic clock."""

    method: str
    path: str
    at: float
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    status: int | None = None
    """HTTP status of the answer; 0 where the connection was dropped, None while it is open."""
    error: str | None = None
    answer: Any = None
    accepted: bool = False
    """The workspace was changed, whatever the caller then heard."""
    took_s: float = 0.0

    @property
    def activity(self) -> Json:
        return self.body if isinstance(self.body, dict) else {}

    @property
    def conversation(self) -> str | None:
        parts = self.path.split("/")
        return parts[3] if self.path.startswith("/v3/conversations/") else None


@dataclass(slots=True)
class Limits:
    """What may be set differently by a test. Sizes are in bytes of the activity as UTF-16."""

    message_bytes: int = 28 * 1024
    message_with_cards_bytes: int = 40 * 1024
    """learn.microsoft.com, "Format your bot messages": 40 KB until 2025, about 100 since. The
    stand-in stays with the smaller one."""
    informative_chars: int = 1000  # learn.microsoft.com, "Stream bot messages"
    stream_s: float = 120.0
    stream_gap_s: float = 1.0


@dataclass(slots=True)
class Context:
    """What the endpoints work on."""

    workspace: Workspace
    clock: StandInClock
    limits: Limits
    calls: list[Call]

    def find(self, address: str) -> tuple[Conversation, str | None]:
        """The conversation and, in a channel, the thread that an id names."""
        base, mark, root = address.partition(THREAD_MARK)
        found = self.workspace.conversations.get(base)
        if found is None or (mark and found.kind != "channel"):
            raise Refusal(404, "ConversationNotFound", "Conversation not found.")
        if not found.installed:
            text = "The bot is not part of the conversation roster."
            raise Refusal(403, "BotNotInConversationRoster", text)
        if mark and root not in found.messages:
            raise missing()
        return found, root or None

    def own(self, conversation: Conversation, message_id: str) -> Message:
        found = conversation.messages.get(message_id)
        if found is None or found.deleted or found.sender != self.workspace.bot.id:
            raise missing()
        return found


def missing() -> Refusal:
    return Refusal(404, "ActivityNotFoundInConversation", "Conversation not found.")
