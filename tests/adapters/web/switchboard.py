"""A model menu and a fault switch that remember what was chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.web.menus import Fault, ModelCard
from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

CARDS = (
    ModelCard("demo", "Demo model", "Built in, answers from the docs"),
    ModelCard("gemini", "gemini/gemini-2.5-flash", "GEMINI_API_KEY is set"),
    ModelCard("ollama", "ollama/llama3.2", "Ollama on this machine"),
)
FAULTS = (
    Fault("slow", "Slow start", "Eight seconds until the first word"),
    Fault("rate_limit", "Rate limit", "429, then it works again"),
    Fault("outage", "Outage", "503 for everything"),
    Fault("cut", "Cut line", "The connection breaks mid-answer"),
    Fault("empty", "Empty answer", "The model says nothing"),
)


class FakeMenu:
    def __init__(self) -> None:
        self.card = CARDS[0]
        self.pasted: tuple[str, str, str] | None = None

    def current(self) -> ModelCard:
        return self.card

    async def offers(self) -> Sequence[ModelCard]:
        return CARDS

    async def use(self, model_id: str) -> None:
        for card in CARDS:
            if card.id == model_id:
                self.card = card
                return
        raise SettingError("This model is not here any more.")

    async def use_pasted(self, key: str, base_url: str, model: str) -> None:
        if not model:
            raise SettingError("Name the model too.")
        self.pasted = (key, base_url, model)
        self.card = ModelCard("pasted", model, "Your key, until the bot stops")


class FakeFaults:
    def __init__(self) -> None:
        self.kind = ""

    def kinds(self) -> Sequence[Fault]:
        return FAULTS

    def current(self) -> str:
        return self.kind

    def set(self, kind: str) -> None:
        self.kind = kind
