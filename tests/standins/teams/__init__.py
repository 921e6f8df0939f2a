"""The stand-in of Microsoft Teams: login, keys, the Bot Connector, and people who type.

`TeamsStandIn` is the whole of it; `faults` says what can go wrong on request, `payloads` holds
the shapes in which the bot is told.
"""

from __future__ import annotations

from tests.standins.teams import payloads
from tests.standins.teams.connector import faults
from tests.standins.teams.delivery import Delivery
from tests.standins.teams.files import TeamsFile
from tests.standins.teams.standin import TeamsStandIn
from tests.standins.teams.workspace import Conversation, Message

__all__ = [
    "Conversation",
    "Delivery",
    "Message",
    "TeamsFile",
    "TeamsStandIn",
    "faults",
    "payloads",
]
