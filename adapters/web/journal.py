"""An append-only file of JSON lines: what was written survives the end of the process.

Not the loss of power: that would cost an fsync a line, and these are conversations with a demo.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from io import BufferedWriter
    from pathlib import Path

logger = logging.getLogger(__name__)


class Journal:
    """One file. Every method may raise OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BufferedWriter | None = None

    @property
    def is_open(self) -> bool:
        return self._file is not None

    def read(self) -> list[dict[str, Any]]:
        """All records, oldest first; a line that a crash cut short is left out."""
        records = []
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
            except ValueError:
                logger.warning("line %d of %s is not readable", number, self._path.name)
                continue
            if isinstance(record, dict):
                records.append(record)
        return records

    def rewrite(self, records: Iterable[dict[str, Any]]) -> None:
        """Put these records in place of all others, at once, and open the file for more."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.write_bytes(b"".join(map(_to_line, records)))
        fresh.replace(self._path)
        self._file = self._path.open("ab")

    def append(self, record: dict[str, Any]) -> None:
        if self._file is None:
            raise OSError(f"{self._path.name} is not open")
        self._file.write(_to_line(record))
        self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _to_line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
