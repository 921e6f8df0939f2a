"""What the driver and the toolkit raise, and what it means for whoever asked."""

from __future__ import annotations

import ssl

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from core.errors import NotStored

FAILURES = (DBAPIError, NoConnectionFree, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""TimeoutError is an OSError."""
READ_ONLY = "25006"
"""The server has become a standby: another one takes writes now."""
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_LOST = ("08", "57P01", "57P02", "57P03", "53300", READ_ONLY)
"""Connections, shutdown, crash, start-up, too many connections."""
_CONFLICTS = ("40001", "40P01", "23505", "0A000")
"""Serialization, deadlock, a key that only the insert saw, a plan that a migration made stale."""
_WORDS = {
    "28P01": "the password is wrong",
    "28000": "the server does not let this user in",
    "3D000": "there is no database of that name",
    "42501": "the user may not do this there",
    "42P01": "there is no database yet; it is made by `run`",
}


def state_of(error: BaseException) -> str:
    """PostgreSQL's code of the error; empty when it did not come from the server."""
    reason = error.orig if isinstance(error, DBAPIError) else error
    return getattr(reason, "sqlstate", None) or ""


def may_try_again(error: BaseException) -> bool:
    """Whether the same operation may well succeed on another connection, or a moment later."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    state = state_of(error)
    if state:
        return state.startswith(_LOST + _CONFLICTS)
    return isinstance(error, OSError | asyncpg.InterfaceError)


def to_not_stored(error: BaseException) -> NotStored:
    """With the words of the database, which name no address and no data."""
    stored = NotStored(describe(error))
    stored.__cause__ = error
    return stored


def describe(error: BaseException) -> str:
    if isinstance(error, NoConnectionFree):
        return "no connection to the database is free"
    reason = error.orig if isinstance(error, DBAPIError) else error
    state = state_of(error)
    if state in _WORDS:
        return _WORDS[state]
    if isinstance(reason, ssl.SSLError):
        return f"TLS failed ({reason.reason})"
    if isinstance(reason, OSError):  # its own words show the address
        refused_tls = "rejected SSL upgrade" in str(reason)
        return "the server speaks no TLS" if refused_tls else "the server cannot be reached"
    return str(reason) or type(reason).__name__
