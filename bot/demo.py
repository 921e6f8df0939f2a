"""The demo model in this process, and what the playground may switch about it."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from adapters.demo.faults import MEANINGS, read_fault
from adapters.demo.server import DemoServer
from adapters.litellm.discovery import Offer, discover, paste
from adapters.litellm.targets import DEMO_MODEL, Target
from adapters.web.menus import Fault, ModelCard
from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    import aiohttp

    from adapters.demo.faults import Faults
    from adapters.litellm.switch import SwitchableModel

ORIGINS = {
    "configured": "from your settings",
    "environment": "key found in your environment",
    "this_machine": "runs on this machine",
    "pasted": "pasted key, kept in memory",
    "demo": "answers from these docs, needs no key",
}
DEMO_CARD = ModelCard(DEMO_MODEL, "Demo model", ORIGINS["demo"])


@asynccontextmanager
async def demo_server(
    targets: Mapping[str, Target], faults: DemoFaults | None = None
) -> AsyncIterator[dict[str, Target]]:
    """Yields the targets with the address of the demo server in those that are it; without any,
    nothing is started."""
    if not any(target.lane == "demo" for target in targets.values()):
        yield dict(targets)
        return
    server = DemoServer()
    await server.start()
    if faults is not None:
        faults.attach(server.faults)
    try:
        yield {
            name: replace(target, base_url=server.base_url) if target.lane == "demo" else target
            for name, target in targets.items()
        }
    finally:
        await server.close()


class DemoModels:
    """adapters.web.menus.ModelMenu over what is within reach; `attach` follows when it runs."""

    def __init__(self) -> None:
        self._switch: SwitchableModel | None = None
        self._session: aiohttp.ClientSession | None = None
        self._known: dict[str, Offer] = {}

    def attach(self, switch: SwitchableModel, session: aiohttp.ClientSession) -> None:
        self._switch = switch
        self._session = session
        self._remember([switch.current()])

    def current(self) -> ModelCard:
        return _to_card(self._switch.current()) if self._switch else DEMO_CARD

    async def offers(self) -> Sequence[ModelCard]:
        if self._session is not None:
            self._remember(await discover(self._session, os.environ))
        return [_to_card(offer) for offer in self._known.values()]

    async def use(self, model_id: str) -> None:
        offer = self._known.get(model_id)
        if offer is None or self._switch is None:
            raise SettingError("This model is not there any more; open the list again.")
        self._switch.use(offer)

    async def use_pasted(self, key: str, base_url: str, model: str) -> None:
        if self._session is None or self._switch is None:
            raise SettingError("The bot is still starting; try again in a moment.")
        offer = await paste(self._session, key, base_url, model)
        self._remember([offer])
        self._switch.use(offer)

    def _remember(self, offers: Sequence[Offer]) -> None:
        self._known.update({_to_id(offer): offer for offer in offers})


class DemoFaults:
    """adapters.web.menus.FaultSwitch over the demo server's faults."""

    def __init__(self) -> None:
        self._faults: Faults | None = None

    def attach(self, faults: Faults) -> None:
        self._faults = faults

    def kinds(self) -> Sequence[Fault]:
        return [
            Fault(name, name.replace("_", " ").capitalize(), detail)
            for name, detail in MEANINGS.items()
        ]

    def current(self) -> str:
        active = self._faults.active if self._faults else None
        return active.name if active else ""

    def set(self, kind: str) -> None:
        if self._faults is not None:
            self._faults.switch(read_fault(kind) if kind else None)


def demo_offer(target: Target) -> Offer:
    return Offer(target, "demo", DEMO_CARD.name)


def _to_id(offer: Offer) -> str:
    return f"{offer.source}:{offer.target.model}"


def _to_card(offer: Offer) -> ModelCard:
    return ModelCard(_to_id(offer), offer.label, ORIGINS[offer.source])
