"""One stage for a file of tests: to make one takes longer than most of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio

from tests.adapters.sql.isolation.stages import postgres_stage, sqlite_stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from tests.adapters.sql.isolation.stages import Stage


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    kind, folder = request.param, tmp_path_factory.mktemp("stage")
    async with postgres_stage() if kind == "postgres" else sqlite_stage(folder) as stage:
        yield stage
