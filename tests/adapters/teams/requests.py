"""Signed requests to the bot, genuine and hostile, over real HTTP."""

from __future__ import annotations

import copy
import io
import json
from typing import TYPE_CHECKING, Any

import aiohttp

from tests.standins.teams import payloads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.adapters.teams.conftest import Bot

Json = dict[str, Any]
GONE = object()
"""In place of a value: the field is left out."""


def typed(bot: Bot, where: str = "alice", text: str = "Hi", **more: Any) -> Json:
    """The activity of a message, as Teams would tell it now."""
    workspace = bot.teams.workspace
    message_id = workspace.new_id()
    scene = bot.teams.people.scene(where, message_id)
    entities = []
    if where not in workspace.people:
        entities = [payloads.mention(scene.bot)]
        text = f"{entities[0]['text']} {text}"
    parts = payloads.Parts(entities=entities, **more)
    account = workspace.person("alice").account()
    return payloads.message(scene, account, text, activity_id=message_id, parts=parts)


def changed(told: Json, path: str, value: Any) -> Json:
    """With another value at a path like `conversation.id`; GONE: without that field."""
    result = copy.deepcopy(told)
    *parents, name = path.split(".")
    at = result
    for parent in parents:
        at = at[parent]
    if value is GONE:
        at.pop(name, None)
    else:
        at[name] = value
    return result


async def send(
    bot: Bot,
    body: bytes | Json,
    authorization: Sequence[str] | None = None,
    *,
    content_type: str = "application/json; charset=utf-8",
    headers: Sequence[tuple[str, str]] = (),
) -> int:
    """The status. `authorization`: the values of that header; None: the one of a genuine token."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    signed = [f"Bearer {bot.teams.token()}"] if authorization is None else authorization
    sent = [("Content-Type", content_type)] if content_type else []
    sent += [*(("Authorization", value) for value in signed), *headers]
    skip = () if content_type else ("Content-Type",)
    async with (
        aiohttp.ClientSession(skip_auto_headers=skip) as session,
        session.post(bot.url, data=io.BytesIO(data), headers=sent) as response,
    ):
        await response.read()
        return response.status
