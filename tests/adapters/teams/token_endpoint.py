"""The directory's token endpoint on loopback: knows one tenant, one app and one secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

TENANT = "11111111-1111-4111-8111-111111111111"
APP_ID = "22222222-2222-4222-8222-222222222222"
SECRET = "a~secret.that-nobody_uses"


class TokenEndpoint:
    """Answers as Microsoft's does, with the AADSTS codes that people meet."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Mapping[str, object]] = []
        self.instead: web.Response | None = None
        """Answered whatever is asked."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/{tenant}/oauth2/v2.0/token", self._answer)
        app.router.add_post("/elsewhere", self._give)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        form = await request.post()
        self.asked.append({**form, "tenant": request.match_info["tenant"]})
        if self.instead is not None:
            prepared = self.instead  # one object answers one request only
            return web.Response(
                status=prepared.status, body=prepared.body, headers=prepared.headers
            )
        if request.match_info["tenant"] != TENANT:
            return refusal(90002, 400, "invalid_request")
        if form.get("client_id") != APP_ID:
            return refusal(700016, 400, "unauthorized_client")
        if form.get("client_secret") != SECRET:
            return refusal(7000215, 401, "invalid_client")
        return await self._give(request)

    async def _give(self, _: web.Request) -> web.Response:
        return web.json_response(
            {"token_type": "Bearer", "expires_in": 3599, "access_token": "a-token"}
        )


def refusal(code: int, status: int = 401, error: str = "invalid_client") -> web.Response:
    described = f"AADSTS{code}: Something about {APP_ID}. Trace ID: x Correlation ID: y"
    return web.json_response(
        {"error": error, "error_description": described, "error_codes": [code]}, status=status
    )
