"""What a provider's refusal means: the status first, then what the body says."""

from __future__ import annotations

import json
import math
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from core.errors import (
    AuthenticationFailed,
    BadRequest,
    ContentRefused,
    ContextTooLong,
    ModelError,
    ModelTimeout,
    QuotaExceeded,
    RateLimited,
    ServiceUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOO_LONG = re.compile(
    r"context[_ ](?:length|window|size)|maximum (?:context|prompt|input) length"
    r"|(?:prompt|input|request) (?:is )?too (?:long|large)|too many (?:input )?tokens"
    r"|exceeds? (?:the )?(?:maximum|max|limit|available)[^.]{0,40}(?:tokens|context)"
    r"|reduce the length",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"content[_ ]?(?:filter|policy|management|moderation)|responsible ?ai|safety (?:system|filter)"
    r"|flagged|prohibited_content",
    re.IGNORECASE,
)
_OUT_OF_QUOTA = re.compile(
    r"insufficient[_ ](?:quota|credit|balance|funds)|exceeded your current quota"
    r"|billing|credit balance",
    re.IGNORECASE,
)
_EXCERPT_CHARACTERS = 300


def to_model_error(status: int, body: str, headers: Mapping[str, str] | None = None) -> ModelError:
    """`headers` by lower-case or case-insensitive name. The error's text is for logs."""
    excerpt = to_excerpt(describe(body))
    message = f"{status}: {excerpt}" if excerpt else str(status)
    retry_after_s = read_retry_after(headers or {})
    return _class_of(status, body)(message, retry_after_s=retry_after_s)


def to_excerpt(text: str) -> str:
    """One short line of it, without the traceback that a library may have put into its text."""
    return " ".join(text.partition("\nTraceback")[0].split())[:_EXCERPT_CHARACTERS].strip()


def describe(body: str) -> str:
    """The sentence in an error's body; of a page of HTML only that it is one."""
    if body.lstrip()[:1] == "<":
        return "a page of HTML"
    try:
        error = json.loads(body)
    except (ValueError, RecursionError):
        return body
    while isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, dict):
        error = error.get("error") or error.get("detail") or error
    if isinstance(error, dict):
        error = error.get("message") or error
    return error if isinstance(error, str) else json.dumps(error)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number or a date; None for anything else, also in the past.

    A date is compared with the answer's own Date, so neither clock needs to be right.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1_000
    text = headers.get("retry-after")
    seconds = _number(text)
    if seconds is not None or text is None:
        return seconds
    try:
        wait = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("date") or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return max(wait.total_seconds(), 0.0)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def _class_of(status: int, body: str) -> type[ModelError]:
    by_status: dict[int, type[ModelError]] = {
        401: AuthenticationFailed,
        402: QuotaExceeded,
        403: AuthenticationFailed,
        408: ModelTimeout,
        413: ContextTooLong,
        504: ModelTimeout,
    }
    if status in by_status:
        return by_status[status]
    if status == 429:
        return QuotaExceeded if _OUT_OF_QUOTA.search(body) else RateLimited
    if status >= 500:
        return ServiceUnavailable
    if _TOO_LONG.search(body):
        return ContextTooLong
    if _REFUSED.search(body):
        return ContentRefused
    return BadRequest
