"""Values of labels, kept to a bounded set: each new one costs memory here and in every server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

OTHER = "other"
NAMES_KEPT = 20
"""Distinct names of models or targets; an installation uses a handful."""
PLATFORMS_KEPT = 5
"""Each is a folder in adapters."""

_NAME = re.compile(r"[A-Za-z0-9._:/@+-]{1,100}")


class OneOf:
    """A closed set; everything else becomes `instead`."""

    def __init__(self, values: Iterable[str], instead: str = OTHER) -> None:
        self.values = tuple(values)
        self._instead = instead

    def __call__(self, value: str) -> str:
        return value if value in self.values else self._instead


class FirstFew:
    """An open set of technical names: the first ones are kept, the rest is `other`."""

    def __init__(self, limit: int = NAMES_KEPT) -> None:
        self._limit = limit
        self._kept: set[str] = set()

    def __call__(self, name: str) -> str:
        if name in self._kept:
            return name
        if len(self._kept) >= self._limit or not _NAME.fullmatch(name):
            return OTHER
        self._kept.add(name)
        return name
