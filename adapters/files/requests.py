"""requests.jsonl: one line for each turn, for whoever works with files instead of a database."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import threading
from typing import TYPE_CHECKING

from adapters.files.line import LineFormat

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TextIO

    from adapters.files.line import Fields
    from core.rating import Rating
    from core.turn import Turn

logger = logging.getLogger(__name__)

FILE_NAME = "requests.jsonl"
MAX_BYTES = 50 * 1024 * 1024
FILES_KEPT = 5
QUEUE_SIZE = 10_000
CLOSE_S = 5.0


class RequestLog:
    """A TurnObserver that writes from a thread of its own; a slow or full disk costs lines, never
    time of the event loop. At most once a turn: what waits when the process dies is lost."""

    def __init__(
        self,
        folder: Path,
        scrub: Callable[[str], str],
        *,
        custom: Callable[[Turn], Fields] | Fields | None = None,
        texts: bool = False,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """`custom` and `texts` as in LineFormat; the callable runs in the writing thread. Beyond
        `max_bytes` the file is renamed to requests.jsonl.1, up to .5, and a new one begins."""
        self._path = folder / FILE_NAME
        self._format = LineFormat(scrub, custom, texts=texts)
        self._max_bytes = max_bytes
        self._queue: queue.Queue[Turn | None] = queue.Queue(QUEUE_SIZE)
        self._file: TextIO | None = None
        self._complained = False
        self._thread = threading.Thread(target=self._run, name="request-log", daemon=True)
        self._thread.start()

    def turn_recorded(self, turn: Turn) -> None:
        try:
            self._queue.put_nowait(turn)
        except queue.Full:
            self._complain("the queue is full")

    def rated(self, platform: str, rating: Rating) -> None:
        """Ratings come later than their turn's line; the ledger has them."""

    async def close(self) -> None:
        """Write what waits, for at most 5 seconds."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        try:
            self._queue.put(None, timeout=CLOSE_S)
        except queue.Full:
            return
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while (turn := self._queue.get()) is not None:
            try:
                self._write(self._format.to_line(turn))
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one line, the next one counts
                self._drop_file()
                self._complain(f"{type(error).__name__}: {error}")
            else:
                self._complained = False
        self._drop_file()

    def _write(self, line: str) -> None:
        file = self._file or self._open()
        if file.tell() and file.tell() + len(line.encode(errors="replace")) > self._max_bytes:
            self._rotate()
            file = self._open()
        file.write(line)
        file.flush()

    def _open(self) -> TextIO:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = file = self._path.open("a", encoding="utf-8", errors="replace", newline="\n")
        if _ends_amid_a_line(self._path):
            file.write("\n")
        return file

    def _rotate(self) -> None:
        self._drop_file()
        for number in range(FILES_KEPT - 1, 0, -1):
            older = self._numbered(number)
            if older.exists():
                older.replace(self._numbered(number + 1))
        self._path.replace(self._numbered(1))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{FILE_NAME}.{number}")

    def _drop_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()

    def _complain(self, reason: str) -> None:
        """One warning until a line is written again."""
        if not self._complained:
            self._complained = True
            logger.warning("requests are missing in %s: %s", self._path, reason)


def _ends_amid_a_line(path: Path) -> bool:
    """A process that died while writing leaves half a line: the next one must not join it."""
    with path.open("rb") as file:
        if not file.seek(0, os.SEEK_END):
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
