"""What can go wrong with a provider, and which of it shall go wrong now."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

FaultName = Literal[
    "slow",
    "silent",
    "stall",
    "drip",
    "pings",
    "rate_limit",
    "quota",
    "server_error",
    "unavailable",
    "html",
    "auth",
    "context_too_long",
    "content_filter",
    "cut",
    "cut_clean",
    "error_frame",
    "garbage",
    "empty",
    "loop",
    "length",
]
NAMES: tuple[FaultName, ...] = get_args(FaultName)

MEANINGS: dict[FaultName, str] = {
    "slow": "the first word comes late",
    "silent": "no byte ever comes",
    "stall": "the stream stops in the middle",
    "drip": "one character at a time, slowly",
    "pings": "keep-alives, and nothing else",
    "rate_limit": "429 with Retry-After",
    "quota": "429 that no retry cures",
    "server_error": "500",
    "unavailable": "503",
    "html": "502 with a page of HTML",
    "auth": "401",
    "context_too_long": "400: the prompt does not fit",
    "content_filter": "the answer is filtered away",
    "cut": "the connection is reset in the middle",
    "cut_clean": "the stream ends in the middle without a word why",
    "error_frame": "an error inside the stream",
    "garbage": "an unreadable event inside the stream",
    "empty": "an answer without text",
    "loop": "the same sentence for ever",
    "length": "the answer ends at the longest length",
}

_PHRASE = re.compile(r"\bfault:([a-z_]+)(?::([0-9.]+))?(?: x([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Fault:
    name: FaultName
    seconds: float | None = None
    """How long, or after how long; None: as the fault has it."""
    times: int | None = None
    """For so many calls; None: until it is taken away."""


def read_fault(name: object, seconds: object = None, times: object = None) -> Fault:
    """Raises ValueError for what is no fault."""
    known = next((known for known in NAMES if known == name), None)
    if known is None:
        raise ValueError(f"no such fault; there are: {', '.join(NAMES)}")
    return Fault(
        known,
        None if seconds is None else float(str(seconds)),
        None if times is None else int(str(times)),
    )


def without_phrase(text: str) -> str:
    """What remains to be answered."""
    return " ".join(_PHRASE.sub("", text).split(" ")).strip()


class Faults:
    """Which fault the next call has: the one in its message, else the one that is switched on."""

    def __init__(self) -> None:
        self.active: Fault | None = None
        self._left = 0
        self._by_message: Counter[str] = Counter()

    def switch(self, fault: Fault | None) -> None:
        """Every call from now on, or the next `times`; None: all is well again."""
        self.active = fault
        self._left = fault.times or 0 if fault else 0

    def next(self, message: str) -> Fault | None:
        """`fault:unavailable x2` in a message fails its first two calls and answers the third;
        `fault:slow:5` waits five seconds."""
        phrase = _PHRASE.search(message)
        if phrase and phrase.group(1) in NAMES:
            fault = read_fault(*phrase.groups())
            self._by_message[message] += 1
            used_up = fault.times is not None and self._by_message[message] > fault.times
            return None if used_up else fault
        return self._next_active()

    def _next_active(self) -> Fault | None:
        fault = self.active
        if fault is not None and fault.times is not None:
            self._left -= 1
            if self._left <= 0:
                self.active = None
        return fault
