"""Live updates: every open page gets every event, in order, and can resume after a lost line."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

REMEMBERED_EVENTS = 800
BEHIND_MAX_EVENTS = 1_000
"""A reader that is further behind is let go: it comes back and reads the whole state."""
READERS_MAX = 64


class Reader:
    """One open page. `take` returns frames as they come, and nothing once the feed is over."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self.over = False

    def put(self, frame: bytes) -> None:
        if len(self._frames) >= BEHIND_MAX_EVENTS:
            self.end()
        if not self.over:
            self._frames.append(frame)
            self._changed.set()

    def end(self) -> None:
        self.over = True
        self._changed.set()

    async def take(self) -> bytes:
        """All that has come since the last call, at least one frame; empty: it is over."""
        while not self._frames and not self.over:
            self._changed.clear()
            await self._changed.wait()
        frames = b"".join(self._frames)
        self._frames.clear()
        return frames


class Feed:
    """`life` tells this process's events from those of an earlier one."""

    def __init__(self, life: str) -> None:
        self._life = life
        self._count = 0
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED_EVENTS)
        self._readers: set[Reader] = set()

    @property
    def cursor(self) -> str:
        """The place after the newest event."""
        return f"{self._life}-{self._count}"

    def publish(self, event: Mapping[str, Any]) -> None:
        self._count += 1
        data = json.dumps(event, separators=(",", ":"))
        frame = f"id: {self.cursor}\ndata: {data}\n\n".encode()
        self._recent.append((self._count, frame))
        for reader in tuple(self._readers):
            reader.put(frame)

    def open(self, after: str) -> Reader | None:
        """A reader that goes on after a cursor, or is told to read the state anew where that place
        is not known any more. None: too many are open."""
        if len(self._readers) >= READERS_MAX:
            return None
        reader = Reader()
        missed = self._since(after)
        if missed is None:
            reader.put(b'data: {"t":"stale"}\n\n')
        else:
            for frame in missed:
                reader.put(frame)
        self._readers.add(reader)
        return reader

    def close(self, reader: Reader) -> None:
        self._readers.discard(reader)

    def end(self) -> None:
        for reader in self._readers:
            reader.end()

    def _since(self, after: str) -> list[bytes] | None:
        life, _, number = after.rpartition("-")
        if life != self._life or not number.isascii() or not number.isdigit() or len(number) > 12:
            return None
        seen = int(number)
        oldest = self._recent[0][0] if self._recent else self._count + 1
        if seen > self._count or seen < oldest - 1:
            return None
        return [frame for count, frame in self._recent if count > seen]
