"""The door of the Web API: bodies, tokens, scopes, limits, faults, and the log of every call."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.standins.slack.api.call import Call, Refusal
from tests.standins.slack.api.faults import Fault, inflict
from tests.standins.slack.api.methods import METHODS, Method

if TYPE_CHECKING:
    from tests.standins.slack.api.call import Context
    from tests.standins.slack.api.faults import Faults
    from tests.standins.slack.api.rates import Rates

Json = dict[str, Any]
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class Front:
    def __init__(
        self, context: Context, rates: Rates, faults: Faults, *, bot_token: str, app_token: str
    ) -> None:
        self.calls: list[Call] = []
        self.revoked: dict[str, str] = {}
        """Tokens that are no longer good, with the error they get (token_revoked, ...)."""
        self.bot_token = bot_token
        self.app_token = app_token
        self._context = context
        self._rates = rates
        self._faults = faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        call = Call(request.match_info["method"], {}, time.monotonic())
        self.calls.append(call)
        self._context.workspace.touch()
        try:
            response = await self._answer(request, call)
        finally:
            call.took_s = time.monotonic() - call.at
            self._context.workspace.touch()
        call.status = response.status if request.transport is not None else 0
        return response

    async def _answer(self, request: web.Request, call: Call) -> web.Response:
        try:
            await read_arguments(request, call)
        except Refusal as refusal:
            return self._refuse(call, refusal)
        fault = self._faults.strike(call.method, call.args)
        if fault and not fault.after and (struck := await self._strike(fault, request, call)):
            return struck
        response = self._carry_out(call)
        if fault and fault.after and (struck := await self._strike(fault, request, call)):
            return struck
        return response

    async def _strike(self, fault: Fault, request: web.Request, call: Call) -> web.Response | None:
        struck = await inflict(fault, request)
        if struck is not None:
            call.error = fault.name
        return struck

    def _carry_out(self, call: Call) -> web.Response:
        try:
            method = METHODS.get(call.method)
            if method is None:
                raise Refusal("unknown_method", req_method=call.method)
            self._check_token(call, method)
            if method.scopes:
                self._context.need_scope(*method.scopes)
            retry_after_s = self._rates.admit(call.method, _channel_of(call))
            if retry_after_s is not None:
                return self._limit(call, retry_after_s)
            call.answer = {"ok": True, **method.run(call, self._context)}
        except Refusal as refusal:
            return self._refuse(call, refusal)
        call.accepted = True
        return web.json_response(call.answer)

    def _check_token(self, call: Call, method: Method) -> None:
        if call.token is None:
            raise Refusal("not_authed")
        if call.token in self.revoked:
            raise Refusal(self.revoked[call.token])
        if call.token not in (self.bot_token, self.app_token):
            raise Refusal("invalid_auth")
        if (call.token == self.app_token) is not method.app_level and not method.any_token:
            raise Refusal("not_allowed_token_type")

    def _limit(self, call: Call, retry_after_s: int) -> web.Response:
        call.error = "ratelimited"
        return web.json_response(
            {"ok": False, "error": "ratelimited"},
            status=429,
            headers={"Retry-After": str(retry_after_s)},
        )

    def _refuse(self, call: Call, refusal: Refusal) -> web.Response:
        call.error = refusal.code
        call.answer = refusal.to_api()
        return web.json_response(call.answer)


def _channel_of(call: Call) -> str:
    return str(call.args.get("channel") or call.args.get("channel_id") or "")


async def read_arguments(request: web.Request, call: Call) -> None:
    """Query, form and JSON, as Slack merges them. A token counts in the header or in a form,
    never in a JSON body."""
    args: Json = dict(request.query)
    if request.method == "POST":
        args |= await _read_body(request, call.method)
    header = request.headers.get("Authorization", "")
    if header.startswith("Bearer "):
        call.token = header.removeprefix("Bearer ").strip() or None
    elif "token" in args and request.content_type != "application/json":
        call.token = str(args["token"])
    args.pop("token", None)
    call.args = args


async def _read_body(request: web.Request, method: str) -> Json:
    raw = await request.read()
    if not raw:
        return {}
    if "Content-Type" not in request.headers:
        raise Refusal("missing_post_type")
    if request.content_type == "application/json":
        return _read_json(raw, method)
    if request.content_type in FORM_TYPES:
        return dict((await request.post()).items())
    raise Refusal("invalid_post_type")


def _read_json(raw: bytes, method: str) -> Json:
    try:
        body = json.loads(raw)
    except ValueError:
        raise Refusal("invalid_json") from None
    if not isinstance(body, dict):
        raise Refusal("json_not_object")
    known = METHODS.get(method)
    # Methods that only read take their arguments from query and form; JSON they overlook.
    return {} if known is not None and known.form_only else body
