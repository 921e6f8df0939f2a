"""The HTTP front: one port for channels and health, one for metrics; up before anything slow."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from aiohttp import web

from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from aiohttp.typedefs import Handler

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 1024 * 1024


class Server:
    """Listens at once; answers 503 on a channel's route until the channel has been connected.

    `readiness` returns what is not ready, by name; empty: everything is.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._late: dict[str, Handler] = {}
        self._runners: list[web.AppRunner] = []
        self.readiness: Callable[[], Awaitable[Mapping[str, str]]] = _starting

    async def start(self, routes: Iterable[web.RouteDef], late_posts: Iterable[str] = ()) -> None:
        """`late_posts` are paths whose handlers follow by `connect`."""
        app = web.Application(client_max_size=MAX_BODY_BYTES + 1)
        app.add_routes(
            [
                web.get("/healthz", _healthz),
                web.get("/readyz", self._readyz),
                *(web.post(path, self._late_handler) for path in late_posts),
                *routes,
            ]
        )
        await self._listen(app, self._host, self._port, "PORT")

    def connect(self, path: str, handler: Handler) -> None:
        self._late[path] = handler

    async def start_metrics(self, host: str, port: int, render: Callable[[], bytes]) -> None:
        """`render` returns the exposition text in Prometheus' format."""

        async def metrics(_: web.Request) -> web.Response:
            return web.Response(
                body=render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
            )

        app = web.Application()
        app.add_routes([web.get("/metrics", metrics)])
        await self._listen(app, host, port, "METRICS_PORT")

    async def stop(self) -> None:
        for runner in self._runners:
            await runner.cleanup()

    async def _listen(self, app: web.Application, host: str, port: int, setting: str) -> None:
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=2.0)
        await runner.setup()
        self._runners.append(runner)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SettingError(
                f"{setting}: cannot listen there ({error.strerror}); choose another one, "
                f"or another {setting.replace('PORT', 'HOST')}"
            ) from error

    async def _late_handler(self, request: web.Request) -> web.StreamResponse:
        handler = self._late.get(request.path)
        if handler is None:
            return web.Response(status=503, headers={"Retry-After": "1"}, text="starting")
        return await handler(request)

    async def _readyz(self, _: web.Request) -> web.Response:
        missing = await self.readiness()
        body = {"ready": not missing, "waiting_for": dict(missing)}
        return web.json_response(body, status=503 if missing else 200)


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _starting() -> Mapping[str, str]:
    return {"bot": "starting"}
