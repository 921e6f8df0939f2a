"""What the parts of the playground share: rooms, files, the bot, and what can be switched."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from adapters.web.cast import BOT
from adapters.web.rooms import Rooms
from adapters.web.uploads import Uploads

if TYPE_CHECKING:
    from pathlib import Path

    from adapters.web.menus import FaultSwitch, ModelMenu
    from adapters.web.messages import Message
    from core.ports import Chatbot, Clock


class Playground:
    def __init__(
        self, folder: Path, clock: Clock, models: ModelMenu | None, faults: FaultSwitch | None
    ) -> None:
        self.clock = clock
        self.models = models
        self.faults = faults
        self.rooms = Rooms(folder / "rooms.jsonl", clock)
        self.uploads = Uploads(folder / "files")
        self.chatbot: Chatbot | None = None
        """None: nothing can be taken yet."""

    def switches(self) -> dict[str, Any]:
        """The model that answers, and what may go wrong with it."""
        models, faults = self.models, self.faults
        return {
            "model": asdict(models.current()) if models else None,
            "faults": [asdict(fault) for fault in faults.kinds()] if faults else [],
            "fault": faults.current() if faults else "",
        }

    def publish_switches(self) -> None:
        self.rooms.feed.publish({"t": "switches", **self.switches()})

    def show_report(self, message: Message, text: str, html: str, person: str) -> None:
        """In place of the report whose button was pressed, or for the presser below an answer."""
        if message.kind == "report":
            self.rooms.put(replace(message, text=text, html=html))
        else:
            self.rooms.add(
                message.room, message.thread, BOT, kind="report", to=person, text=text, html=html
            )
