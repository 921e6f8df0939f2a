"""The bot as it runs: what lifecycle starts, asks once a second, drains and closes."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from bot.interpreter import settle
from bot.logs import quieten_libraries
from core.errors import NotStored

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from contextlib import AsyncExitStack

    from aiohttp import web

    from adapters.prometheus.metrics import Metrics
    from adapters.sql.store import SqlStore
    from bot.modelling import ModelStack
    from bot.schedule import Schedule
    from bot.server import Server
    from core.chatbot import Desk
    from core.ports import Chatbot, Clock, Platform
    from core.turns.pausing import PauseTeller
    from core.turns.workers import Workers

logger = logging.getLogger(__name__)

INBOX_STUCK_S = 10.0
"""Messages without an owner are looked for every second; this long without a look is trouble."""


class ChannelAdapter(Protocol):
    """Built with its settings, then `connect`, then `start`; `stop` at the end."""

    @property
    def platform(self) -> Platform:
        """How core answers on it; its name stands in `/readyz`."""
        ...

    def connect(self, chatbot: Chatbot) -> None: ...

    async def start(self) -> None:
        """From here on messages are taken; does not wait for a connection."""
        ...

    async def ready(self) -> str:
        """Empty when everything works, else what is missing in one line; never raises."""
        ...

    async def stop(self) -> None: ...


def no_routes() -> Iterable[web.RouteDef]:
    return ()


async def nothing_to_pause() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel adapter, and what only some of them have."""

    adapter: ChannelAdapter
    webhooks: Callable[[], Iterable[web.RouteDef]] = no_routes
    """Asked once it is connected; their paths are in `lifecycle.WEBHOOKS`."""
    pause: Callable[[], Awaitable[None]] = nothing_to_pause
    """Ends what it listens to by itself, e.g. a socket, before the running answers end."""

    @property
    def name(self) -> str:
        return self.adapter.platform.name


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
    channels: Sequence[Channel]
    pause_teller: PauseTeller
    resources: AsyncExitStack
    """Closed in the end, last opened first."""
    _swept_at: float = field(default=0.0, init=False)
    _loading: asyncio.Task[None] | None = field(default=None, init=False)
    _looking: asyncio.Task[None] | None = field(default=None, init=False)
    _telling: asyncio.Task[None] | None = field(default=None, init=False)

    async def start(self, server: Server) -> None:
        """Connect the channels; from here on messages are taken."""
        self._loading = asyncio.create_task(self._load_model())
        await self.workers.beat()  # others may be at work: their part of a budget is theirs
        self._share()
        for channel in self.channels:
            channel.adapter.connect(self.desk)
            for route in channel.webhooks():
                server.connect(route.path, route.handler)
            await channel.adapter.start()
        self.schedule.start()  # late, as digests go through the channels
        await self._sweep()  # last, as what is adopted answers through them too

    async def readiness(self) -> Mapping[str, str]:
        """What is not ready, by name."""
        parts = {"database": await self.store.ready()}
        if not parts["database"]:
            parts["inbox"] = self._inbox_trouble()
        for channel in self.channels:
            parts[channel.name] = await channel.adapter.ready()
        return {name: trouble for name, trouble in parts.items() if trouble}

    async def beat(self) -> None:
        """Once a second: the lease, stop marks, shares, adoption, gauges, and word of a pause."""
        await self.workers.beat()
        self._share()
        self.schedule.keep_up()
        self.metrics.breakers(self.model.breaking.states())
        if self._looking is None or self._looking.done():
            # Behind it: the next beat must not wait for a slow look.
            self._looking = asyncio.create_task(self._look())
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self.pause_teller.tell())

    async def drain(self, timeout_s: float) -> None:
        """Nothing new by a socket, running answers end, the rest is handed over."""
        for channel in self.channels:
            await channel.pause()
        await self.workers.drain(timeout_s)

    async def close(self) -> None:
        self.schedule.stop()
        for task in (self._loading, self._looking, self._telling):
            if task is not None:
                task.cancel()
        await self.resources.aclose()

    def _share(self) -> None:
        for channel in self.channels:
            budget = channel.adapter.platform.budget
            if budget is not None:
                budget.share(self.workers.replicas)

    async def _load_model(self) -> None:
        """In the background: what arrives meanwhile waits for it by itself."""
        self.model.lanes.start()
        try:
            await self.model.lanes.ready()
        except Exception:
            logger.exception("LiteLLM could not be loaded")
        quieten_libraries()  # again, as some of them set their own loggers up when imported
        settle()

    async def _look(self) -> None:
        try:
            await self._sweep()
            self.metrics.inbox(*await self.store.depth())
        except NotStored as error:
            logger.warning("the inbox could not be looked at: %s", error)
        except Exception:
            logger.exception("the inbox could not be looked at")

    async def _sweep(self) -> None:
        await self.workers.sweep()
        self._swept_at = self.clock.monotonic()

    def _inbox_trouble(self) -> str:
        idle_s = self.clock.monotonic() - self._swept_at
        return f"not looked at for {idle_s:.0f} s" if idle_s > INBOX_STUCK_S else ""
