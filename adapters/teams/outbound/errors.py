"""How a call of the Bot Connector can fail, and what that means for core."""

from __future__ import annotations

from typing import Final

from core.errors import DeliveryError

PLACE_GONE: Final = frozenset(
    {
        "BotDisabledByAdmin",
        "BotNotInConversationRoster",
        "ConversationBlockedByUser",
        "ConversationNotFound",
        "ForbiddenOperationException",
        "NotEnoughPermissions",
        "TenantNotFound",
    }
)
"""No other way of writing would help."""
TOO_LARGE: Final = frozenset({"MessageSizeTooBig", "RequestEntityTooLarge"})
STREAM_REFUSED: Final = "ContentStreamNotAllowed"


class TeamsRefused(Exception):
    """The Bot Connector answered, and did not do it."""

    def __init__(
        self, status: int, code: str, message: str = "", *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"HTTP {status} {code}".rstrip())
        self.status = status
        self.code = code
        self.message = message
        """For telling apart what shares a code; never shown or logged."""
        self.retry_after_s = retry_after_s
        """Set for a rate limit only."""

    @property
    def is_place_gone(self) -> bool:
        return self.code in PLACE_GONE

    @property
    def is_message_gone(self) -> bool:
        return self.status == 404 and not self.is_place_gone

    @property
    def is_too_large(self) -> bool:
        return self.status == 413 or self.code in TOO_LARGE


class TeamsUnreachable(Exception):
    """No usable answer: whether it was done is not known, unless it was never `sent`."""

    def __init__(self, reason: str, *, sent: bool = True) -> None:
        super().__init__(reason)
        self.sent = sent


TeamsFailure = TeamsRefused | TeamsUnreachable


def delivery_error(what: str, failure: TeamsFailure) -> DeliveryError:
    """What core is told; raise it `from` the failure."""
    passing = isinstance(failure, TeamsUnreachable) or failure.retry_after_s is not None
    return DeliveryError(f"{what}: {failure}", retryable=passing)
