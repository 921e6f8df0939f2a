"""Pictures and files that people send: pictures need the bot's token, files must not see it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from aiohttp import web

from tests.standins.teams.connector.call import Refusal


@dataclass(slots=True)
class TeamsFile:
    name: str
    content: bytes
    content_type: str = "application/octet-stream"
    key: str = field(default_factory=lambda: uuid.uuid4().hex)


class FileShelf:
    def __init__(self) -> None:
        self.base_url = ""
        self.service_url = ""
        self.leaked: list[str] = []
        """Paths of files that were asked for with a token, which belongs to the connector only."""
        self._images: dict[str, TeamsFile] = {}
        self._files: dict[str, TeamsFile] = {}

    def image(self, file: TeamsFile) -> str:
        """Puts a picture there and says where it is."""
        self._images[file.key] = file
        return f"{self.service_url}v3/attachments/{file.key}/views/original"

    def file(self, file: TeamsFile) -> str:
        self._files[file.key] = file
        return f"{self.base_url}/files/{file.key}/{file.name}?tempauth=v1.once"

    async def serve_image(self, request: web.Request) -> web.Response:
        """Below the service URL, so the door has checked the token."""
        found = self._images.get(request.match_info["key"])
        if found is None or request.match_info["view"] != "original":
            raise Refusal(404, "NotFound", "Attachment not found.")
        return web.Response(body=found.content, content_type=found.content_type)

    async def serve_file(self, request: web.Request) -> web.Response:
        if "Authorization" in request.headers:
            self.leaked.append(request.path)
            return web.Response(status=401, text="the URL itself is the permission")
        found = self._files.get(request.match_info["key"])
        if found is None or "tempauth" not in request.query:
            return web.Response(status=404)
        return web.Response(body=found.content, content_type=found.content_type)
