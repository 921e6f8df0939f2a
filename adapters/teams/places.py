"""Where people were met: chats and channels that the bot can write to without being asked."""

from __future__ import annotations

import logging
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from adapters.teams.outbound.errors import TeamsRefused, TeamsUnreachable, delivery_error
from adapters.teams.place import PLATFORM, Place
from core.errors import DeliveryError, NotStored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from adapters.teams.outbound.connector import Connector
    from adapters.wire.background import Background
    from core.ports import Places

REMEMBERED: Final = 5_000
TENANT: Final = ""
"""Stands for a chat: anywhere in the tenant. Its address is good for chats not met yet."""

WELCOMED: Final = "welcomed/"
"""Before a chat's id: kept there is that it was welcomed."""

log = logging.getLogger(__name__)


class KnownPlaces:
    """Keeps the newest address of each chat, and of each person met in a personal one."""

    def __init__(self, places: Places, background: Background) -> None:
        self._places = places
        self._background = background
        self._known: OrderedDict[tuple[str, str], str] = OrderedDict()

    def learn(self, place: Place, user_id: str) -> None:
        """Stored behind the message, and only if something is new about it. `user_id`: as core
        knows the person."""
        for channel in _names(place, user_id):
            name = (place.tenant, channel)
            # Of the tenant only how it is reached: whose chat that was is nobody's business.
            stored = (place.at_top() if channel != TENANT else place.moved_to("")).to_reply_to()
            if self._known.get(name) != stored and not (channel == TENANT and name in self._known):
                self._background.start(self._keep(*name, stored))
            self._known[name] = stored
            self._known.move_to_end(name)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def find(self, tenant: str, channel: str) -> Place | None:
        """Raises NotStored."""
        stored = await self._places.place_of(PLATFORM, tenant, channel)
        return Place.read(stored) if stored else None

    async def keep(self, tenant: str, channel: str, place: Place) -> None:
        await self._keep(tenant, channel, place.to_reply_to())

    async def claim_welcome(self, place: Place) -> bool:
        """Whether nobody was welcomed there, in whatever process: Teams tells of one installation
        in several ways. Raises NotStored."""
        name = f"{WELCOMED}{place.channel}"
        return await self._places.keep_place(
            PLATFORM, place.tenant, name, place.at_top().to_reply_to()
        )

    async def forget(self, place: Place, user_id: str) -> None:
        """The bot was removed there; who installs it again is welcomed again. Raises NotStored."""
        for channel in (*_names(place, user_id), f"{WELCOMED}{place.channel}"):
            if channel != TENANT:
                self._known.pop((place.tenant, channel), None)
                await self._places.forget_place(PLATFORM, place.tenant, channel)

    async def _keep(self, tenant: str, channel: str, stored: str) -> None:
        try:
            await self._places.keep_place(PLATFORM, tenant, channel, stored)
        except NotStored as error:
            self._known.pop((tenant, channel), None)  # the next message will try again
            log.warning("where a chat can be reached was not stored: %s", error)


class TeamsAnnouncer:
    """core.ports.Announcer. Teams is asked each time, so that nothing is begun where the bot is
    not any more, and before a chat is kept."""

    def __init__(self, known: KnownPlaces, connector: Connector) -> None:
        self._known = known
        self._connector = connector

    async def place(self, workspace: str, channel: str) -> str:
        try:
            met = await self._known.find(workspace, channel) if channel != TENANT else None
            place = met or await self._reach(workspace, channel)
            await self._connector.look(place)
            if met is None and place.kind == "personal":
                await self._known.keep(workspace, channel, place)
        except NotStored as failure:
            raise DeliveryError("Teams: the store does not say where", retryable=True) from failure
        except (TeamsRefused, TeamsUnreachable) as failure:
            raise delivery_error("announce", failure) from failure
        return place.to_reply_to()

    async def _reach(self, workspace: str, channel: str) -> Place:
        """A chat that was not met yet, through one that was."""
        elsewhere = await self._known.find(workspace, TENANT)
        if elsewhere is None:
            raise DeliveryError(
                "Teams: nobody of that tenant has written to the bot yet, so it knows no address",
                retryable=True,  # the first word of anybody there changes it
            )
        if "@thread." in channel:
            return elsewhere.moved_to(channel)
        return elsewhere.moved_to(await self._connector.open_chat(elsewhere, channel))


def _names(place: Place, user_id: str) -> Iterator[str]:
    """What the place can be asked for by."""
    yield place.channel
    yield TENANT
    if place.kind == "personal":
        yield user_id
