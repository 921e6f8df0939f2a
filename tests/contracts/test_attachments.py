"""What core relies on when it fetches a file, whatever its sender or the platform claims."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.errors import DeliveryError

if TYPE_CHECKING:
    from tests.contracts.screen import Screen

DATA = bytes(range(256)) * 40


async def read(screen: Screen, limit_bytes: int, **changes: object) -> bytes:
    message = await screen.ask("read this", DATA)
    attachment = replace(message.attachments[0], **changes)
    return await screen.platform.attachments.read(message, attachment, limit_bytes)


async def test_a_file_is_its_bytes(screen: Screen) -> None:
    assert await read(screen, 1_000_000) == DATA
    assert await read(screen, len(DATA)) == DATA


@pytest.mark.parametrize("claimed_bytes", [0, 1, len(DATA)])
@pytest.mark.parametrize("limit_bytes", [0, len(DATA) - 1])
async def test_never_more_than_the_limit_whatever_is_claimed(
    screen: Screen, limit_bytes: int, claimed_bytes: int
) -> None:
    with pytest.raises(DeliveryError):
        await read(screen, limit_bytes, size_bytes=claimed_bytes)


async def test_a_refusal_is_a_delivery_error(screen: Screen) -> None:
    message = await screen.ask("read this", DATA)
    screen.refuse()
    with pytest.raises(DeliveryError):
        await screen.platform.attachments.read(message, message.attachments[0], 1_000_000)


@pytest.mark.parametrize(
    "locator",
    [
        "",
        "null",
        "[]",
        "{}",
        "\ud800",
        "../../etc/passwd",
        json.dumps({"url": "http://[", "id": "F1"}),
        json.dumps({"url": "https://files.slack.com:port/", "id": "F1"}),
        json.dumps({"url": "file:///etc/passwd", "id": "F1"}),
        json.dumps({"url": "", "id": "unknown"}),
    ],
)
async def test_a_locator_that_leads_nowhere_is_a_delivery_error(
    screen: Screen, locator: str
) -> None:
    with pytest.raises(DeliveryError):
        await read(screen, 1_000_000, locator=locator)
