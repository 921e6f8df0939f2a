"""What was said in a thread before the bot was asked: in Teams, what the bot was told itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import InboundMessage
    from core.turn import Said


class TeamsTranscript:
    """A bot sees only what it is mentioned in. The rest could be read through Microsoft Graph, with
    a permission for all messages of a team; this bot does not ask for it."""

    async def before(
        self,
        message: InboundMessage,  # noqa: ARG002 - nothing is looked up
        since: str | None,  # noqa: ARG002 - nothing is looked up
        limit: int,  # noqa: ARG002 - nothing is looked up
    ) -> Sequence[Said]:
        return ()
