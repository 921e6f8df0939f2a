"""Who may do what: one decision for commands, buttons, messages and reactions alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

from core.conversation import fold_id
from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import Author, CommandCall, InboundMessage, Reaction

Action = Literal["use", "configure"]
"""`use`: ask, rate, stop, run commands. `configure`: change what others get too."""


@dataclass(frozen=True, slots=True)
class Listed:
    """Somebody or some channel that a setting names."""

    platform: str
    workspace: str
    id: str

    @classmethod
    def parse(cls, entry: str, setting: str) -> Listed:
        """Read `platform:workspace:id`; an id may contain colons, as those of Teams do. GUIDs may
        be written in upper case. Raises SettingError."""
        parts = [part.strip() for part in entry.split(":", 2)]
        if len(parts) != 3 or not all(parts):
            raise SettingError(
                f"{setting}: each entry has the form platform:workspace:id, "
                "for example slack:T0123:U0456"
            )
        return cls(parts[0].lower(), fold_id(parts[1]), fold_id(parts[2]))


class Access:
    """Empty users or channels let everyone in; empty admins let nobody.

    Where both users and channels are listed, both must fit.
    """

    def __init__(
        self, users: Sequence[str] = (), channels: Sequence[str] = (), admins: Sequence[str] = ()
    ) -> None:
        """Entries as in ALLOWED_USERS, ALLOWED_CHANNELS, ADMIN_USERS; raises SettingError."""
        self._users = frozenset(Listed.parse(entry, "ALLOWED_USERS") for entry in users)
        self._channels = frozenset(Listed.parse(entry, "ALLOWED_CHANNELS") for entry in channels)
        self._admins = frozenset(Listed.parse(entry, "ADMIN_USERS") for entry in admins)

    def authorize(
        self, action: Action, platform: str, workspace: str, channel: str, user_id: str
    ) -> bool:
        """The one place where access is decided. No id, no access once anybody is listed."""
        user = Listed(platform, workspace, user_id)
        in_channel = not self._channels or Listed(platform, workspace, channel) in self._channels
        may_use = in_channel and (not self._users or user in self._users)
        match action:
            case "use":
                return may_use
            case "configure":
                return may_use and user in self._admins
            case _:
                assert_never(action)

    def may_use(self, message: InboundMessage) -> bool:
        ref = message.ref
        return self.authorize(
            "use", ref.platform, ref.workspace, ref.channel, message.author.user_id
        )

    def may_call(self, call: CommandCall) -> bool:
        return self._may(call, "use")

    def may_configure(self, call: CommandCall) -> bool:
        return self._may(call, "configure")

    def may_administer(self, message: InboundMessage) -> bool:
        """As `may_configure`, for what somebody has typed."""
        ref = message.ref
        return self.authorize(
            "configure", ref.platform, ref.workspace, ref.channel, message.author.user_id
        )

    def may_react(self, reaction: Reaction) -> bool:
        ref = reaction.ref
        return self.authorize(
            "use", ref.platform, ref.workspace, ref.channel, reaction.author.user_id
        )

    def may_speak(self, platform: str, workspace: str, author: Author) -> bool:
        """Whether a person's words in a thread are shown to the model, wherever they fell."""
        return not self._users or Listed(platform, workspace, author.user_id) in self._users

    def _may(self, call: CommandCall, action: Action) -> bool:
        where = call.conversation
        return self.authorize(
            action, where.platform, where.workspace, where.channel, call.author.user_id
        )
