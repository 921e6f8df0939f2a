"""What the `message` event of a mention said of its files, for the `app_mention` that did not."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.conversation import Attachment, MessageRef

REMEMBERED: Final = 2_000
"""More than arrive in the second that twins are apart."""


class Twins:
    """Both events come to the same process nearly always, and at nearly the same time."""

    def __init__(self) -> None:
        self._told: OrderedDict[MessageRef, tuple[Attachment, ...]] = OrderedDict()
        self._awaited: dict[MessageRef, asyncio.Event] = {}

    def tell(self, ref: MessageRef, files: tuple[Attachment, ...]) -> None:
        self._told[ref] = files
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        if (event := self._awaited.pop(ref, None)) is not None:
            event.set()

    async def files(self, ref: MessageRef, within_s: float) -> tuple[Attachment, ...] | None:
        """None: the twin has not come in that time."""
        if ref not in self._told:
            event = self._awaited.setdefault(ref, asyncio.Event())
            try:
                async with asyncio.timeout(within_s):
                    await event.wait()
            except TimeoutError:
                return None
            finally:
                self._awaited.pop(ref, None)
        return self._told.get(ref)
