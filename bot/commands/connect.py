"""`python -m bot connect PLATFORM`: the way from nothing to a connected app; `teams-package`."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.slack.connect import connect as connect_slack
from adapters.teams.connect import connect as connect_teams
from adapters.teams.package.building import build_package, describe
from adapters.wire.urls import check_url
from bot import VERSION
from bot.settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from adapters.teams.package.building import Developer
    from adapters.wire.wizard import Line
    from bot.settings import Settings

MANIFEST = Path(__file__).parents[2] / "manifest.json"
ENV_FILE = Path(".env")
PACKAGE_FILE = Path("teams-app.zip")
TEAMS_NAME = "Chatbot"
ELSEWHERE = "`python -m bot teams-package --output FILE` writes the package elsewhere."


async def connect(platform: str, *, http: bool = False) -> int:
    """Returns the exit code: 0 when everything was written."""
    settings = read_settings()
    match platform:
        case "slack":
            url = settings.slack_api_url
            done = await connect_slack(
                MANIFEST, ENV_FILE, ask=_ask, say=print, http=http, api_url=url
            )
        case "teams":
            done = await _connect_teams(settings)
        case _:
            raise ValueError(f"no such platform: {platform}")
    return 0 if done else 1


async def _connect_teams(settings: Settings) -> bool:
    url = check_url(settings.teams_login_url, "TEAMS_LOGIN_URL")

    def pack(app_id: str) -> Line:
        package = build_package(app_id, TEAMS_NAME, VERSION)
        return write_package(PACKAGE_FILE, package, _may_replace)

    return await connect_teams(ENV_FILE, pack, ask=_ask, say=print, login_url=url)


def write_teams_package(
    output: Path, name: str, developer: Developer, *, hear_all: bool = False
) -> int:
    """Returns the exit code; raises SettingError."""
    app_id = read_settings().microsoft_app_id
    package = build_package(app_id, name, VERSION, developer=developer, hear_all=hear_all)
    is_written, line = write_package(output, package)
    print(line, file=sys.stdout if is_written else sys.stderr)
    return 0 if is_written else 1


def write_package(
    output: Path, package: bytes, may_replace: Callable[[Path], bool] = lambda _: True
) -> Line:
    """Whether a package is there now, and what to say about it. `may_replace` is asked about a
    file with other content."""
    try:
        is_other = output.exists() and output.read_bytes() != package
        if is_other and not may_replace(output):
            return True, f"{output} is as it was. {ELSEWHERE}"
        output.write_bytes(package)
    except OSError as error:
        return False, f"{output} cannot be written: {error.strerror}. {ELSEWHERE}"
    return True, describe(output)


def _may_replace(output: Path) -> bool:
    """No, when nobody answers."""
    question = f"{output} is there already, for another app or with other options. Replace it? y/N "
    try:
        return input(question).strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _ask(prompt: str) -> str:
    """Without an echo on a terminal; a script may pipe the values in. Raises EOFError."""
    return getpass(prompt) if sys.stdin.isatty() else input(prompt)
