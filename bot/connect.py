"""`python -m bot connect PLATFORM`: the way from nothing to a connected app."""

from __future__ import annotations

import sys
from getpass import getpass
from pathlib import Path

from adapters.slack.connect import connect as connect_slack
from bot.settings import read_settings

MANIFEST = Path(__file__).parents[1] / "manifest.json"
ENV_FILE = Path(".env")


async def connect(platform: str, *, http: bool = False) -> int:
    """Returns the exit code: 0 when everything was written."""
    settings = read_settings()
    if platform != "slack":
        raise ValueError(f"no such platform: {platform}")
    done = await connect_slack(
        MANIFEST, ENV_FILE, ask=_ask, say=print, http=http, api_url=settings.slack_api_url
    )
    return 0 if done else 1


def _ask(prompt: str) -> str:
    """Without an echo on a terminal; a script may pipe the values in. Raises EOFError."""
    return getpass(prompt) if sys.stdin.isatty() else input(prompt)
