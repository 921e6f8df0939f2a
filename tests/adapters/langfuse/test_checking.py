"""The line that says whether Langfuse works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.langfuse import checking
from adapters.langfuse.checking import check, is_too_old
from adapters.langfuse.settings import DEFAULT_BASE_URL, LangfuseSettings
from tests.adapters.langfuse.facts import new_keys, settings_of
from tests.standins.langfuse import Fault

if TYPE_CHECKING:
    from tests.standins.langfuse import LangfuseStandIn


async def test_a_server_that_is_well(langfuse: LangfuseStandIn) -> None:
    said = await check(settings_of(langfuse, base_url=f"{langfuse.base_url}/"))
    assert said == (True, f"Langfuse: version 4.60.1 at {langfuse.base_url}, project chat bot")


async def test_wrong_keys(langfuse: LangfuseStandIn) -> None:
    is_right, line = await check(settings_of(langfuse, secret_key="sk-lf-wrong"))
    assert not is_right
    assert "set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY" in line
    assert "sk-lf" not in line


async def test_a_server_that_is_too_old(langfuse: LangfuseStandIn) -> None:
    langfuse.version = "4.58.9"
    is_right, line = await check(settings_of(langfuse))
    assert not is_right
    assert "version 4.58.9, which loses ratings; update it to 4.59 or newer" in line


@pytest.mark.parametrize("status", [404, 500, 503])
async def test_a_server_that_is_none(langfuse: LangfuseStandIn, status: int) -> None:
    langfuse.fault = Fault("status", status)
    is_right, line = await check(settings_of(langfuse))
    assert not is_right
    assert f"answers {status} when asked how it is; is LANGFUSE_BASE_URL right?" in line


async def test_a_dead_one(free_port: int) -> None:
    settings = LangfuseSettings(**new_keys(), base_url=f"http://127.0.0.1:{free_port}")
    is_right, line = await check(settings)
    assert not is_right
    assert line.endswith("cannot be reached (ConnectError); check LANGFUSE_BASE_URL")


async def test_one_that_drips(langfuse: LangfuseStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "LIMIT_S", 0.3)
    langfuse.fault = Fault("drip")
    is_right, line = await check(settings_of(langfuse))
    assert not is_right
    assert "does not come to an end" in line
    langfuse.fault = None


@pytest.mark.parametrize(
    ("version", "expected"),
    [("4.58.9", True), ("3.99.0", True), ("4.59.0", False), ("v5.0.0-rc.1", False), ("?", False)],
)
def test_versions_are_compared_as_numbers(version: str, expected: bool) -> None:
    assert is_too_old(version) is expected


def test_without_an_address_it_is_the_hosted_one() -> None:
    assert LangfuseSettings("pk", "sk", "").address == DEFAULT_BASE_URL
