"""Who is let in: the token of a request, and what it has to fit to."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.adapters.teams.conftest import running_bot, settings_of
from tests.adapters.teams.requests import GONE, changed, send, typed
from tests.standins.teams.identity.keys import UNENDORSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.adapters.teams.conftest import Bot
    from tests.standins.teams import TeamsStandIn

    Sign = Callable[[TeamsStandIn], list[str]]


def signed(**changes: Any) -> Sign:
    return lambda teams: [f"Bearer {teams.token(**changes)}"]


def timed(**offsets: int) -> Sign:
    """With claims that lie so many seconds from now, whenever that is."""

    def sign(teams: TeamsStandIn) -> list[str]:
        claims = {name: int(time.time()) + offset for name, offset in offsets.items()}
        return signed(**claims)(teams)

    return sign


def raw(*values: str) -> Sign:
    return lambda _: list(values)


def segment(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def twice(teams: TeamsStandIn) -> list[str]:
    return [f"Bearer {teams.token()}"] * 2


def cut(teams: TeamsStandIn) -> list[str]:
    return [f"Bearer {teams.token()[:-1]}"]


def stitched(teams: TeamsStandIn) -> list[str]:
    """The signature of a genuine token under other claims."""
    head, _, signature = teams.token().split(".")
    claims = segment(json.dumps(teams.keys.claims(serviceurl="https://evil.example/")))
    return [f"Bearer {head}.{claims}.{signature}"]


DEEP_HEADER = segment('{"alg":"RS256","kid":' + "[" * 4_500 + "}")
BAD_TOKENS: dict[str, Sign] = {
    "no header": raw(),
    "an empty one": raw(""),
    "two headers": twice,
    "Basic": raw("Basic dXNlcjpwYXNz"),
    "a genuine token in another scheme": lambda teams: [f"Basic {teams.token()}"],
    "a genuine token alone": lambda teams: [teams.token()],
    "a scheme alone": raw("Bearer"),
    "a scheme and spaces": raw("Bearer    "),
    "garbage": raw("Bearer not.a.token"),
    "no dots": raw("Bearer garbage"),
    "not ASCII": raw("Bearer é.é.é"),
    "a header that is a list": raw(f"Bearer {segment('[]')}.{segment('{}')}.x"),
    "a header that is deep": raw(f"Bearer {DEEP_HEADER}.e30.x"),
    "a kid that is a number": raw(f'Bearer {segment("""{"alg":"RS256","kid":7}""")}.e30.x'),
    "cut": cut,
    "stitched": stitched,
    "alg none": signed(alg="none"),
    "HS256 with the public key": signed(alg="HS256"),
    "RS512": signed(alg="RS512"),
    "no kid": signed(kid=""),
    "an unknown kid": signed(kid="who"),
    "a stranger's key under our kid": signed(key="stranger", kid="key-1"),
    "a stranger's key": signed(key="stranger"),
    "a key of another channel": signed(key=UNENDORSED),
    "a wrong aud": signed(aud="another-app"),
    "no aud": signed(aud=None),
    "an aud that is a number": signed(aud=7),
    "a wrong iss": signed(iss="https://evil.example"),
    "the emulator": signed(iss="https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"),
    "the emulator, v2": signed(
        iss="https://login.microsoftonline.com/d6d49420-f39b-4df7-a1dc-d59a935871db/v2.0"
    ),
    "no iss": signed(iss=None),
    "expired": timed(exp=-301, nbf=-4000),
    "not yet valid": timed(nbf=400),
    "no exp": signed(exp=None),
    "an exp that is no number": signed(exp="tomorrow"),
    "no serviceurl": signed(serviceurl=None),
    "too long": raw("Bearer " + "a" * 8_100),
}

SECRET_HOST = "smba.trafficmanager.net"
URL_TRICKS = [
    f"https://{SECRET_HOST}@evil.example/emea/",
    f"https://user:word@{SECRET_HOST}/emea/",
    f"https://evil.example\\@{SECRET_HOST}/emea/",
    "https://evil.example\\.botframework.com/",
    f"https://{SECRET_HOST}.evil.example/",
    f"https://evil{SECRET_HOST}/",
    "https://evilbotframework.com/",
    f"http://{SECRET_HOST}/emea/",
    "https://[::1]/emea/",
    "https://[::ffff:127.0.0.1]/",
    "HTTPS://EVIL.EXAMPLE/",
    f"https://{SECRET_HOST}:8443/",
    f"https://{SECRET_HOST}:bad/",
    f"https://{SECRET_HOST}/?x=1",
    f"https://{SECRET_HOST}/#x",
    f"https://evil.example/{SECRET_HOST}/",
    f"https://{SECRET_HOST}\n.evil.example/",
    "https://smba.traffic\tmanager.net/",
    f"https://{SECRET_HOST}/a b",
    "https://smba.trafficmanager。net/",
    "//smba.trafficmanager.net/",
    "file:///etc/passwd",
    "https:///",
    "",
]
FORBIDDEN: list[tuple[str, Any]] = [
    ("channelId", GONE),
    ("channelId", "emulator"),
    ("channelId", "webchat"),
    ("channelId", ["msteams"]),
    ("serviceUrl", GONE),
    ("serviceUrl", 7),
    ("serviceUrl", "http://127.0.0.1:1/emea/"),
    ("conversation.tenantId", "zzz"),
    ("conversation.tenantId", "000"),
    ("channelData.tenant.id", "zzz"),
    ("channelData.tenant.id", "000"),
]


async def test_a_request_without_a_genuine_token_is_401(bot: Bot) -> None:
    told = typed(bot)
    got = {name: await send(bot, told, sign(bot.teams)) for name, sign in BAD_TOKENS.items()}
    assert {name: status for name, status in got.items() if status != 401} == {}
    assert bot.chatbot.accepted == []


async def test_a_header_that_is_no_text_is_401(bot: Bot) -> None:
    host, port = bot.url.removeprefix("http://").partition("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /api/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer \xff\xfe.\x80.x\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    )
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 401")


async def test_clocks_may_be_five_minutes_apart(bot: Bot) -> None:
    for changes in ({"exp": -200}, {"nbf": 200}):
        assert await send(bot, typed(bot), timed(**changes)(bot.teams)) == 200


async def test_another_channel_or_tenant_than_may_be_is_403(bot: Bot) -> None:
    got = {
        f"{path}={value}": await send(bot, changed(typed(bot), path, value))
        for path, value in FORBIDDEN
    }
    nowhere = changed(changed(typed(bot), "channelData", GONE), "conversation.tenantId", GONE)
    elsewhere = changed(
        changed(typed(bot), "channelData.tenant.id", "t2"), "conversation.tenantId", "t2"
    )
    got |= {"no tenant": await send(bot, nowhere), "a foreign one": await send(bot, elsewhere)}
    assert {name: status for name, status in got.items() if status != 403} == {}
    assert bot.chatbot.accepted == []


async def test_no_spelling_of_a_service_address_sends_our_token_elsewhere(bot: Bot) -> None:
    for url in URL_TRICKS:
        token = bot.teams.token(serviceurl=url)
        told = changed(typed(bot), "serviceUrl", url)
        assert await send(bot, told, [f"Bearer {token}"]) == 403, url
    assert bot.chatbot.accepted == []


async def test_the_service_address_is_the_one_that_was_signed(bot: Bot) -> None:
    other = bot.teams.token(serviceurl=f"https://{SECRET_HOST}/emea/")
    assert await send(bot, typed(bot), [f"Bearer {other}"]) == 403
    slash = bot.teams.token(serviceurl=bot.teams.service_url.rstrip("/"))
    assert await send(bot, typed(bot), [f"Bearer {slash}"]) == 200


async def test_what_is_no_small_object_of_json_is_refused(bot: Bot) -> None:
    good = json.dumps(typed(bot)).encode()
    deep = b'{"type":"message","x":' + b"[" * 200_000
    got = {
        "1.1 MiB": await send(bot, b" " * 1_153_434) == 413,
        "chunks": await send(bot, b"x" * 3_000_000) == 413,
        "depth": await send(bot, deep) == 400,
        "depth 65": await send(bot, b'{"type":"a","x":' + b"[" * 65 + b"]" * 65 + b"}") == 400,
        "empty": await send(bot, b"") == 400,
        "half": await send(bot, good[:-1]) == 400,
        "bytes": await send(bot, b"\xff\xfe\x00") == 400,
        "list": await send(bot, b"[]") == 400,
        "null": await send(bot, b"null") == 400,
        "long number": await send(bot, b'{"type":"message","x":' + b"9" * 9_000 + b"}") == 400,
        "text": await send(bot, good, content_type="text/plain") == 400,
        "form": await send(bot, good, content_type="application/x-www-form-urlencoded") == 400,
        "no type": await send(bot, good, content_type="") == 400,
        "odd type": await send(bot, good, content_type="é;;;=") == 400,
        "broken gzip": await send(bot, b"no gzip", headers=[("Content-Encoding", "gzip")]) == 400,
        "bomb": await send(
            bot, gzip.compress(b" " * 30_000_000), headers=[("Content-Encoding", "gzip")]
        )
        == 413,
    }
    assert [name for name, is_right in got.items() if not is_right] == []
    assert bot.chatbot.accepted == []


async def test_an_empty_app_id_lets_in_who_is_on_this_machine_only_when_told_so() -> None:
    async with running_bot(settings={"app_id": "", "unauthenticated": True}) as bot:
        local = {"channelId": "emulator", "serviceUrl": "http://localhost:56150/_connector"}
        assert await send(bot, typed(bot) | local, []) == 200
        assert await send(bot, typed(bot) | {"channelId": "webchat"}, []) == 403
        assert await send(bot, typed(bot) | {"serviceUrl": "https://evil.example/"}, []) == 403
        bot.chatbot.accepted.clear()
        with pytest.raises(ValueError, match="app id"):
            type(bot.channel)(
                settings_of(bot.teams, app_id=""),
                bot.channel._clock,
                bot.channel._keys._session,
                bot.store,
            )


async def test_tenants_are_those_of_the_setting_and_a_star_is_all() -> None:
    for allowed, expected in ((("t2",), 200), (("t3",), 403), (("*",), 200), ((), 403)):
        async with running_bot(settings={"allowed_tenants": allowed}) as bot:
            told = changed(
                changed(typed(bot), "channelData.tenant.id", "t2"), "conversation.tenantId", "t2"
            )
            assert await send(bot, told) == expected


async def test_a_tenant_is_the_same_in_upper_case(bot: Bot) -> None:
    upper, told = bot.teams.tenant.upper(), typed(bot)
    assert await send(bot, changed(told, "channelData.tenant.id", upper)) == 200
    assert bot.chatbot.accepted[0].ref.workspace == bot.teams.tenant


async def test_without_an_app_id_only_this_machine_under_its_own_name_is_let_in() -> None:
    open_to_all = {"app_id": "", "app_password": "", "unauthenticated": True}
    async with running_bot(settings=open_to_all) as bot, aiohttp.ClientSession() as http:
        statuses = []
        for headers in (
            {},
            {"Host": "evil.example:3978"},
            {"X-Forwarded-For": "203.0.113.7"},
            {"Forwarded": "for=203.0.113.7"},
        ):
            async with http.post(bot.url, json=typed(bot), headers=headers) as response:
                statuses.append(response.status)
        assert statuses == [200, 403, 403, 403]
        assert len(bot.chatbot.accepted) == 1
