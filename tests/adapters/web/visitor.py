"""Somebody with a browser, as far as the server can tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import ClientResponse
    from aiohttp.test_utils import TestClient

    from adapters.web.feed import Feed

OWN = {"X-Playground": "1", "Content-Type": "application/json"}


class Visitor:
    def __init__(self, client: TestClient[Any, Any], feed: Feed) -> None:
        self.client = client
        self._feed = feed
        self._nonces = 0

    async def get(self, path: str, **more: Any) -> tuple[int, Any]:
        response = await self.client.get(f"/playground/{path}", **more)
        return response.status, await _content(response)

    async def post(self, path: str, fields: Any, headers: Any = None) -> tuple[int, Any]:
        data = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        response = await self.client.post(
            f"/playground/{path}", data=data, headers=OWN if headers is None else headers
        )
        return response.status, await _content(response)

    async def say(self, text: str, room: str = "general", **more: Any) -> str:
        """Returns the id of the message."""
        self._nonces += 1
        fields = {"as": "mira", "room": room, "text": text, "nonce": f"n{self._nonces}", **more}
        status, answer = await self.post("messages", fields)
        assert status == 200, answer
        return str(answer["id"])

    async def messages(self) -> list[dict[str, Any]]:
        _, state = await self.get("state")
        return list(state["messages"])

    async def until(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message for which it is true, as soon as there is one."""
        reader = self._feed.open(self._feed.cursor)
        assert reader is not None
        try:
            while True:
                message = next(filter(found, await self.messages()), None)
                if message is not None:
                    return message
                await reader.take()
        finally:
            self._feed.close(reader)


async def _content(response: ClientResponse) -> Any:
    text = await response.text()
    return json.loads(text) if response.content_type == "application/json" else text
