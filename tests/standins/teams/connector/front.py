"""The door of the stand-in: the log of every call, faults, tokens, limits and error shapes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.standins.teams.connector.call import Call, Refusal
from tests.standins.teams.connector.faults import inflict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.standins.teams.connector.call import Context
    from tests.standins.teams.connector.faults import Fault, Faults
    from tests.standins.teams.connector.rates import Rates
    from tests.standins.teams.identity.login import Login

SERVICE_PREFIX = "/emea"
CALL = web.RequestKey("call", Call)


class Front:
    def __init__(self, context: Context, rates: Rates, faults: Faults, login: Login) -> None:
        self._context = context
        self._rates = rates
        self._faults = faults
        self._login = login

    @web.middleware
    async def handle(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        path = request.path.removeprefix(SERVICE_PREFIX)
        call = Call(request.method, path, time.monotonic(), query=dict(request.query))
        self._context.calls.append(call)
        self._context.workspace.touch()
        try:
            response = await self._answer(request, handler, call)
        except web.HTTPException as unknown:
            # Paths, methods and sizes that the server itself refuses.
            reason = (unknown.reason or "Refused").title().replace(" ", "")
            response = refuse(call, Refusal(unknown.status, reason, f"{call.method} {path}"))
        except BaseException:
            call.status = 0
            raise
        finally:
            call.took_s = time.monotonic() - call.at
            self._context.workspace.touch()
        cut = request.transport is None or request.transport.is_closing()
        call.status = 0 if cut else response.status
        return response

    async def _answer(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
        call: Call,
    ) -> web.StreamResponse:
        try:
            call.body = await read_body(request)
        except Refusal as refusal:
            return refuse(call, refusal)
        fault = self._faults.strike(call.method, call.path, call.body)
        if fault and not fault.after and (struck := await self._strike(fault, request, call)):
            return struck
        response = await self._carry_out(request, handler, call)
        if fault and fault.after and (struck := await self._strike(fault, request, call)):
            return struck
        return response

    async def _strike(self, fault: Fault, request: web.Request, call: Call) -> web.Response | None:
        self._context.workspace.touch()
        struck = await inflict(fault, request)
        if struck is not None:
            call.error = fault.name
        return struck

    async def _carry_out(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
        call: Call,
    ) -> web.StreamResponse:
        request[CALL] = call
        try:
            if call.path.startswith("/v3/"):
                self._check_token(request)
                self._check_rate(call)
            response = await handler(request)
        except Refusal as refusal:
            return refuse(call, refusal)
        call.accepted = response.status < 400 and call.error is None
        return response

    def _check_token(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not self._login.accepts(token):
            text = "Authorization has been denied for this request."
            raise Refusal(401, "Unauthorized", text)

    def _check_rate(self, call: Call) -> None:
        base = (call.conversation or "").partition(";")[0]
        retry_after_s = self._rates.admit(base)
        if retry_after_s is not None:
            headers = {"Retry-After": str(retry_after_s)}
            raise Refusal(429, "Throttled", "Too many requests.", headers)


def refuse(call: Call, refusal: Refusal) -> web.Response:
    call.error = refusal.code
    call.answer = refusal.to_api()
    return web.json_response(call.answer, status=refusal.status, headers=refusal.headers)


async def read_body(request: web.Request) -> Any:
    """JSON, strictly: UTF-8, no NaN, no lone surrogates, an object. None where there is none."""
    raw = await request.read()
    if not raw or request.content_type == "application/x-www-form-urlencoded":
        return None
    if request.content_type != "application/json":
        raise Refusal(415, "UnsupportedMediaType", "Content-Type must be application/json.")
    try:
        body = json.loads(raw, parse_constant=_no_constant)
        json.dumps(body, ensure_ascii=False).encode()
    except ValueError as error:
        raise Refusal(400, "BadSyntax", f"Invalid JSON: {type(error).__name__}.") from None
    if not isinstance(body, dict):
        raise Refusal(400, "BadSyntax", "The body must be an object.")
    return body


def _no_constant(name: str) -> None:
    raise ValueError(name)
