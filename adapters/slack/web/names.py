"""What people are called: a bounded memory of users.info, never asked while somebody waits."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.slack.web.errors import SlackRefused, SlackUnreachable
from adapters.slack.web.pacer import Urgency
from core.text.clean import clean_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adapters.slack.web.api import SlackApi
    from core.conversation import Author
    from core.ports import Clock

REMEMBERED: Final = 5_000
LIFE_S: Final = 6 * 3600.0
ASKED_AT_ONCE: Final = 20
PATIENCE_S: Final = 1.0
"""How long an answer waits for the asker's name, once a person and LIFE_S."""


class Names:
    """`get` answers at once; `warm` asks Slack in the background for those that are missing."""

    def __init__(self, api: SlackApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[None]] = {}

    def get(self, user_id: str) -> str:
        """The name, or the id where it is not known (yet)."""
        known = self._known.get(user_id)
        return known[0] if known else user_id

    def put(self, user_id: str, name: str) -> None:
        """A name that came with an event."""
        self._known[user_id] = (clean_name(name, user_id), self._clock.monotonic())
        self._known.move_to_end(user_id)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def warm(self, user_ids: Iterable[str]) -> None:
        for user_id in user_ids:
            if len(self._asking) >= ASKED_AT_ONCE:
                return
            if self._is_fresh(user_id) or user_id in self._asking:
                continue
            task = asyncio.create_task(self._ask(user_id))
            self._asking[user_id] = task
            task.add_done_callback(partial(self._forget, user_id))

    async def resolve(self, user_ids: Iterable[str]) -> None:
        """Wait until the names are known, or cannot be."""
        wanted = set(user_ids)
        self.warm(wanted)
        tasks = [task for user_id, task in self._asking.items() if user_id in wanted]
        if tasks:
            await asyncio.wait(tasks)

    async def named(self, author: Author) -> Author:
        """core.ports.People: asked when an answer begins, so that nobody waits for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await self.resolve([author.user_id])
        return replace(author, name=self.get(author.user_id))

    async def close(self) -> None:
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget(self, user_id: str, _: asyncio.Task[None]) -> None:
        self._asking.pop(user_id, None)

    def _is_fresh(self, user_id: str) -> bool:
        known = self._known.get(user_id)
        return known is not None and self._clock.monotonic() - known[1] < LIFE_S

    async def _ask(self, user_id: str) -> None:
        try:
            data = await self._api.call_now("users.info", {"user": user_id}, Urgency.PROGRESS)
        except (SlackRefused, SlackUnreachable) as failure:
            logging.getLogger(__name__).debug("no name for %s: %s", user_id, failure)
            self.put(user_id, self.get(user_id))  # asked again when this has aged
            return
        self.put(user_id, read_name(data.get("user"), user_id))


def read_name(user: object, user_id: str) -> str:
    """The display name, the real name, the account's name: the first that is not empty."""
    if not isinstance(user, dict):
        return user_id
    profile = user.get("profile")
    profile = profile if isinstance(profile, dict) else {}
    candidates = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
    names = [name for name in (*candidates, user.get("name")) if isinstance(name, str) and name]
    return names[0] if names else user_id
