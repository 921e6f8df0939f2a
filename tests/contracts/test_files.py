"""What core relies on when it asks for all files of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import Attachment, InboundMessage
    from tests.contracts.screen import Screen


async def files_of(screen: Screen, message: InboundMessage) -> Sequence[Attachment]:
    files = screen.platform.files
    return message.attachments if files is None else await files.of(message)


@pytest.mark.parametrize("bare", [True, False])
async def test_every_file_is_found_and_can_be_read(screen: Screen, bare: bool) -> None:
    message = await screen.ask("read this", b"the notes", bare=bare)
    (file,) = await files_of(screen, message)
    assert (file.name, file.media_type) == screen.file_is
    assert await screen.platform.attachments.read(message, file, 100) == b"the notes"


async def test_a_message_without_files_has_none(screen: Screen) -> None:
    assert list(await files_of(screen, await screen.ask("nothing"))) == []


@pytest.mark.parametrize("bare", [True, False])
async def test_where_nothing_can_be_asked_the_answer_is_right_or_an_error(
    screen: Screen, bare: bool
) -> None:
    """Never that there are no files; a platform may know them from elsewhere."""
    message = await screen.ask("read this", b"the notes", bare=bare)
    screen.refuse()
    try:
        found = await files_of(screen, message)
    except DeliveryError:
        assert not message.attachments
    else:
        assert [one.name for one in found] == [screen.file_is[0]]
