"""The playground put together: what the wiring gets, and what its parts share."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from adapters.web.cast import BOT, PLATFORM
from adapters.web.http.api import Api
from adapters.web.http.documents import document_routes
from adapters.web.http.page import page_routes
from adapters.web.http.switches import Switches
from adapters.web.reading import WebTranscript
from adapters.web.replies import WebReplies
from adapters.web.rooms import Rooms
from adapters.web.uploads import Uploads
from core.ports import Platform

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from adapters.web.menus import FaultSwitch, ModelMenu
    from adapters.web.messages import Message
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
        folder = data_dir / "playground"
        self.clock = clock
        self.models = models
        self.faults = faults
        self.rooms = Rooms(folder / "rooms.jsonl", clock)
        self.uploads = Uploads(folder / "files")
        self._started = False
        self._chatbot: Chatbot | None = None
        self.platform = Platform(
            PLATFORM, WebReplies(self.rooms, clock), WebTranscript(self.rooms), self.uploads
        )

    @property
    def chatbot(self) -> Chatbot | None:
        """None: not ready to take anything yet."""
        return self._chatbot if self._started else None

    def connect(self, chatbot: Chatbot) -> None:
        self._chatbot = chatbot

    def routes(self) -> list[web.RouteDef]:
        return [*page_routes(), *document_routes(), *Api(self).routes(), *Switches(self).routes()]

    async def start(self) -> None:
        """Raises OSError when the data folder cannot be written."""
        await asyncio.to_thread(self.rooms.load)
        self._started = True

    async def stop(self) -> None:
        """Open pages are let go, and come back to whoever listens next."""
        self._started = False
        self.rooms.close()

    async def ready(self) -> str:
        """Empty when everything works, else what is missing in one line."""
        if not self._started:
            return "the playground is not open yet"
        return "" if self._chatbot is not None else "the playground has no bot yet"

    def switches(self) -> dict[str, Any]:
        """The model that answers, and what may go wrong with it."""
        models, faults = self.models, self.faults
        return {
            "model": asdict(models.current()) if models else None,
            "faults": [asdict(fault) for fault in faults.kinds()] if faults else [],
            "fault": faults.current() if faults else "",
        }

    def publish_switches(self) -> None:
        """To be called when the model or the failure changes by itself, e.g. a fault was used."""
        self.rooms.feed.publish({"t": "switches", **self.switches()})

    def show_report(self, message: Message, drawn: dict[str, str], person: str) -> None:
        """In place of the report whose button was pressed, or for the presser below an answer."""
        if message.kind == "report":
            self.rooms.put(replace(message, **drawn))  # type: ignore[arg-type]  # two texts
        else:
            self.rooms.add(message.room, message.thread, BOT, kind="report", to=person, **drawn)
