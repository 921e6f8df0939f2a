"""The stand-in: one server on loopback, with a version, keys, and faults on request."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from aiohttp import web
from langfuse.api import HealthResponse, Projects
from langfuse.api.core.pydantic_utilities import parse_obj_as

from tests.standins.langfuse import traces
from tests.standins.langfuse.reading import PROJECT, read_metrics, read_observations, read_scores
from tests.standins.langfuse.scores import MAX_BODY_BYTES as MAX_SCORES_BYTES
from tests.standins.langfuse.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

FIRST_WITH_LISTS = (4, 59)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to every request, or to those whose path ends in `path`."""

    kind: Literal["hang", "drip", "slow", "status"]
    status: int = 500
    after_s: float = 0.0
    """For `slow`: the answer comes this late."""
    path: str = ""


class LangfuseStandIn:
    """Langfuse on 127.0.0.1: `async with LangfuseStandIn() as langfuse:`."""

    def __init__(
        self,
        *,
        public_key: str = "pk-lf-stand-in",
        secret_key: str = "sk-lf-stand-in",
        version: str = "4.60.1",
        port: int = 0,
    ) -> None:
        self.public_key, self.secret_key = public_key, secret_key
        self.version = version
        self.fault: Fault | None = None
        self.chokes_on = ""
        """The id of a trace that it refuses, and whatever is sent with it."""
        self.scores = Scores()
        self.observations: dict[tuple[str, str], traces.Observation] = {}
        self.bodies: list[bytes] = []
        """Of traces and scores, unpacked, as they came and whether they were taken or not."""
        self.refused: list[str] = []
        """Why a request got a 400."""
        self.requests: list[str] = []
        self._port = port
        self._changed = asyncio.Event()
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def environment(self) -> dict[str, str]:
        """Settings of a bot that traces here."""
        return {
            "LANGFUSE_PUBLIC_KEY": self.public_key,
            "LANGFUSE_SECRET_KEY": self.secret_key,
            "LANGFUSE_BASE_URL": self.base_url,
        }

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=0)
        public = "/api/public"
        app.router.add_get(f"{public}/health", self._guarded(self._health, keys=False))
        app.router.add_get(f"{public}/projects", self._guarded(self._projects))
        app.router.add_post(f"{public}/otel/v1/traces", self._guarded(self._take_traces))
        app.router.add_post(f"{public}/scores", self._guarded(self._take_scores))
        app.router.add_get(f"{public}/v2/observations", self._guarded(self._read_observations))
        app.router.add_get(f"{public}/v2/metrics", self._guarded(self._read_metrics))
        app.router.add_get(f"{public}/v3/scores", self._guarded(self._read_scores))
        app.router.add_delete(f"{public}/traces", self._guarded(self._delete_traces))
        app.router.add_delete(f"{public}/scores/{{id}}", self._guarded(self._delete_score))
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def until(
        self, condition: Callable[[LangfuseStandIn], object], within_s: float = 20.0
    ) -> None:
        """Wait until what has come here makes the condition true."""
        async with asyncio.timeout(within_s):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()

    def trace(self, trace_id: str) -> list[traces.Observation]:
        """Its observations, the root first."""
        found = [one for one in self.observations.values() if one.trace_id == trace_id]
        return sorted(found, key=lambda one: (bool(one.parent_id), one.began_at))

    def text(self) -> str:
        """All that has ever come here."""
        return "\n".join(
            traces.strings_in(body) if body[:1] != b"[" else body.decode() for body in self.bodies
        )

    def _guarded(
        self,
        handle: Callable[[web.Request], Awaitable[web.StreamResponse]],
        *,
        keys: bool = True,
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            self.requests.append(f"{request.method} {request.path}")
            self._changed.set()
            fault = self.fault
            try:
                if fault is not None and request.path.endswith(fault.path):
                    await request.read()
                    if struck := await self._strike(fault, request):
                        return struck
                if keys and request.headers.get("Authorization") != self._wanted_header():
                    return web.json_response({"message": "Invalid credentials"}, status=401)
                return await handle(request)
            except traces.NotTakenError as error:
                self.refused.append(str(error))
                return web.json_response({"message": str(error)}, status=400)
            finally:
                self._changed.set()

        return guarded

    async def _strike(self, fault: Fault, request: web.Request) -> web.StreamResponse | None:
        match fault.kind:
            case "hang":
                await asyncio.Event().wait()
            case "drip":
                response = web.StreamResponse()
                await response.prepare(request)
                while True:
                    await response.write(b" ")
                    await asyncio.sleep(0.1)
            case "slow":
                await asyncio.sleep(fault.after_s)
            case "status":
                return web.json_response({"message": "as asked for"}, status=fault.status)
        return None

    def _wanted_header(self) -> str:
        return "Basic " + b64encode(f"{self.public_key}:{self.secret_key}".encode()).decode()

    async def _health(self, request: web.Request) -> web.Response:
        answer = {"status": "OK", "version": self.version}
        parse_obj_as(type_=HealthResponse, object_=answer)
        return web.json_response(answer)

    async def _projects(self, request: web.Request) -> web.Response:
        project: dict[str, Any] = {
            "id": PROJECT,
            "name": "chat bot",
            "organization": {"id": "organization-1", "name": "Acme"},
            "metadata": {},
        }
        parse_obj_as(type_=Projects, object_={"data": [project]})
        return web.json_response({"data": [project]})

    async def _take_traces(self, request: web.Request) -> web.Response:
        if request.content_type != "application/x-protobuf":
            raise traces.NotTakenError(f"content type {request.content_type}")
        if request.headers.get("x-langfuse-public-key") != self.public_key:
            raise traces.NotTakenError("x-langfuse-public-key")
        if "x-langfuse-sdk-version" not in request.headers:
            raise traces.NotTakenError("without a version, metadata would be read by old rules")
        if int(request.headers.get("Content-Length", 0)) > traces.MAX_BODY_BYTES:
            return web.Response(status=413)
        if request.headers.get("Content-Encoding") not in ("gzip", None):
            raise traces.NotTakenError("only gzip is unpacked")
        body = await request.read()  # unpacked by aiohttp
        self.bodies.append(body)
        observations = traces.read_spans(body, self.public_key)
        if any(one.trace_id == self.chokes_on for one in observations):
            raise traces.NotTakenError("choked")
        for observation in observations:
            self.observations[observation.trace_id, observation.id] = observation
        return web.Response(content_type="application/x-protobuf")

    async def _take_scores(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.bodies.append(raw)
        if len(raw) > MAX_SCORES_BYTES:
            return web.Response(status=413)
        numbers = tuple(int(one) for one in self.version.split(".")[:2])
        status, body = self.scores.take(await request.json(), lists=numbers >= FIRST_WITH_LISTS)
        self.refused += [error["message"] for error in body.get("errors", ())]
        return web.json_response(body, status=status)

    async def _read_observations(self, request: web.Request) -> web.Response:
        return web.json_response(read_observations(request.query, self.observations.values()))

    async def _read_scores(self, request: web.Request) -> web.Response:
        return web.json_response(read_scores(request.query, self.scores.newest()))

    async def _delete_traces(self, request: web.Request) -> web.Response:
        ids = (await request.json())["traceIds"]
        if not isinstance(ids, list) or not ids:
            raise traces.NotTakenError("traceIds")
        for key in [key for key in self.observations if key[0] in ids]:
            del self.observations[key]
        self.scores.forget(lambda score: score.trace_id in ids)
        return web.json_response({"message": "Traces deleted successfully"})

    async def _delete_score(self, request: web.Request) -> web.Response:
        self.scores.forget(lambda score: score.id == request.match_info["id"])
        return web.Response(status=202)

    async def _read_metrics(self, request: web.Request) -> web.Response:
        observations, scores = self.observations.values(), self.scores.newest()
        return web.json_response(read_metrics(request.query, observations, scores))
