"""Slack's timestamps: the name of a message in its channel, and the moment it was sent."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_TS: Final = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


class WrongTime(ValueError):
    """Not a timestamp of Slack's."""


def read_ts(ts: str) -> datetime:
    """Raises WrongTime."""
    if not _TS.fullmatch(ts):
        raise WrongTime("not a timestamp")
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise WrongTime("out of range") from error
