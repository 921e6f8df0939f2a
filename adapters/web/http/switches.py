"""The model badge and the switch for failures, over HTTP."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

from aiohttp import web

from adapters.web.http.guard import Refused, choice_of, guarded, read_fields, text_of, to_json
from core.errors import SettingError

if TYPE_CHECKING:
    from adapters.web.menus import FaultSwitch, ModelMenu
    from adapters.web.playground import Playground

OFFERS_MAX_S = 5.0


class Switches:
    def __init__(self, playground: Playground) -> None:
        self._playground = playground

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/playground/models", guarded(self.offers)),
            web.post("/playground/models", guarded(self.choose)),
            web.post("/playground/faults", guarded(self.fail)),
        ]

    async def offers(self, _: web.Request) -> web.Response:
        menu = self._menu()
        try:
            async with asyncio.timeout(OFFERS_MAX_S):
                offers = await menu.offers()
        except TimeoutError:
            offers = [menu.current()]
        return to_json({"offers": [asdict(card) for card in offers]})

    async def choose(self, request: web.Request) -> web.Response:
        menu = self._menu()
        fields = await read_fields(request)
        try:
            if "use" in fields:
                await menu.use(text_of(fields, "use", 200))
            else:
                await menu.use_pasted(
                    text_of(fields, "key", 500).strip(),
                    text_of(fields, "base_url", 500, "").strip(),
                    text_of(fields, "model", 200).strip(),
                )
        except SettingError as error:
            raise Refused(400, str(error)) from error
        self._playground.publish_switches()
        return to_json({"ok": True})

    async def fail(self, request: web.Request) -> web.Response:
        faults: FaultSwitch | None = self._playground.faults
        if faults is None:
            raise Refused(404, "Failures can be chosen with the demo model only.")
        fields = await read_fields(request)
        faults.set(choice_of(fields, "kind", {"", *(fault.id for fault in faults.kinds())}))
        self._playground.publish_switches()
        return to_json({"ok": True})

    def _menu(self) -> ModelMenu:
        if self._playground.models is None:
            raise Refused(404, "The model cannot be changed here.")
        return self._playground.models
