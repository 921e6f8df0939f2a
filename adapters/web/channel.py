"""The playground as a platform: what the wiring gets, and when it may be used."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from adapters.web.announcing import WebAnnouncer
from adapters.web.cast import PLATFORM
from adapters.web.http.api import Api
from adapters.web.http.documents import document_routes
from adapters.web.http.page import page_routes
from adapters.web.http.switches import Switches
from adapters.web.playground import Playground
from adapters.web.reading import WebTranscript
from adapters.web.replies import WebReplies
from core.ports import Platform

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from adapters.web.menus import FaultSwitch, ModelMenu
    from core.ports import Chatbot, Clock


class WebChannel:
    """Serves the page at once; the API answers 503 until `start` and `connect` have been called.

    `data_dir` gets a folder `playground`. Without `models` or `faults` their buttons are hidden.
    """

    def __init__(
        self,
        data_dir: Path,
        clock: Clock,
        models: ModelMenu | None = None,
        faults: FaultSwitch | None = None,
    ) -> None:
        self.playground = Playground(data_dir / "playground", clock, models, faults)
        rooms = self.playground.rooms
        self.platform = Platform(
            PLATFORM,
            WebReplies(rooms, clock),
            WebTranscript(rooms),
            self.playground.uploads,
            announcer=WebAnnouncer(rooms),
        )
        self._started = False
        self._chatbot: Chatbot | None = None

    def connect(self, chatbot: Chatbot) -> None:
        self._chatbot = chatbot
        self._open()

    def routes(self) -> list[web.RouteDef]:
        playground = self.playground
        return [
            *page_routes(),
            *document_routes(),
            *Api(playground).routes(),
            *Switches(playground).routes(),
        ]

    async def start(self) -> None:
        """Raises OSError when the data folder cannot be written."""
        await asyncio.to_thread(self.playground.rooms.load)
        self._started = True
        self._open()

    async def stop(self) -> None:
        """Open pages are let go, and come back to whoever listens next."""
        self._started = False
        self._open()
        self.playground.rooms.close()

    async def ready(self) -> str:
        """Empty when everything works, else what is missing in one line."""
        if not self._started:
            return "the playground is not open yet"
        return "" if self._chatbot is not None else "the playground has no bot yet"

    def publish_switches(self) -> None:
        """To be called when the model or the failure changes by itself, e.g. a fault was used."""
        self.playground.publish_switches()

    def _open(self) -> None:
        self.playground.chatbot = self._chatbot if self._started else None
