from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.adapters.langfuse.facts import new_keys
from tests.standins.langfuse import LangfuseStandIn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def langfuse() -> AsyncIterator[LangfuseStandIn]:
    async with LangfuseStandIn(**new_keys()) as langfuse:
        yield langfuse
        assert langfuse.refused == [], "the real server would not have taken this either"
