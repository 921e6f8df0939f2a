"""How an answer is written in Slack: one thread, and its share of the workspace's budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.slack.outbound.ending import to_choices
from adapters.slack.outbound.removing import remove
from adapters.slack.web.limits import MESSAGE_CHARS
from core.text.flow import Limits

if TYPE_CHECKING:
    from collections.abc import Collection

    from adapters.slack.outbound.messages import BlockChoices
    from adapters.slack.outbound.opening import Opener
    from adapters.slack.place import Place
    from adapters.slack.web.api import SlackApi
    from adapters.wire.answers import Message
    from core.conversation import MessageRef
    from core.draft import Draft

NO_BLOCKS: Final[BlockChoices] = ([],)
LIMITS: Final = Limits(message=MESSAGE_CHARS, smaller=3_000)


class SlackOutlet:
    """adapters.wire.answers.Outlet."""

    def __init__(self, api: SlackApi, opener: Opener, place: Place) -> None:
        self._api = api
        self._opener = opener
        self._place = place

    def ref(self, message_id: str) -> MessageRef:
        return self._place.ref(message_id)

    async def open_now(self, taken: Collection[str]) -> Message[BlockChoices] | None:
        return await self._opener.open_now(self._place, taken)

    def reuse(self, message_id: str) -> Message[BlockChoices]:
        return self._opener.reuse(self._place, message_id)

    async def post_whole(self, text: str, below: BlockChoices, taken: Collection[str]) -> str:
        return await self._opener.post_whole(self._place, text, below, taken)

    async def remove(self, message_id: str) -> None:
        await remove(self._api, self._place.channel, message_id)

    def enter(self, method: str) -> None:
        self._api.pacer.enter(method)

    def leave(self, method: str) -> None:
        self._api.pacer.leave(method)

    def interval_s(self, method: str) -> float:
        return self._api.pacer.interval_s(method)


def to_below(draft: Draft, is_last: bool) -> BlockChoices:
    if not is_last:
        return NO_BLOCKS
    if draft.ending is None:
        raise ValueError("the draft has not ended")
    return to_choices(draft.ending)
