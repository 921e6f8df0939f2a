"""The bot as it runs: what lifecycle starts, asks once a second, drains and closes."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.logs import quieten_libraries
from core.errors import NotStored

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AsyncExitStack

    from adapters.prometheus.metrics import Metrics
    from adapters.slack.channel import SlackChannel
    from adapters.sql.store import SqlStore
    from adapters.web.channel import WebChannel
    from bot.modelling import ModelStack
    from bot.schedule import Schedule
    from bot.server import Server
    from core.chatbot import Desk
    from core.conversation import MessageRef
    from core.ports import Clock
    from core.turns.workers import Workers

logger = logging.getLogger(__name__)

INBOX_STUCK_S = 10.0
"""Messages without an owner are looked for every second; this long without a look is trouble."""


@dataclass
class Bot:
    """Everything that has to be started and stopped, by name."""

    clock: Clock
    store: SqlStore
    workers: Workers
    desk: Desk
    metrics: Metrics
    model: ModelStack
    schedule: Schedule
    slack: SlackChannel | None
    web: WebChannel | None
    resources: AsyncExitStack
    """Closed in the end, last opened first."""
    _swept_at: float = field(default=0.0, init=False)
    _loading: asyncio.Task[None] | None = field(default=None, init=False)

    async def start(self, server: Server) -> None:
        """Connect the channels; from here on messages are taken."""
        self._loading = asyncio.create_task(self._load_model())
        self.schedule.start()
        if self.web is not None:
            self.web.connect(self.desk)
            await self.web.start()
        if self.slack is not None:
            self.slack.connect(self.desk, self._is_answer)
            for route in self.slack.routes():
                server.connect(route.path, route.handler)
            await self.slack.start()
        await self._sweep()  # last, as what is adopted answers through the channels

    async def readiness(self) -> Mapping[str, str]:
        """What is not ready, by name."""
        parts = {"database": await self.store.ready()}
        if not parts["database"]:
            parts["inbox"] = self._inbox_trouble()
        if self.slack is not None:
            parts["slack"] = self.slack.ready()
        if self.web is not None:
            parts["playground"] = await self.web.ready()
        return {name: trouble for name, trouble in parts.items() if trouble}

    async def beat(self) -> None:
        """Once a second: the lease, stop marks, adoption and gauges."""
        await self.workers.beat()
        try:
            await self._sweep()
            self.metrics.inbox(*await self.store.depth())
        except NotStored as error:
            logger.warning("the inbox could not be looked at: %s", error)
        self.metrics.breakers(self.model.breaking.states())

    async def drain(self, timeout_s: float) -> None:
        """Nothing new by the socket, running answers end, the rest is handed over."""
        if self.slack is not None:
            await self.slack.close_socket()
        await self.workers.drain(timeout_s)

    async def close(self) -> None:
        self.schedule.stop()
        if self._loading is not None:
            self._loading.cancel()
        if self.slack is not None:
            await self.slack.stop()
        if self.web is not None:
            await self.web.stop()
        await self.resources.aclose()

    async def _load_model(self) -> None:
        """In the background: what arrives meanwhile waits for it by itself."""
        self.model.lanes.start()
        try:
            await self.model.lanes.ready()
        except Exception:
            logger.exception("LiteLLM could not be loaded")
        quieten_libraries()  # again, as some of them set their own loggers up when imported

    async def _sweep(self) -> None:
        await self.workers.sweep()
        self._swept_at = self.clock.monotonic()

    def _inbox_trouble(self) -> str:
        idle_s = self.clock.monotonic() - self._swept_at
        return f"not looked at for {idle_s:.0f} s" if idle_s > INBOX_STUCK_S else ""

    async def _is_answer(self, ref: MessageRef) -> bool:
        return await self.store.conversation_of(ref) is not None
