"""Where the bot may speak without having been asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from adapters.slack.place import Place
from adapters.slack.web.errors import SlackRefused, SlackUnreachable, delivery_error
from core.errors import DeliveryError

if TYPE_CHECKING:
    from adapters.slack.web.api import SlackApi
    from adapters.slack.web.identity import Identity, WhoAmI
    from core.ports import Clock

OPEN: Final = "conversations.open"
INFO: Final = "conversations.info"
CLOCK_OFF_S: Final = 300.0
"""Slack's clock and ours may be apart by as much as its signatures allow for:
https://docs.slack.dev/authentication/verifying-requests-from-slack"""
_PERSON: Final = re.compile(r"[UW][A-Z0-9]+")


class SlackAnnouncer:
    """Asks Slack each time, so that nothing is written for a channel that is out of reach."""

    def __init__(self, api: SlackApi, whoami: WhoAmI, clock: Clock) -> None:
        self._api = api
        self._whoami = whoami
        self._clock = clock

    async def place(self, workspace: str, channel: str) -> str:
        try:
            who = await self._whoami.get()
        except (SlackRefused, SlackUnreachable) as failure:
            raise delivery_error("auth.test", failure) from failure
        if workspace not in (who.workspace, who.team_id):
            raise DeliveryError(f"the bot token is not of the workspace {workspace}")
        if _PERSON.fullmatch(channel):
            channel = await self._open_dm(channel)
        else:
            await self._look_at(channel)
        return self._place(who, workspace, channel).to_reply_to()

    async def _open_dm(self, user: str) -> str:
        """The same one each time; only by its id can be edited what was posted there."""
        return str((await self._ask(OPEN, {"users": user})).get("id") or user)

    async def _look_at(self, channel: str) -> None:
        found = await self._ask(INFO, {"channel": channel})
        if found.get("is_archived") is True:
            raise DeliveryError(f"{channel} is archived")
        if found.get("is_member") is False and not found.get("is_im"):
            raise DeliveryError(f"the bot is not in {channel}: invite it")

    async def _ask(self, method: str, arguments: dict[str, str]) -> dict[str, Any]:
        """Empty for an install that may not look at channels: posting will show."""
        try:
            found = (await self._api.call(method, arguments)).get("channel")
        except SlackRefused as refusal:
            if method == INFO and refusal.code == "missing_scope":
                return {}
            raise delivery_error(method, refusal) from refusal
        except SlackUnreachable as failure:
            raise delivery_error(method, failure) from failure
        return found if isinstance(found, dict) else {}

    def _place(self, who: Identity, workspace: str, channel: str) -> Place:
        return Place(
            workspace=workspace,
            channel=channel,
            thread_ts="",
            question_ts=f"{self._clock.now().timestamp() - CLOCK_OFF_S:.6f}",
            team=who.team_id,
            user="",
            bot_user=who.user_id,
            direct=channel.startswith("D"),
        )
