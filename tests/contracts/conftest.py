from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contracts.platforms import PLATFORMS
from tests.contracts.stores import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.contracts.screen import Screen
    from tests.contracts.stores import Place, Store


@pytest.fixture(params=["fake", "sql", "postgres"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with opened(request.param, tmp_path) as place:
        yield place


@pytest.fixture
def store(place: Place) -> Store:
    return place.store


@pytest.fixture(params=PLATFORMS)
async def screen(request: pytest.FixtureRequest) -> AsyncIterator[Screen]:
    async with PLATFORMS[request.param]() as screen:
        yield screen
