"""The token endpoint of Entra ID: client credentials for the connector, strictly."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from tests.standins.slack.clock import StandInClock

Json = dict[str, Any]
SCOPE = "https://api.botframework.com/.default"
FIELDS = {"grant_type", "client_id", "client_secret", "scope"}


class Trouble(Exception):
    """A refusal as Entra ID writes it: `number` is the one after AADSTS."""

    def __init__(self, status: int, error: str, number: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error
        self.number = number
        self.text = text


class Login:
    def __init__(self, app_id: str, secret: str, tenant: str, clock: StandInClock) -> None:
        self.app_id = app_id
        self.secret = secret
        self.tenant = tenant
        self.expires_in_s = 3599
        self.calls = 0
        self._clock = clock
        self._issued: dict[str, float] = {}

    def accepts(self, token: str) -> bool:
        """Whether the connector takes this token now."""
        return self._issued.get(token, -1.0) > self._clock.monotonic()

    def issue(self) -> str:
        """A token that counts, for tests that need no login."""
        token = "eyJ." + secrets.token_urlsafe(24) + ".standin"
        self._issued[token] = self._clock.monotonic() + self.expires_in_s
        return token

    def revoke_all(self) -> None:
        """Every token given out so far is refused from now on."""
        self._issued.clear()

    async def handle(self, request: web.Request) -> web.Response:
        self.calls += 1
        try:
            self._check(request.match_info["tenant"], await self._form(request))
        except Trouble as trouble:
            return self._refuse(trouble)
        return web.json_response(
            {
                "token_type": "Bearer",
                "expires_in": self.expires_in_s,
                "ext_expires_in": self.expires_in_s,
                "access_token": self.issue(),
            }
        )

    async def _form(self, request: web.Request) -> dict[str, str]:
        if request.content_type != "application/x-www-form-urlencoded":
            raise Trouble(
                400,
                "invalid_request",
                900144,
                "The request body must contain the following parameter: 'grant_type'.",
            )
        form = {name: str(value) for name, value in (await request.post()).items()}
        for name in sorted(FIELDS - form.keys()):
            text = f"The request body must contain the following parameter: '{name}'."
            raise Trouble(400, "invalid_request", 900144, text)
        if unknown := form.keys() - FIELDS:
            # Entra ID overlooks them; nobody sends them on purpose.
            raise Trouble(400, "invalid_request", 9002014, f"Unknown parameter: {min(unknown)}.")
        return form

    def _check(self, tenant: str, form: dict[str, str]) -> None:
        if tenant != self.tenant:
            text = (
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            )
            raise Trouble(400, "invalid_request", 90002, text)
        if form["grant_type"] != "client_credentials":
            text = f"The app requested an unsupported grant type '{form['grant_type']}'."
            raise Trouble(400, "unsupported_grant_type", 70003, text)
        if form["client_id"] != self.app_id:
            text = (
                f"Application with identifier '{form['client_id']}' was not found in the directory."
            )
            raise Trouble(400, "unauthorized_client", 700016, text)
        if form["client_secret"] != self.secret:
            raise Trouble(401, "invalid_client", 7000215, "Invalid client secret provided.")
        if form["scope"] != SCOPE:
            text = f"The provided value for scope {form['scope']} is not valid."
            raise Trouble(400, "invalid_scope", 1002012, text)

    def _refuse(self, trouble: Trouble) -> web.Response:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        text = f"AADSTS{trouble.number}: {trouble.text} Trace ID: {trace} Timestamp: {now}"
        body: Json = {
            "error": trouble.error,
            "error_description": text,
            "error_codes": [trouble.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": correlation,
        }
        return web.json_response(body, status=trouble.status)
