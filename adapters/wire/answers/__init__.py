"""Writing an answer that grows: the same on every platform, whatever its messages are."""

from __future__ import annotations

from adapters.wire.answers.outlet import Message, MessageGone, MessageTooLong, Outlet, StreamOver
from adapters.wire.answers.writer import AnswerWriter

__all__ = [
    "AnswerWriter",
    "Message",
    "MessageGone",
    "MessageTooLong",
    "Outlet",
    "StreamOver",
]
