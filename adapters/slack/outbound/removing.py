"""Takes a message of ours away, a stream that is still open included."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from adapters.slack.web.errors import SlackRefused, SlackUnreachable

if TYPE_CHECKING:
    from adapters.slack.web.api import SlackApi

log = logging.getLogger(__name__)


async def remove(api: SlackApi, channel: str, ts: str) -> None:
    """Best effort; one that is gone already is fine."""
    place = {"channel": channel, "ts": ts}
    try:
        try:
            await api.call("chat.delete", place)
        except SlackRefused as refusal:
            if refusal.code != "cant_delete_message":
                raise
            # Slack keeps a message while it is being streamed.
            await api.call("chat.stopStream", place)
            await api.call("chat.delete", place)
    except (SlackRefused, SlackUnreachable) as failure:
        log.info("message %s was not removed: %s", ts, failure)
