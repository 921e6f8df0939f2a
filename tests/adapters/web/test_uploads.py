from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from adapters.web import uploads as uploads_module
from adapters.web.cast import key_of, ref_of
from adapters.web.uploads import Uploads
from core.conversation import Attachment, Author, InboundMessage
from core.errors import DeliveryError

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = InboundMessage(
    ref_of("general", "m"),
    key_of("general", "m"),
    Author("mira", "Mira"),
    "",
    "mention",
    datetime(2026, 3, 2, tzinfo=UTC),
)


async def test_a_file_is_never_read_beyond_the_limit(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    file = await uploads.keep("a.txt", "text/plain", b"12345")
    attachment = Attachment(file.name, file.media_type, 0, file.id)
    assert await uploads.read(MESSAGE, attachment, 5) == b"12345"
    with pytest.raises(DeliveryError):
        await uploads.read(MESSAGE, attachment, 4)


@pytest.mark.parametrize("locator", ["", "../rooms.jsonl", "f" * 24, "/etc/hostname", "F" * 24])
async def test_only_own_files_can_be_read(tmp_path: Path, locator: str) -> None:
    (tmp_path / "rooms.jsonl").write_text("x")
    with pytest.raises(DeliveryError):
        await Uploads(tmp_path / "files").read(MESSAGE, Attachment("", "", 0, locator), 10)


async def test_the_folder_does_not_grow_for_ever(tmp_path: Path) -> None:
    uploads = Uploads(tmp_path)
    count = uploads_module.KEPT_FILES + 3
    kept = [await uploads.keep("a", "text/plain", b"x") for _ in range(count)]
    left = [file.id for file in kept if await uploads.load(file.id) is not None]
    assert left == [file.id for file in kept[3:]]
    assert uploads.find(kept[0].id) is None


@pytest.mark.parametrize("claimed", ["", "text", "text/html; charset=x", "a/b\r\nX: y", "A" * 200])
async def test_an_odd_media_type_is_not_believed(tmp_path: Path, claimed: str) -> None:
    file = await Uploads(tmp_path).keep("a", claimed, b"x")
    assert file.media_type == "application/octet-stream"
