from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adapters.teams.connect import check_login, check_tenant, connect, explain_id, explain_secret
from tests.adapters.teams.token_endpoint import APP_ID, SECRET, TENANT, TokenEndpoint, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OTHER = "33333333-3333-4333-8333-333333333333"


class Person:
    """Pastes what it is told to, and reads what is said."""

    def __init__(self, *pastes: str) -> None:
        self.pastes = list(pastes)
        self.read: list[str] = []
        self.packed: list[str] = []
        self.can_pack = True

    def ask(self, prompt: str) -> str:
        if not self.pastes:
            raise EOFError
        return self.pastes.pop(0)

    def pack(self, app_id: str) -> tuple[bool, str]:
        self.packed.append(app_id)
        return self.can_pack, "Written to app.zip."

    async def connect(self, env: Path, url: str) -> bool:
        return await connect(env, self.pack, ask=self.ask, say=self.read.append, login_url=url)


@pytest.fixture
async def endpoint() -> AsyncIterator[TokenEndpoint]:
    async with TokenEndpoint() as endpoint:
        yield endpoint


async def test_three_pastes_connect_and_pack_the_app(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    env = tmp_path / ".env"
    env.write_text("# mine\nMICROSOFT_APP_ID=old\nLLM_MODEL=m\n", "utf-8")
    person = Person(APP_ID, f" {TENANT} ", f'"{SECRET}"')
    assert await person.connect(env, endpoint.url)
    assert env.read_text("utf-8").splitlines() == [
        "# mine",
        f"MICROSOFT_APP_ID={APP_ID}",
        "LLM_MODEL=m",
        f"MICROSOFT_APP_PASSWORD={SECRET}",
        "MICROSOFT_APP_TYPE=SingleTenant",
        f"MICROSOFT_APP_TENANT_ID={TENANT}",
    ]
    assert env.stat().st_mode & 0o077 == 0
    assert person.packed == [APP_ID]
    assert "Written to app.zip." in person.read
    assert "https://YOUR-HOST/api/messages" in person.read[0]


async def test_without_a_package_not_everything_is_in_place(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    person = Person(APP_ID, TENANT, SECRET)
    person.can_pack = False
    assert not await person.connect(tmp_path / ".env", endpoint.url)
    assert (tmp_path / ".env").exists()


async def test_wrong_pastes_are_told_and_asked_for_again(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    person = Person("my-bot", APP_ID, OTHER, TENANT, OTHER, "wrong~secret", SECRET)
    assert await person.connect(tmp_path / ".env", endpoint.url)
    told = "\n".join(person.read)
    for words in ("five groups", "no such tenant", "not its Secret ID", "secret is wrong"):
        assert words in told
    assert not any(value in told for value in ("wrong~secret", SECRET, OTHER))


async def test_an_app_that_the_tenant_does_not_know_is_told_with_the_tenant(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    person = Person(OTHER, TENANT, TENANT, TENANT)
    assert not await person.connect(tmp_path / ".env", endpoint.url)
    assert any("does not exist in this tenant" in line for line in person.read)
    assert not (tmp_path / ".env").exists()
    assert person.packed == []


async def test_who_leaves_in_the_middle_has_written_nothing(
    endpoint: TokenEndpoint, tmp_path: Path
) -> None:
    person = Person(APP_ID, TENANT)
    assert not await person.connect(tmp_path / ".env", endpoint.url)
    assert "Nothing was written" in person.read[-1]
    assert not (tmp_path / ".env").exists()


async def test_an_expired_secret_is_told_apart_from_a_wrong_one(endpoint: TokenEndpoint) -> None:
    endpoint.instead = refusal(7000222)
    is_right, line = await check_login(endpoint.url, TENANT, APP_ID, SECRET)
    assert not is_right
    assert "expired" in line
    assert (await check_tenant(endpoint.url, TENANT, APP_ID))[0]


async def test_a_directory_that_cannot_be_reached_is_told() -> None:
    async with TokenEndpoint() as endpoint:
        url = endpoint.url
    for is_right, line in (
        await check_login(url, TENANT, APP_ID, SECRET),
        await check_tenant(url, TENANT, APP_ID),
    ):
        assert not is_right
        assert "cannot be reached" in line


@pytest.mark.parametrize(
    ("value", "word"),
    [("", "Nothing"), ("a~b", "client secret"), ("https://x", "five groups"), (OTHER, "")],
)
def test_mistakes_with_ids_are_explained(value: str, word: str) -> None:
    said = explain_id(value)
    assert word in said
    assert bool(said) is bool(word)


@pytest.mark.parametrize(
    ("value", "word"), [("", "Nothing"), (OTHER, "Secret ID"), ("a b", "white space"), ("a~b", "")]
)
def test_mistakes_with_secrets_are_explained(value: str, word: str) -> None:
    said = explain_secret(value)
    assert word in said
    assert bool(said) is bool(word)
