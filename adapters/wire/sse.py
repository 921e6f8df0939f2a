"""Server-sent events out of chunks of bytes.

The format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

LONGEST_EVENT_BYTES = 4 * 1024 * 1024
"""Far more than any model sends at once; what does not end by then is no event stream."""
_BOM = b"\xef\xbb\xbf"


class EventTooLong(ValueError):
    """An event went on beyond LONGEST_EVENT_BYTES."""


class SseReader:
    """Feed it chunks as they come; it returns the data of each event that has become complete.

    Comments (keep-alives), names, ids and retry times are left out. Lines end with LF, CRLF or CR.
    """

    def __init__(self) -> None:
        self._unread: list[bytes] = []
        self._unread_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._begun = False
        self._after_cr = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Raises EventTooLong."""
        if b"\r" in chunk or self._after_cr:
            chunk = self._with_lf_only(chunk)
        if b"\n" not in chunk:
            self._keep(chunk)
            return []
        *lines, rest = b"".join((*self._unread, chunk)).split(b"\n")
        self._unread.clear()
        self._unread_bytes = 0
        self._keep(rest)
        return self._events(lines)

    def close(self) -> list[bytes]:
        """The stream has ended: what it ended with, though no empty line followed."""
        last = b"".join(self._unread)
        self._unread.clear()
        return self._events([last, b""])

    def _events(self, lines: list[bytes]) -> list[bytes]:
        events: list[bytes] = []
        if not self._begun:
            self._begun = True
            lines[0] = lines[0].removeprefix(_BOM)
        for line in lines:
            if line.startswith(b"data:"):
                start = 6 if line[5:6] == b" " else 5
                self._data.append(line[start:])
                self._data_bytes += len(line)
                self._check_size()
            elif not line and self._data:
                events.append(self._data[0] if len(self._data) == 1 else b"\n".join(self._data))
                self._data.clear()
                self._data_bytes = 0
        return events

    def _keep(self, rest: bytes) -> None:
        if rest:
            self._unread.append(rest)
            self._unread_bytes += len(rest)
            self._check_size()

    def _check_size(self) -> None:
        if self._unread_bytes + self._data_bytes > LONGEST_EVENT_BYTES:
            raise EventTooLong(f"no event takes more than {LONGEST_EVENT_BYTES} bytes")

    def _with_lf_only(self, chunk: bytes) -> bytes:
        """A CR at the end of a chunk has ended its line; an LF that follows belongs to it."""
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
