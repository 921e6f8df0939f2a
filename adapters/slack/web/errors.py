"""How a call of Slack's Web API can fail, and what that means for core."""

from __future__ import annotations

from typing import Final

from core.errors import DeliveryError

PASSING_CODES: Final = frozenset(
    {
        "fatal_error",
        "internal_error",
        "ratelimited",
        "rate_limited",
        "request_timeout",
        "service_unavailable",
        "team_added_to_org",
    }
)
"""Slack's trouble, not ours: the same call may succeed in a moment."""

PLACE_GONE: Final = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "invalid_auth",
        "is_archived",
        "not_authed",
        "not_in_channel",
        "org_login_required",
        "restricted_action",
        "thread_not_found",
        "token_expired",
        "token_revoked",
    }
)
"""No other way of writing would help."""


class SlackRefused(Exception):
    """Slack answered, and did not do it."""

    def __init__(self, code: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after_s = retry_after_s
        """Set for a rate limit only."""

    @property
    def passing(self) -> bool:
        return self.retry_after_s is not None or self.code in PASSING_CODES


class SlackUnreachable(Exception):
    """No usable answer: whether Slack did it is not known."""


SlackFailure = SlackRefused | SlackUnreachable


def delivery_error(method: str, failure: SlackFailure) -> DeliveryError:
    """What core is told; raise it `from` the failure."""
    retryable = isinstance(failure, SlackUnreachable) or failure.passing
    return DeliveryError(f"{method}: {failure}", retryable=retryable)
