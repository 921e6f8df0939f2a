"""The app package: what Teams would refuse, and that it tells of the same bot as the rest."""

from __future__ import annotations

import json
import struct
import tomllib
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import jsonschema
import pytest

from adapters.teams.package.building import HEAR_ALL, Developer, build_package
from bot import VERSION
from core.errors import SettingError
from tests.core.commands.desk import Desk

ROOT = Path(__file__).parents[3]
APP_ID = "22222222-2222-4222-8222-222222222222"


def texts(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def fields(required: str = "", /, **known: Any) -> dict[str, Any]:
    """Teams refuses a manifest with a field that it does not know."""
    return {
        "type": "object",
        "properties": known,
        "required": required.split(),
        "additionalProperties": False,
    }


def many(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most, "uniqueItems": True}


def one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


GUID = {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"}
PAGE = {"type": "string", "pattern": "^https://", "maxLength": 2048}
SCOPES = many(one_of("personal", "team", "groupChat"), 4)
SCHEMA = "https://developer.microsoft.com/en-us/json-schemas/teams/v1.29/MicrosoftTeams.schema.json"
CAPABILITY = one_of("tab", "bot", "connector")
WHAT_TEAMS_TAKES = fields(
    "$schema manifestVersion version id developer name description icons accentColor bots",
    **{"$schema": {"const": SCHEMA}},
    manifestVersion={"const": "1.29"},
    version={"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
    id=GUID,
    developer=fields(
        "name websiteUrl privacyUrl termsOfUseUrl",
        name=texts(32),
        websiteUrl=PAGE,
        privacyUrl=PAGE,
        termsOfUseUrl=PAGE,
    ),
    name=fields("short", short=texts(30), full=texts(100)),
    description=fields("short full", short=texts(80), full=texts(4000)),
    icons=fields("color outline", color=texts(2048), outline=texts(2048)),
    accentColor={"type": "string", "pattern": "^#[0-9A-F]{6}$"},
    defaultInstallScope=one_of("personal", "team", "groupChat"),
    defaultGroupCapability=fields(team=CAPABILITY, groupchat=CAPABILITY),
    bots=many(
        fields(
            "botId scopes",
            botId=GUID,
            scopes=SCOPES,
            supportsFiles={"type": "boolean"},
            supportsTargetedMessages={"type": "boolean"},
            commandLists=many(
                fields(
                    "scopes commands",
                    scopes=SCOPES,
                    triggers=many(one_of("mention", "slash"), 2),
                    commands=many(fields("title", title=texts(128), description=texts(4000)), 12),
                ),
                3,
            ),
        ),
        1,
    ),
    permissions=many(one_of("identity", "messageTeamMembers"), 2),
    validDomains=many(texts(2048), 100),
    webApplicationInfo=fields("id", id=GUID),
    authorization=fields(
        permissions=fields(
            resourceSpecific=many(
                fields("name type", name=texts(128), type=one_of("Application", "Delegated")), 16
            )
        )
    ),
)
"""https://learn.microsoft.com/en-us/microsoft-365/extensibility/schema/ of version 1.29, for what
the manifest uses of it."""


def open_package(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(name: str = "Chatbot", **options: Any) -> dict[str, Any]:
    files = open_package(build_package(APP_ID, name, VERSION, **options))
    manifest = json.loads(files["manifest.json"])
    assert isinstance(manifest, dict)
    return manifest


def pixels(png: bytes) -> tuple[int, int, int, bytes]:
    """Width, height, colour type and the rows as they are filtered, each behind its filter."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, header, data = 8, b"", b""
    while at < len(png):
        size, kind = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + size]
        header = content if kind == b"IHDR" else header
        data += content if kind == b"IDAT" else b""
        at += size + 12
    width, height, _, colour = struct.unpack(">IIBB", header[:10])
    return width, height, colour, zlib.decompress(data)


@pytest.mark.parametrize("hear_all", [True, False])
def test_teams_would_take_the_manifest(hear_all: bool) -> None:
    jsonschema.validate(manifest_of(hear_all=hear_all), WHAT_TEAMS_TAKES)


def test_a_manifest_that_teams_would_refuse_is_noticed() -> None:
    for changes in ({"accentColor": "green"}, {"unknown": 1}, {"id": "x"}, {"version": "1"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**manifest_of(), **changes}, WHAT_TEAMS_TAKES)


def test_the_package_holds_the_manifest_and_both_icons() -> None:
    files = open_package(build_package(APP_ID, "Chatbot", VERSION))
    manifest = json.loads(files["manifest.json"])
    assert set(files) == {"manifest.json", *manifest["icons"].values()}


def test_the_colour_icon_has_the_size_that_teams_asks_for() -> None:
    width, height, colour, _ = pixels(
        open_package(build_package(APP_ID, "Chatbot", VERSION))["color.png"]
    )
    assert (width, height) == (192, 192)
    assert colour == 2, "the whole square is filled: no transparency"


def test_the_outline_icon_is_white_on_nothing() -> None:
    files = open_package(build_package(APP_ID, "Chatbot", VERSION))
    width, height, colour, rows = pixels(files["outline.png"])
    assert (width, height, colour) == (32, 32, 6)
    lines = [rows[at : at + 1 + 4 * width] for at in range(0, len(rows), 1 + 4 * width)]
    assert all(line[0] == 0 for line in lines), "stored without filters, so that it can be read"
    points = [line[at : at + 4] for line in lines for at in range(1, len(line), 4)]
    assert {point[:3] for point in points} == {b"\xff\xff\xff"}
    assert {point[3] for point in points} >= {0, 255}


def test_the_same_app_gives_the_same_bytes() -> None:
    assert build_package(APP_ID, "Ask", "1.2.3") == build_package(APP_ID, "Ask", "1.2.3")
    assert build_package(APP_ID, "Ask", "1.2.3") != build_package(APP_ID, "Ask", "1.2.4")
    with ZipFile(BytesIO(build_package(APP_ID, "Ask", "1.2.3"))) as archive:
        assert {entry.date_time[:3] for entry in archive.infolist()} == {(1980, 1, 1)}


def test_it_names_the_bot_that_it_was_built_for() -> None:
    manifest = manifest_of("Ask Ada")
    assert manifest["id"] == manifest["bots"][0]["botId"] == APP_ID
    assert manifest["name"]["short"] == "Ask Ada"


def test_an_app_id_in_upper_case_is_written_as_teams_takes_it() -> None:
    package = build_package("ABCDEF01-2222-4222-8222-222222222222", "Ask", "1.2.3", hear_all=True)
    with ZipFile(BytesIO(package)) as archive:
        written = archive.read("manifest.json").decode()
    assert written.count("abcdef01-2222-4222-8222-222222222222") == 3
    assert "ABCDEF01" not in written


def test_every_command_is_offered_where_it_can_be_typed() -> None:
    commands = [(command.name, command.summary) for command in Desk().summaries()]
    (bot,) = manifest_of()["bots"]
    lists = {tuple(entry["scopes"]): entry for entry in bot["commandLists"]}
    assert {scope for (scope,) in lists} == set(bot["scopes"]), "Teams wants a list for each"
    for (scope,), entry in lists.items():
        offered = [(command["title"], command["description"]) for command in entry["commands"]]
        assert offered == commands
        assert entry["triggers"] == (["mention"] if scope == "personal" else ["mention", "slash"])


def test_slash_commands_and_files_are_switched_on() -> None:
    (bot,) = manifest_of()["bots"]
    assert bot["supportsTargetedMessages"] is True
    assert bot["supportsFiles"] is True
    assert manifest_of()["validDomains"] == []


def test_it_asks_to_hear_everything_only_when_told_to() -> None:
    assert "authorization" not in manifest_of()
    heard = manifest_of(hear_all=True)
    asked = heard["authorization"]["permissions"]["resourceSpecific"]
    assert [permission["name"] for permission in asked] == list(HEAR_ALL)
    assert heard["webApplicationInfo"] == {"id": APP_ID}


def test_the_developers_pages_can_be_set() -> None:
    developer = Developer("Ada Ltd", "https://ada.example/", terms="https://ada.example/agb")
    assert manifest_of(developer=developer)["developer"] == {
        "name": "Ada Ltd",
        "websiteUrl": "https://ada.example",
        "privacyUrl": "https://ada.example/privacy",
        "termsOfUseUrl": "https://ada.example/agb",
    }


@pytest.mark.parametrize(
    ("app_id", "name", "developer", "says"),
    [
        ("", "Chatbot", Developer(), "MICROSOFT_APP_ID"),
        ("not-an-id", "Chatbot", Developer(), "MICROSOFT_APP_ID"),
        (APP_ID, " ", Developer(), "--name"),
        (APP_ID, "x" * 31, Developer(), "--name"),
        (APP_ID, "a\nb", Developer(), "--name"),
        (APP_ID, "Chatbot", Developer(website="http://x.example"), "--website"),
        (APP_ID, "Chatbot", Developer(privacy="javascript:x"), "--privacy"),
        (APP_ID, "Chatbot", Developer(name="x" * 33), "--developer"),
    ],
)
def test_what_teams_would_refuse_is_said_in_one_line(
    app_id: str, name: str, developer: Developer, says: str
) -> None:
    with pytest.raises(SettingError, match=says) as error:
        build_package(app_id, name, VERSION, developer=developer)
    assert "\n" not in str(error.value)


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION
