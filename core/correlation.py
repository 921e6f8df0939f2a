"""The id that ties together everything done for one message: logs, notices, traces."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_current: ContextVar[str] = ContextVar("correlation_id", default="")


def current_id() -> str:
    """The id of the message being worked on; empty outside of any."""
    return _current.get()


@contextmanager
def correlated(correlation_id: str) -> Iterator[None]:
    """Everything inside belongs to that id, tasks started there too."""
    token = _current.set(correlation_id)
    try:
        yield
    finally:
        _current.reset(token)
