"""Files: downloads that need the token, the login page without it, redirects, endless bodies."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.standins.slack.api.faults import inflict

if TYPE_CHECKING:
    from tests.standins.slack.api.faults import Faults
    from tests.standins.slack.workspace import Workspace

Json = dict[str, Any]
LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head>"
    "<body><form action='/checkcookie'>Sign in to your workspace</form></body></html>"
)
CHUNK = b"\0" * 65536


@dataclass(slots=True)
class SlackFile:
    """A file in the workspace. `size` in the API is `claimed_size`, or the truth."""

    name: str
    content: bytes = b""
    mimetype: str = "text/plain"
    id: str = ""
    mode: str = "hosted"
    redirect_to: str | None = None
    """Send the downloader elsewhere."""
    endless: bool = False
    """The body never ends."""
    content_encoding: str | None = None
    """`content` is already encoded so ("gzip")."""
    claimed_size: int | None = None
    url: str = ""

    def to_api(self, workspace: Workspace) -> Json:
        size = len(self.content) if self.claimed_size is None else self.claimed_size
        return {
            "id": self.id,
            "name": self.name,
            "title": self.name,
            "mimetype": self.mimetype,
            "filetype": self.name.rpartition(".")[2],
            "pretty_type": self.mimetype,
            "size": size,
            "mode": self.mode,
            "is_external": False,
            "is_public": False,
            "url_private": self.url,
            "url_private_download": self.url.replace("/files-pri/", "/files-pri/download/"),
            "file_access": "visible",
        }


@dataclass(frozen=True, slots=True)
class Download:
    """A request for a file, as it arrived."""

    file: str
    authorization: str | None
    at: float
    status: int


@dataclass(slots=True)
class FileServer:
    workspace: Workspace
    faults: Faults
    good_token: str
    scopes: set[str]
    base_url: str = ""
    files: dict[str, SlackFile] = field(default_factory=dict)
    downloads: list[Download] = field(default_factory=list)

    def add(self, file: SlackFile) -> SlackFile:
        """Put a file into the workspace, so that it has an id and an address."""
        if not file.id:
            file.id = self.workspace.new_id("F")
            file.url = f"{self.base_url}/files-pri/{self.workspace.team}-{file.id}/{file.name}"
            self.files[file.id] = file
        return file

    async def handle(self, request: web.Request) -> web.StreamResponse:
        file_id = request.match_info["key"].rpartition("-")[2]
        response = await self._answer(request, self.files.get(file_id))
        header = request.headers.get("Authorization")
        self.downloads.append(Download(file_id, header, time.monotonic(), response.status))
        self.workspace.touch()
        return response

    async def _answer(self, request: web.Request, file: SlackFile | None) -> web.StreamResponse:
        fault = self.faults.strike("files.download", {"file": file.id if file else None})
        if fault and (struck := await inflict(fault, request)):
            return struck
        authorized = request.headers.get("Authorization") == f"Bearer {self.good_token}"
        if not authorized or "files:read" not in self.scopes:
            # Slack answers 200 with a page for people, not 401.
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        if file is None:
            return web.Response(status=404, text="File not found")
        if file.redirect_to:
            return web.Response(status=302, headers={"Location": file.redirect_to})
        return await self._send(request, file)

    async def _send(self, request: web.Request, file: SlackFile) -> web.StreamResponse:
        headers = {"Content-Type": file.mimetype}
        if file.content_encoding:
            headers["Content-Encoding"] = file.content_encoding
        if not file.endless:
            return web.Response(body=file.content, headers=headers)
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        try:
            while True:
                await response.write(CHUNK)
                await asyncio.sleep(0)
        except ConnectionError:
            return response
