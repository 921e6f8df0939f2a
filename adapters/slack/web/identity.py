"""Who the bot is in the workspace that its token belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adapters.slack.web.api import SlackApi


@dataclass(frozen=True, slots=True)
class Identity:
    user_id: str
    bot_id: str
    team_id: str
    enterprise_id: str
    is_enterprise_install: bool
    team_name: str
    user_name: str

    @property
    def workspace(self) -> str:
        """The installation: a whole organisation, or one team."""
        return self.enterprise_id if self.is_enterprise_install else self.team_id


class WhoAmI:
    """Asks once, when somebody needs it; a failure is asked again by the next."""

    def __init__(self, api: SlackApi) -> None:
        self._api = api
        self.known: Identity | None = None

    async def get(self) -> Identity:
        """Raises SlackRefused, SlackUnreachable."""
        if self.known is None:
            data = await self._api.call("auth.test", {})
            self.known = Identity(
                user_id=str(data.get("user_id") or ""),
                bot_id=str(data.get("bot_id") or ""),
                team_id=str(data.get("team_id") or ""),
                enterprise_id=str(data.get("enterprise_id") or ""),
                is_enterprise_install=bool(data.get("is_enterprise_install")),
                team_name=str(data.get("team") or ""),
                user_name=str(data.get("user") or ""),
            )
        return self.known
