"""Calls of the Bot Connector: one session, one token, repeated only where that is safe.

https://learn.microsoft.com/en-us/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import aiohttp
from yarl import URL

from adapters.teams.fields import dict_field, text_field
from adapters.teams.login import LoginRefused, LoginUnreachable
from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable
from adapters.wire.bodies import TooLarge, read_answer
from adapters.wire.retry_after import read_retry_after
from adapters.wire.sessions import proxy_for
from core.lease import require_lease

if TYPE_CHECKING:
    from adapters.teams.hosts import ServiceHosts
    from adapters.teams.outbound.pace import Pace
    from adapters.teams.outbound.token import BotToken
    from adapters.teams.place import Place
    from core.ports import Clock

Json = dict[str, Any]

TIMEOUT_S: Final = 15.0
ANSWER_MAX_BYTES: Final = 256 * 1024
REPEATABLE: Final = frozenset({"GET", "PUT", "DELETE"})
"""Doing it twice is doing it once; a POST makes another message."""
RETRY_WAITS_S: Final = (0.5, 1.0, 2.0)
RATE_LIMIT_TRIES: Final = 6
FEWEST_MEMBERS: Final = 50
"""The least that Teams lets a page of members be."""
UNASKED: Final = "no token"
"""In place of Teams' own code: it was not even asked."""

log = logging.getLogger(__name__)


class Connector:
    """Every call of every chat. Raises TeamsRefused, TeamsUnreachable."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        token: BotToken,
        hosts: ServiceHosts,
        pace: Pace,
        clock: Clock,
    ) -> None:
        self._session = session
        self._token = token
        self._hosts = hosts
        self._clock = clock
        self.pace = pace

    async def create(self, place: Place, activity: Json) -> str:
        """A new message; returns its id."""
        made = text_field(await self.post(place, activity), "id")
        if not made:
            raise TeamsUnreachable("an answer without an id")
        return made

    async def post(self, place: Place, activity: Json) -> Json:
        """What makes no message, or one that nobody has to find again."""
        return await self.call("POST", place, _path(place), activity)

    async def update(self, place: Place, message_id: str, activity: Json) -> None:
        await self.call("PUT", place, _path(place, message_id), _again(activity, message_id))

    async def update_now(self, place: Place, message_id: str, activity: Json) -> None:
        """Once, for a place in the budget that the caller has taken."""
        path = _path(place, message_id)
        await self.call_once("PUT", place, path, _again(activity, message_id))

    async def delete(self, place: Place, message_id: str) -> None:
        await self.call("DELETE", place, _path(place, message_id))

    async def look(self, place: Place) -> None:
        """Whether the bot may speak in a chat; refused where it may not."""
        path = f"v3/conversations/{quote(place.channel, safe='')}/pagedmembers"
        await self.call("GET", place, f"{path}?pageSize={FEWEST_MEMBERS}")

    async def open_chat(self, place: Place, user: str) -> str:
        """A personal chat with somebody, by Teams' or the directory's id; returns its id. One that
        is there already is found again."""
        tenant = {"id": place.tenant}
        body: Json = {
            "bot": {"id": place.bot, "name": place.bot_name},
            "members": [{"id": user}],
            "isGroup": False,
            "tenantId": place.tenant,
            "channelData": {"tenant": tenant},
        }
        made = text_field(await self.call("POST", place, "v3/conversations", body), "id")
        if not made:
            raise TeamsUnreachable("an answer without an id")
        return made

    async def say(self, place: Place, activity: Json) -> Json:
        """Once, for a place in the budget that the caller has taken: what is of no use later."""
        return await self.call_once("POST", place, _path(place), activity)

    async def call(self, method: str, place: Place, path: str, body: Json | None = None) -> Json:
        """Waits for a place in the budget, and for the end of a rate limit."""
        limited = failed = 0
        while True:
            await self.pace.take(place.conversation)
            try:
                return await self.call_once(method, place, path, body)
            except TeamsRefused as refusal:
                if refusal.retry_after_s is None or limited >= RATE_LIMIT_TRIES:
                    raise
                limited += 1
            except TeamsUnreachable as failure:
                may_repeat = method in REPEATABLE or not failure.sent
                if not may_repeat or failed >= len(RETRY_WAITS_S):
                    raise
                await self._clock.sleep(RETRY_WAITS_S[failed])
                failed += 1

    async def call_once(
        self, method: str, place: Place, path: str, body: Json | None = None
    ) -> Json:
        """For a place in the budget that the caller has taken."""
        try:
            return await self._send_authorized(method, place.service_url, path, body)
        except TeamsRefused as refusal:
            if refusal.retry_after_s is not None:
                log.warning("Teams limits us: paused for %.1f s", refusal.retry_after_s)
                self.pace.pause(place.conversation, refusal.retry_after_s)
            raise

    async def authorization(self) -> dict[str, str]:
        """The header that the bot's token travels in; for addresses of the Bot Connector alone."""
        try:
            value = await self._token.get()
        except LoginRefused as refusal:
            log.error("the bot gets no token for Teams: %s", refusal.advice)
            raise TeamsRefused(401, UNASKED) from refusal
        except LoginUnreachable as failure:
            raise TeamsUnreachable(f"no token: {failure}", sent=False) from failure
        return {"Authorization": f"Bearer {value}"} if value else {}

    async def _send_authorized(
        self, method: str, service_url: str, path: str, body: Json | None
    ) -> Json:
        """A token that Teams does not take is fetched anew, once: nothing was done yet."""
        try:
            return await self._send(method, service_url, path, body)
        except TeamsRefused as refusal:
            if refusal.status != 401 or refusal.code == UNASKED:
                raise
        return await self._send(method, service_url, path, body)

    async def _send(self, method: str, service_url: str, path: str, body: Json | None) -> Json:
        # Stored questions carry the address that was right when they were asked.
        if not self._hosts.allow(service_url):
            raise TeamsRefused(403, "not a service address of Teams")
        headers = await self.authorization()
        url = service_url + path
        data = None
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
            data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        if method != "GET":
            require_lease()
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=data,
                headers=headers,
                proxy=proxy_for(url),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            ) as response:
                answer = _read(await read_answer(response, ANSWER_MAX_BYTES))
                status, answer_headers = response.status, response.headers
        except aiohttp.ClientConnectorError as error:
            raise TeamsUnreachable("no connection", sent=False) from error
        except (aiohttp.ClientError, TimeoutError, OSError, TooLarge) as error:
            raise TeamsUnreachable(f"{method}: {type(error).__name__}") from error
        if 200 <= status < 300:
            return answer
        if status == 401:
            self._token.forget(headers.get("Authorization", "").removeprefix("Bearer "))
        raise read_failure(status, answer, answer_headers.get("Retry-After"))


def read_failure(
    status: int, answer: Json, retry_after: str | None
) -> TeamsRefused | TeamsUnreachable:
    """Told apart by what is known: refused for sure, or perhaps done."""
    error = dict_field(answer, "error")
    code, message = text_field(error, "code"), text_field(error, "message")
    if status == 429:
        return TeamsRefused(429, code, message, retry_after_s=read_retry_after(retry_after))
    if status == 408 or status >= 500 or status < 400:
        return TeamsUnreachable(f"HTTP {status}")
    return TeamsRefused(status, code, message)


def _path(place: Place, message_id: str = "") -> str:
    path = f"v3/conversations/{quote(place.conversation, safe='', errors='replace')}/activities"
    if message_id:
        path += f"/{quote(message_id, safe='', errors='replace')}"
    return f"{path}?isTargetedActivity=true" if place.targeted else path


def _again(activity: Json, message_id: str) -> Json:
    """The activity as the new content of a message; whom it is for cannot be changed."""
    kept = {name: value for name, value in activity.items() if name != "recipient"}
    return kept | {"id": message_id}


def _read(content: bytes) -> Json:
    """Empty: that was no JSON object."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
