"""The two events of one mention, and what the first has to know of the second."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.slack.twins import REMEMBERED, Twins
from core.conversation import Attachment, MessageRef

REF = MessageRef("slack", "T1", "C1", "1.0")
FILES = (Attachment("a.txt", "text/plain", 1, "{}"),)


async def test_a_twin_that_was_there_before_is_known_at_once() -> None:
    twins = Twins()
    twins.tell(REF, FILES)
    assert await twins.files(REF, 0) == FILES


@pytest.mark.looptime
async def test_a_twin_that_is_late_is_waited_for() -> None:
    twins = Twins()
    asyncio.get_running_loop().call_later(0.2, twins.tell, REF, ())
    assert await twins.files(REF, 0.3) == ()
    assert asyncio.get_running_loop().time() == pytest.approx(0.2)


@pytest.mark.looptime
async def test_a_twin_that_stays_away_is_said_to() -> None:
    twins = Twins()
    assert await twins.files(REF, 0.3) is None
    twins.tell(REF, FILES)
    assert await twins.files(REF, 0) == FILES


async def test_memory_is_bounded() -> None:
    twins = Twins()
    for number in range(REMEMBERED + 1):
        twins.tell(replace(REF, message_id=str(number)), FILES)
    assert await twins.files(replace(REF, message_id="0"), 0) is None
    assert await twins.files(replace(REF, message_id="1"), 0) == FILES
