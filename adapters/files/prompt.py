"""The system prompt in a text file: what an editor saves is in force at once, if it is whole."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

from core.errors import SettingError
from core.ports import Prompt

if TYPE_CHECKING:
    from os import stat_result
    from pathlib import Path

    from core.ports import Clock

logger = logging.getLogger(__name__)

MAX_BYTES = 64 * 1024
SETTLED_S = 0.2
"""A file changed more recently may still be on its way to the disk, half of it missing."""

_State = tuple[int, ...]


class _Unusable(Exception):
    """Why the file is no prompt."""


class PromptFile:
    """A PromptSource. Looks at the file's time and size at every call, a few microseconds, and
    reads it only when they changed; keeps the last good text whatever happens to the file."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises SettingError when there is no usable file to begin with."""
        self._path = path
        self._clock = clock
        self._warned = ""
        try:
            self._seen = _state(path.stat())
            self._prompt = _read(path)
        except (OSError, _Unusable) as error:
            raise SettingError(
                f"SYSTEM_PROMPT_FILE: {path} cannot be used ({_reason(error)}); "
                "name a UTF-8 text file with the system prompt"
            ) from error

    def current(self) -> Prompt:
        try:
            status = self._path.stat()
            state = _state(status)
            if state != self._seen and self._is_settled(status):
                self._load(state)
        except (OSError, _Unusable) as error:
            self._warn(_reason(error))
        return self._prompt

    def _load(self, state: _State) -> None:
        try:
            prompt = _read(self._path)
        except _Unusable:
            self._seen = state
            raise
        if _state(self._path.stat()) != state:
            return  # Somebody writes to it right now: the next call will see.
        self._seen = state
        self._prompt = prompt
        self._warned = ""
        logger.info("the system prompt is now version %s", prompt.version)

    def _is_settled(self, status: stat_result) -> bool:
        """A time in the future is that of a copied file, or of a clock that was set back."""
        age_s = self._clock.now().timestamp() - status.st_mtime
        return age_s >= SETTLED_S or age_s < 0

    def _warn(self, reason: str) -> None:
        """Once for each thing that is wrong, until the file is good again."""
        if reason != self._warned:
            self._warned = reason
            logger.warning("the system prompt stays as it was: %s: %s", self._path, reason)


def _read(path: Path) -> Prompt:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _Unusable(f"it is larger than {MAX_BYTES // 1024} kB")
    try:
        text = data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise _Unusable("it is not valid UTF-8") from error
    if not text:
        raise _Unusable("it is empty")
    if "\0" in text:
        raise _Unusable("it is no text")
    return Prompt(text, hashlib.sha256(text.encode()).hexdigest()[:12])


def _state(status: stat_result) -> _State:
    """The time of change differs even when a tool that copies a file sets its time back."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _reason(error: Exception) -> str:
    return (error.strerror or "unreadable") if isinstance(error, OSError) else str(error)
