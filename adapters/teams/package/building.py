"""Builds the app package: a zip of the manifest and two icons.

https://learn.microsoft.com/en-us/microsoftteams/platform/concepts/build-and-test/apps-package
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from core.conversation import GUID, fold_id
from core.errors import SettingError

Json = dict[str, Any]

FOLDER: Final = Path(__file__).parent
ICONS: Final = ("color.png", "outline.png")
SHORT_NAME_CHARS: Final = 30
DEVELOPER_CHARS: Final = 32
HEAR_ALL: Final = ("ChannelMessage.Read.Group", "ChatMessage.Read.Chat")
"""https://learn.microsoft.com/en-us/microsoftteams/platform/bots/how-to/conversations/channel-messages-for-bots-and-agents
Without them Teams delivers mentions only."""
_UPLOAD: Final = (
    "To try it: in Teams, Apps, Manage your apps, Upload an app, Upload a custom app.\n"
    "For everybody: https://admin.teams.microsoft.com, Teams apps, Manage apps, Actions, "
    "Upload new app."
)


@dataclass(frozen=True, slots=True)
class Developer:
    """Who is named beside the app; Teams wants an https page for each."""

    name: str = "Chatbot"
    website: str = "https://example.com"
    privacy: str = ""
    """Empty: a page below the website; so is `terms`."""
    terms: str = ""


def build_package(
    app_id: str,
    name: str,
    version: str,
    *,
    developer: Developer | None = None,
    hear_all: bool = False,
) -> bytes:
    """The zip; the same arguments give the same bytes.

    `hear_all` asks for every message of the teams and group chats it is in, for follow-ups
    without a mention; owners consent when they add the app. Raises SettingError.
    """
    manifest = build_manifest(app_id, name, version, developer or Developer())
    if hear_all:
        permissions = [{"name": permission, "type": "Application"} for permission in HEAR_ALL]
        manifest["webApplicationInfo"] = {"id": manifest["id"]}
        manifest["authorization"] = {"permissions": {"resourceSpecific": permissions}}
    written = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    files = {"manifest.json": written.encode()}
    files |= {icon: (FOLDER / icon).read_bytes() for icon in ICONS}
    return _to_zip(files)


def build_manifest(app_id: str, name: str, version: str, developer: Developer) -> Json:
    """Raises SettingError for what Teams would refuse."""
    if not GUID.fullmatch(app_id):
        raise SettingError("MICROSOFT_APP_ID: set it to the bot's app id (`connect teams` does)")
    app_id = fold_id(app_id)  # Teams takes it in lower case alone
    name = name.strip()
    if not 0 < len(name) <= SHORT_NAME_CHARS or not name.isprintable():
        raise SettingError(f"--name: Teams takes names of 1 to {SHORT_NAME_CHARS} characters")
    manifest: Json = json.loads((FOLDER / "manifest.json").read_text("utf-8"))
    manifest |= {"version": version, "id": app_id, "developer": _developer(developer)}
    manifest["name"]["short"] = name
    manifest["bots"][0]["botId"] = app_id
    return manifest


def describe(path: Path) -> str:
    """What is said when the package was written to `path`."""
    return f"Written to {path}.\n{_UPLOAD}"


def _developer(developer: Developer) -> Json:
    website = developer.website.rstrip("/")
    urls = {
        "websiteUrl": website,
        "privacyUrl": developer.privacy or f"{website}/privacy",
        "termsOfUseUrl": developer.terms or f"{website}/terms",
    }
    if not all(re.fullmatch(r"https://[^\s/]\S*", url) for url in urls.values()):
        raise SettingError("--website, --privacy, --terms: write addresses like https://host/page")
    name = developer.name.strip()
    if not 0 < len(name) <= DEVELOPER_CHARS:
        raise SettingError(f"--developer: write a name of 1 to {DEVELOPER_CHARS} characters")
    return {"name": name, **urls}


def _to_zip(files: dict[str, bytes]) -> bytes:
    """Without times, and stored: what compresses may do it differently in its next version."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name, content in files.items():
            entry = ZipInfo(name)  # dated 1980-01-01, the beginning of the format's time
            entry.create_system = 3  # Unix, on whatever this runs
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return buffer.getvalue()
