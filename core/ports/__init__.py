"""What core needs from outside. Adapters implement these; tests/contracts runs for each of them."""

from __future__ import annotations

from core.ports.chatbot import Acceptance, Chatbot, CommandSummary
from core.ports.inbox import Deleted, FollowUps, Hold, Inbox, Receipt, StopMark, Stops
from core.ports.ledger import (
    Arrivals,
    Completions,
    Counted,
    ModelSummary,
    Places,
    Preferences,
    Ratings,
    Scope,
    Spent,
    StatsQuery,
    Summary,
    Turns,
    Upkeep,
)
from core.ports.model import ChatModel, PriceList, Prompt, PromptSource, TokenCounter
from core.ports.operating import (
    Audit,
    DeadLetters,
    Deed,
    Erased,
    Erasure,
    Pause,
    Pauses,
)
from core.ports.platform import (
    Announcer,
    Attachments,
    Files,
    People,
    Platform,
    Replies,
    Reply,
    Transcript,
)
from core.ports.watching import CallObserver, TurnObserver
from core.ports.world import Clock, Ids

__all__ = [
    "Acceptance",
    "Announcer",
    "Arrivals",
    "Attachments",
    "Audit",
    "CallObserver",
    "ChatModel",
    "Chatbot",
    "Clock",
    "CommandSummary",
    "Completions",
    "Counted",
    "DeadLetters",
    "Deed",
    "Deleted",
    "Erased",
    "Erasure",
    "Files",
    "FollowUps",
    "Hold",
    "Ids",
    "Inbox",
    "ModelSummary",
    "Pause",
    "Pauses",
    "People",
    "Places",
    "Platform",
    "Preferences",
    "PriceList",
    "Prompt",
    "PromptSource",
    "Ratings",
    "Receipt",
    "Replies",
    "Reply",
    "Scope",
    "Spent",
    "StatsQuery",
    "StopMark",
    "Stops",
    "Summary",
    "TokenCounter",
    "Transcript",
    "TurnObserver",
    "Turns",
    "Upkeep",
]
