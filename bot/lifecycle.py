"""From the start to the end of the process: listen first, load then, drain at the end."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import signal
from typing import TYPE_CHECKING

from bot.clock import SystemClock
from bot.server import Server
from core.lease import BEAT_S, beat_s

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.playground import Playground
    from bot.running import Bot
    from bot.settings import Settings

logger = logging.getLogger(__name__)

WEBHOOKS = ("/slack/events", "/api/messages")
"""Where platforms deliver; known before the channels are, so that early events get a 503."""


async def serve(settings: Settings, *, demo: bool = False) -> None:
    """Run until SIGINT or SIGTERM; raises SettingError when it cannot start.

    The server answers before SQLAlchemy, slack-bolt or LiteLLM are imported: health checks pass and
    the playground's page is there within a second or two, whatever the machine.
    """
    stopping = asyncio.Event()
    _stop_on_signals(stopping)
    server = Server(settings.host, settings.port)
    playground = _build_playground(settings, demo=demo)
    routes = playground.channel.routes() if playground else ()
    await server.start(routes, late_posts=WEBHOOKS)
    try:
        wiring = await asyncio.to_thread(importlib.import_module, "bot.wiring")
        bot = await wiring.build_bot(settings, SystemClock(), playground)
        if playground:
            address = f"http://{settings.host}:{settings.port}/"
            print(f"The playground is on {address} (Ctrl-C ends it)", flush=True)
        try:
            await _run(bot, server, settings, stopping)
        finally:
            await bot.close()
    finally:
        await server.stop()


async def _run(bot: Bot, server: Server, settings: Settings, stopping: asyncio.Event) -> None:
    if settings.metrics_port:
        await server.start_metrics(settings.metrics_host, settings.metrics_port, bot.metrics.render)
    await bot.start(server)
    beating = asyncio.create_task(beat_forever(bot, beat_s(settings.lease_s)))
    server.readiness = bot.readiness
    logger.info("ready")
    waiting = asyncio.create_task(stopping.wait())
    try:
        await asyncio.wait({beating, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if beating.done():
            beating.result()  # it only ends by raising what is no Exception
        logger.info("stopping: running answers get %g s", settings.drain_s)
        server.readiness = _draining
        await bot.drain(settings.drain_s)
    finally:
        for task in (beating, waiting):
            task.cancel()
        await asyncio.wait({beating, waiting})


async def beat_forever(bot: Bot, every_s: float = BEAT_S) -> None:
    """Each second or more often: renew the lease, follow stop marks, adopt what nobody works on."""
    clock = bot.clock
    while True:
        before = clock.monotonic()
        await clock.sleep(every_s)
        bot.metrics.loop_lag(clock.monotonic() - before - every_s)
        try:
            await bot.beat()
        except Exception:
            # Running answers are worth more than whatever failed here; the next beat is near.
            logger.exception("a beat failed")


async def _draining() -> Mapping[str, str]:
    return {"bot": "stopping"}


def _build_playground(settings: Settings, *, demo: bool) -> Playground | None:
    if not settings.playground:
        return None
    from bot.playground import build_playground

    return build_playground(demo=demo)


def _stop_on_signals(stopping: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt
            loop.add_signal_handler(name, stopping.set)
