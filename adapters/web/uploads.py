"""Small files that people attach: kept in the data folder, and read back for the model."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import TYPE_CHECKING

from adapters.web.messages import File
from core.errors import DeliveryError
from core.text.clean import clean_name

if TYPE_CHECKING:
    from pathlib import Path

    from core.conversation import Attachment, InboundMessage

FILE_MAX_BYTES = 5 * 1024 * 1024
KEPT_FILES = 100
"""The oldest makes room for the newest."""
FILES_PER_MESSAGE = 4
_ID = re.compile(r"[0-9a-f]{24}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]{1,80}")


class Uploads:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: dict[str, File] = {}

    async def keep(self, name: str, media_type: str, data: bytes) -> File:
        """Raises OSError."""
        if not _MEDIA_TYPE.fullmatch(media_type):
            media_type = "application/octet-stream"
        file = File(secrets.token_hex(12), _to_name(name), media_type, len(data))
        await asyncio.to_thread(self._write, file.id, data)
        self._waiting[file.id] = file
        while len(self._waiting) > KEPT_FILES:
            del self._waiting[next(iter(self._waiting))]
        return file

    def find(self, file_id: str) -> File | None:
        """A file of this run, for a message that is about to be sent."""
        return self._waiting.get(file_id)

    async def load(self, file_id: str) -> bytes | None:
        """None: there is no such file (any more)."""
        if not _ID.fullmatch(file_id):
            return None
        try:
            return await asyncio.to_thread((self._folder / file_id).read_bytes)
        except OSError:
            return None

    async def read(
        self, message: InboundMessage, attachment: Attachment, limit_bytes: int
    ) -> bytes:
        data = await self.load(attachment.locator)
        if data is None:
            raise DeliveryError(f"the file of message {message.ref.message_id} is gone")
        if len(data) > limit_bytes:
            raise DeliveryError(f"the file has more than {limit_bytes} bytes")
        return data

    def _write(self, file_id: str, data: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / file_id).write_bytes(data)
        files = sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        for old in files[:-KEPT_FILES]:
            old.unlink(missing_ok=True)


def _to_name(path: str) -> str:
    """The last part, whichever slash the sender's system uses."""
    return clean_name(path.replace("\\", "/").rpartition("/")[2], "file")
