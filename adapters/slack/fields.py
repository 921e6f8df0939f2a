"""Parts of Slack's payloads that more than one reader needs."""

from __future__ import annotations

import json
from typing import Any, Final

from core.conversation import Attachment

Json = dict[str, Any]

LOST: Final = frozenset({"tombstone", "hidden_by_limit"})
"""Modes of files whose bytes are gone."""


def text_field(fields: Json, name: str) -> str:
    """A string field; empty where it is missing or something else."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def read_files(event: Json) -> tuple[Attachment, ...]:
    """Of an event or a message; without those whose bytes are gone."""
    files = event.get("files")
    found = []
    for file in files if isinstance(files, list) else []:
        if (
            not isinstance(file, dict)
            or not text_field(file, "id")
            or text_field(file, "mode") in LOST
        ):
            continue
        size = file.get("size")
        locator = {"id": file["id"], "url": text_field(file, "url_private_download")}
        found.append(
            Attachment(
                name=text_field(file, "name") or text_field(file, "title") or "file",
                media_type=text_field(file, "mimetype") or "application/octet-stream",
                size_bytes=size if isinstance(size, int) else 0,
                locator=json.dumps(locator, separators=(",", ":")),
            )
        )
    return tuple(found)
