"""The errors that core knows; every adapter turns its SDK's errors into these at its border.

ChatbotError
├── ModelError                 a model call failed; `category` says how
│   ├── RateLimited            429; `retry_after_s` where the provider said
│   ├── ServiceUnavailable     5xx, overload
│   ├── ModelTimeout           408, 504, no first token, idle stream, total time
│   ├── ConnectionFailed       refused, reset, no route, DNS
│   ├── AuthenticationFailed   401, 403
│   ├── QuotaExceeded          429 that no retry cures
│   ├── ContextTooLong         the prompt does not fit
│   ├── ContentRefused         a content filter, of the prompt or the answer
│   ├── BadRequest             another 4xx: a wrong model name or parameter
│   ├── EmptyAnswer            the model finished without a word
│   └── BreakerOpen            not even tried: the target failed too often just now
├── ReadingTimeout             the time was up before all was read that belongs to the question
├── DeliveryError              a platform refused to show something; `retryable` says if for good
├── BudgetUsedUp               the money for today is spent; the model was not asked
├── OwnershipLost              the conversation belongs to another process now; write nothing more
├── NotStored                  the store could not take it; the platform shall deliver it again
└── SettingError               a setting is wrong or missing
"""

from __future__ import annotations

from typing import ClassVar, Literal

Category = Literal[
    "rate_limit",
    "service_unavailable",
    "timeout",
    "connection",
    "auth",
    "quota",
    "context_window",
    "content_policy",
    "bad_request",
    "empty_answer",
    "breaker_open",
    "reading",
    "delivery",
    "internal",
]

LimitScope = Literal["user", "channel", "workspace", "budget_user", "budget_workspace"]
"""Whose limit kept a question from the model."""


class ChatbotError(Exception):
    """Base of all; its text is for logs, never for people in a chat."""

    category: ClassVar[Category] = "internal"
    retryable: bool = False


class ModelError(ChatbotError):
    """A model call failed. `retry_after_s` is what the provider asked for; None: it did not say."""

    def __init__(self, message: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class RateLimited(ModelError):
    category = "rate_limit"
    retryable = True


class ServiceUnavailable(ModelError):
    category = "service_unavailable"
    retryable = True


class ModelTimeout(ModelError):
    category = "timeout"
    retryable = True


class ConnectionFailed(ModelError):
    category = "connection"
    retryable = True


class AuthenticationFailed(ModelError):
    category = "auth"


class QuotaExceeded(ModelError):
    category = "quota"


class ContextTooLong(ModelError):
    category = "context_window"


class ContentRefused(ModelError):
    category = "content_policy"


class BadRequest(ModelError):
    category = "bad_request"


class EmptyAnswer(ModelError):
    category = "empty_answer"


class BreakerOpen(ModelError):
    category = "breaker_open"


class ReadingTimeout(ChatbotError):
    """A thread or its files were not read in the time for an answer: the model was not asked."""

    category = "reading"


class DeliveryError(ChatbotError):
    """A platform did not take a message. Not retryable: the place or the right to write is gone."""

    category = "delivery"

    def __init__(self, message: str = "", *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class BudgetUsedUp(ChatbotError):
    """No money is left at the moment of a model call; like a limit, it refuses the question."""

    def __init__(self, scope: LimitScope) -> None:
        super().__init__(f"used up: {scope}")
        self.scope: LimitScope = scope


class OwnershipLost(ChatbotError):
    """The fence did not hold: another process owns the conversation. Touch nothing more."""


class NotStored(ChatbotError):
    """The store did not take a message, or did not say: it must not be acknowledged."""

    retryable = True


class SettingError(ChatbotError):
    """One line that names the setting and says what to do; never its value."""
