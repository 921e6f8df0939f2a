"""Reads what is attached to a message: files and pictures, and how each is fetched."""

from __future__ import annotations

import json
from typing import Any, Final

from adapters.teams.fields import dict_field, dicts_field, text_field
from core.conversation import Attachment

Json = dict[str, Any]

HTML: Final = "text/html"
"""Every message carries its own words a second time as an attachment of this type."""
DOWNLOAD: Final = "application/vnd.microsoft.teams.file.download.info"
CARD: Final = "application/vnd.microsoft.card."
ATTACHMENTS_MAX: Final = 50
MEDIA_TYPES: Final = {
    **dict.fromkeys(
        ("txt", "log", "md", "py", "js", "ts", "sql", "sh", "ini", "toml"), "text/plain"
    ),
    "csv": "text/csv",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "webp": "image/webp",
    "xml": "application/xml",
    "yaml": "application/x-yaml",
    "yml": "application/x-yaml",
}
"""Teams names a file by its ending only; what is not here is not read."""


def has_more_than_words(payload: Json) -> bool:
    """A file, a picture, a card that somebody shared."""
    kinds = {text_field(one, "contentType") for one in dicts_field(payload, "attachments")}
    return bool(kinds - {"", HTML})


def read_files(payload: Json) -> tuple[Attachment, ...]:
    """Files and pictures; not the message's own words, and no cards."""
    found = []
    for one in dicts_field(payload, "attachments")[:ATTACHMENTS_MAX]:
        kind, url = text_field(one, "contentType"), text_field(one, "contentUrl")
        content = dict_field(one, "content")
        name = text_field(one, "name") or ("picture" if kind.startswith("image/") else "file")
        if kind == DOWNLOAD and (link := text_field(content, "downloadUrl")):
            media_type = _media_type(text_field(content, "fileType"), name)
            found.append(Attachment(name, media_type, 0, _locator(link, own=False)))
        elif url and kind != HTML and not kind.startswith(CARD):
            found.append(Attachment(name, kind, 0, _locator(url, own=True)))
    return tuple(found)


def _locator(url: str, *, own: bool) -> str:
    """`own`: kept by the Bot Connector, which wants our token; others must not get it."""
    return json.dumps({"url": url, "own": own}, separators=(",", ":"))


def _media_type(file_type: str, name: str) -> str:
    ending = (file_type or name.rpartition(".")[2]).lower()
    return MEDIA_TYPES.get(ending, "application/octet-stream")
