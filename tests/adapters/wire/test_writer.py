"""What a growing answer does about a platform that finds its messages too long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import pytest

from adapters.wire.answers import AnswerWriter, MessageGone, MessageTooLong, StreamOver
from core.conversation import MessageRef
from core.draft import Draft, Ending
from core.errors import DeliveryError
from core.text.flow import Limits
from tests.fakes.clock import LoopClock

if TYPE_CHECKING:
    from collections.abc import Collection

MESSAGE: Final = 1_000
SMALLER: Final = 400
END: Final = "\n~"
LIMITS: Final = Limits(message=MESSAGE, smaller=SMALLER)
LONG: Final = " ".join(f"word{number}" for number in range(100))

pytestmark = pytest.mark.looptime


class Wall:
    """A platform that takes `longest` characters a message, and has some bad moments."""

    def __init__(self, longest: int, *troubles: Exception | None) -> None:
        self.longest = longest
        self.troubles = list(troubles)
        """What the next texts that are short enough meet with."""
        self.texts: dict[str, str] = {}

    def ref(self, message_id: str) -> MessageRef:
        return MessageRef("wall", "W", "C", message_id)

    async def open_now(self, taken: Collection[str]) -> Brick:
        return Brick(self, f"m{len(taken)}", "stream")

    def reuse(self, message_id: str) -> Brick:
        return Brick(self, message_id, "edit")

    async def post_whole(self, text: str, below: str, taken: Collection[str]) -> str:
        raise NotImplementedError

    async def remove(self, message_id: str) -> None:
        del self.texts[message_id]

    def enter(self, method: str) -> None: ...

    def leave(self, method: str) -> None: ...

    def interval_s(self, method: str) -> float:
        return 1.0

    def take(self, message_id: str, text: str) -> None:
        if len(text) > self.longest:
            raise MessageTooLong
        if self.troubles and (trouble := self.troubles.pop(0)):
            raise trouble
        self.texts[message_id] = text


class Brick:
    def __init__(self, wall: Wall, message_id: str, method: str) -> None:
        self._wall = wall
        self.message_id = message_id
        self.method = method
        self.next_in_s = 0.0
        self.shown = ""

    async def show(self, text: str) -> bool:
        self._wall.take(self.message_id, text)
        self.shown = text
        return True

    async def finish(self, text: str, below: str) -> None:
        self._wall.take(self.message_id, text + below)


class Silence:
    def show(self, status: str) -> None: ...

    def end(self) -> None: ...

    def cancel(self) -> None: ...


def below(_: Draft, is_last: bool) -> str:
    return END if is_last else ""


async def write(wall: Wall, text: str) -> None:
    clock = LoopClock()
    draft = Draft()
    writer = AnswerWriter[str](wall, Silence(), clock, below, LIMITS)

    async def save(_: MessageRef) -> None: ...

    async with asyncio.TaskGroup() as group:
        group.create_task(writer.write(draft, (), (), save))
        draft.append(text)
        await clock.sleep(3)
        draft.end(Ending("answered"))


def said(wall: Wall) -> str:
    """All messages in a row; they are divided at spaces."""
    return " ".join(wall.texts.values())


async def test_a_text_that_is_too_long_while_it_grows_is_divided_at_its_end() -> None:
    wall = Wall(SMALLER + len(END))

    await write(wall, LONG)

    assert said(wall) == LONG + END
    assert len(wall.texts) == 2


@pytest.mark.parametrize("trouble", [StreamOver(), MessageGone()])
@pytest.mark.parametrize("before", [(), (None,)])
async def test_trouble_with_a_part_of_a_divided_text_is_trouble_like_any_other(
    trouble: Exception, before: tuple[None, ...]
) -> None:
    wall = Wall(SMALLER + len(END), *before, trouble)

    await write(wall, LONG)

    assert said(wall) == LONG + END
    assert not wall.troubles


async def test_a_platform_that_finds_everything_too_long_cannot_be_written_to() -> None:
    with pytest.raises(ExceptionGroup) as failed:
        await write(Wall(10), LONG)

    assert isinstance(failed.value.exceptions[0], DeliveryError)
