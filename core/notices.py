"""What people read when something did not go as they hoped: what happened, and what to do.

Never the text of an exception: that is for the log, which the reference in small print leads to.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, assert_never

from core.document import Document, Note, Text

if TYPE_CHECKING:
    from core.completion import FinishReason
    from core.errors import Category, LimitScope

Situation = Literal[
    "stopped",
    "not_allowed",
    "too_long",
    "starting",
    "waiting",
    "gave_up",
    "nothing_to_answer",
    "nothing_to_stop",
]
"""`waiting`: the provider is down and the question keeps its place. `gave_up`: a dead letter."""

LOST = "The connection to the language model was lost. Please try again."


def build_notice(
    kind: Category | Situation, correlation_id: str, *, partial: bool = False
) -> Document:
    """`partial`: a part of the answer is on the screen, so the notice speaks of the rest."""
    text = LOST if partial and kind == "connection" else _text(kind)
    if partial:
        text = f"The answer above is incomplete. {text}"
    return _document(text, correlation_id)


def build_finish_notice(reason: FinishReason, correlation_id: str) -> Document | None:
    """What to say below an answer that ended so; None: nothing, it is complete."""
    match reason:
        case "stop":
            return None
        case "length":
            text = "The answer reached its maximum length. Say `go on` to read the rest."
        case "content_filter":
            text = (
                "The provider's content filter ended the answer here. "
                "Asking in other words may help."
            )
        case "cut":
            text = "The connection was lost before the answer was complete. Please try again."
        case "repetition":
            text = "The model said the same over and over, so I ended it here. Please try again."
        case "other":
            text = "The model ended the answer early. Please try again if something is missing."
        case _:
            assert_never(reason)
    return _document(text, correlation_id)


def build_limit_notice(scope: LimitScope, wait_s: float, correlation_id: str = "") -> Document:
    """`wait_s`: seconds until the same question would be taken; rounded up for people."""
    wait = _wait(wait_s)
    match scope:
        case "user":
            text = f"Those were many questions at once. I can take your next one in {wait}."
        case "channel":
            text = f"This channel is very busy. I can take the next question here in {wait}."
        case "workspace":
            text = f"Everybody is asking at once. I can take the next question in {wait}."
        case "budget_user":
            text = f"Your budget for today is used up. It starts anew in {wait}."
        case "budget_workspace":
            text = f"The budget of this workspace for today is used up. It starts anew in {wait}."
        case _:
            assert_never(scope)
    return _document(text, correlation_id)


def build_pause_notice(reason: str) -> Document:
    """`reason`: in an admin's words; empty: none was given."""
    why = f": {reason.rstrip('.')}" if reason else ""
    return _document(
        f"I am paused here for now{why}. Your question is kept and will be answered afterwards.", ""
    )


def _text(kind: Category | Situation) -> str:  # noqa: C901, PLR0911, PLR0912 - a flat list, checked to be complete
    match kind:
        case "rate_limit":
            return "The language model is getting too many requests. Please try again in a minute."
        case "service_unavailable":
            return "The language model is not available right now. Please try again in a minute."
        case "timeout":
            return "The language model took too long. Please try again, or ask a shorter question."
        case "connection":
            return "The language model could not be reached. Please try again in a minute."
        case "auth":
            return (
                "The language model does not accept the bot's credentials. "
                "Please tell whoever runs this bot."
            )
        case "quota":
            return (
                "The bot's account with the provider of the language model is used up. "
                "Please tell whoever runs this bot."
            )
        case "context_window":
            return (
                "This conversation is too long for the language model. "
                "Write `reset` to start anew, or ask a shorter question."
            )
        case "content_policy":
            return "The provider's content filter refused this. Asking in other words may help."
        case "bad_request":
            return (
                "The language model did not understand the bot's request. "
                "Please tell whoever runs this bot."
            )
        case "empty_answer":
            return "The language model answered without a word. Please ask again in other words."
        case "breaker_open":
            return (
                "The language model failed several times just now and gets a short rest. "
                "Please try again in a minute."
            )
        case "reading":
            return "What belongs to your question could not be read in time. Please try again."
        case "delivery":
            return "The answer could not be shown here in full. Please try again."
        case "internal":
            return "Something went wrong on my side. Please try again."
        case "stopped":
            return "Stopped."
        case "not_allowed":
            return (
                "I am not set up to work with you here. "
                "Please ask whoever runs this bot to add you or this channel."
            )
        case "too_long":
            return "Your message is too long for me. Please send a shorter one, or split it."
        case "starting":
            return "I am just starting. Your question is kept and will be answered in a moment."
        case "waiting":
            return (
                "The model cannot be reached just now. "
                "Your question waits and will be answered when it is back."
            )
        case "gave_up":
            return (
                "I tried several times and could not answer this. "
                "Please ask again later, or tell whoever runs this bot."
            )
        case "nothing_to_stop":
            return "Nothing is being answered here right now."
        case "nothing_to_answer":
            return "I could not find a question in your message. Write `help` to see what I can do."
        case _:
            assert_never(kind)


def _document(text: str, correlation_id: str) -> Document:
    if not correlation_id:
        return Document("", (Text(text),))
    return Document("", (Text(text), Note(f"Reference: `{correlation_id}`")))


def _wait(seconds: float) -> str:
    if seconds > 2 * 3600:
        count, unit = math.ceil(seconds / 3600), "hour"
    elif seconds > 2 * 60:
        count, unit = math.ceil(seconds / 60), "minute"
    else:
        count, unit = max(math.ceil(seconds), 1), "second"
    return f"about {count} {unit}{'s' if count > 1 else ''}"
