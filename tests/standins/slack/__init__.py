"""The stand-in of the Slack platform: the Web API, Socket Mode, events, and people who type.

`SlackStandIn` is the whole of it; `faults` says what can go wrong on request.
"""

from __future__ import annotations

from tests.standins.slack.api import faults
from tests.standins.slack.delivery.http import sign
from tests.standins.slack.delivery.outbox import Delivery
from tests.standins.slack.standin import SlackStandIn
from tests.standins.slack.web.files import SlackFile
from tests.standins.slack.workspace import Ephemeral, Message

__all__ = ["Delivery", "Ephemeral", "Message", "SlackFile", "SlackStandIn", "faults", "sign"]
