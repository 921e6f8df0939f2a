"""A token whose signature was right is not checked again while it holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from adapters.teams.inbound.tokens import LEEWAY_S, REMEMBERED_MAX, Tokens
from adapters.teams.settings import TeamsSettings
from adapters.wire.bodies import Refused
from tests.fakes.clock import FakeClock
from tests.standins.teams.identity.keys import LIFETIME_S, Keys, private_key
from tests.standins.teams.standin import APP_ID


class CountingKey:
    """A genuine key that counts the signatures it has checked."""

    def __init__(self, name: str) -> None:
        self._key = private_key(name).public_key()
        self.checks = 0

    def verify(self, *given: Any) -> None:
        self.checks += 1
        self._key.verify(*given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)


RSAPublicKey.register(CountingKey)


class CountingKeys:
    """As much of a KeySet as tokens need."""

    def __init__(self) -> None:
        self.key: CountingKey | None = CountingKey("key-1")

    async def find(self, key_id: str) -> Any:
        return self.key if key_id == "key-1" else None


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.now(UTC))  # the library that reads tokens has no other


@pytest.fixture
def keys() -> CountingKeys:
    return CountingKeys()


@pytest.fixture
def tokens(clock: FakeClock, keys: CountingKeys) -> Tokens:
    return Tokens(TeamsSettings(app_id=APP_ID), keys, clock)  # type: ignore[arg-type]  # a fake


def signed(**changes: Any) -> str:
    return Keys(APP_ID).token(**changes)


async def test_the_same_token_is_checked_once(tokens: Tokens, keys: CountingKeys) -> None:
    token = signed()
    assert await tokens.verify(token) == await tokens.verify(token)
    assert keys.key is not None
    assert keys.key.checks == 1
    await tokens.verify(signed(serviceurl="https://another.example/"))
    assert keys.key.checks == 2


async def test_one_that_is_over_is_checked_again(
    tokens: Tokens, keys: CountingKeys, clock: FakeClock
) -> None:
    token = signed()
    await tokens.verify(token)
    clock.set_wall(clock.now() + timedelta(seconds=LIFETIME_S + LEEWAY_S - 60))
    await tokens.verify(token)
    assert keys.key is not None
    assert keys.key.checks == 1
    clock.set_wall(clock.now() + timedelta(seconds=61))
    await tokens.verify(token)  # by the true time it still holds
    assert keys.key.checks == 2


async def test_a_key_that_was_withdrawn_takes_its_tokens_with_it(
    tokens: Tokens, keys: CountingKeys
) -> None:
    token = signed()
    await tokens.verify(token)
    keys.key = None
    with pytest.raises(Refused, match="an unknown key"):
        await tokens.verify(token)
    keys.key = CountingKey("stranger")  # another one of the same name
    with pytest.raises(Refused, match="not valid"):
        await tokens.verify(token)


async def test_a_token_that_was_refused_is_never_remembered(
    tokens: Tokens, keys: CountingKeys
) -> None:
    genuine = signed()
    head, claims, signature = genuine.split(".")
    await tokens.verify(genuine)
    for hostile in (f"{head}.{claims}.{signature[:-2]}AA", f"{head}.{claims}.", signed(aud="x")):
        for _ in range(2):
            with pytest.raises(Refused):
                await tokens.verify(hostile)
    assert await tokens.verify(genuine)


async def test_only_so_many_are_remembered(tokens: Tokens, keys: CountingKeys) -> None:
    first = signed()
    await tokens.verify(first)
    for number in range(REMEMBERED_MAX):
        await tokens.verify(signed(serviceurl=f"https://{number}.example/"))
    assert keys.key is not None
    before = keys.key.checks
    await tokens.verify(first)
    assert keys.key.checks == before + 1
