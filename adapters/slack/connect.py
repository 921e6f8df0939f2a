"""The way from nothing to a connected app: one link, at most three pastes, each checked live."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from adapters.slack.check import check_app_token, check_bot_token
from adapters.slack.settings import DEFAULT_API_URL, SlackSettings
from adapters.wire.wizard import NOTHING_WRITTEN, GaveUp, ask_until_right, write_env

if TYPE_CHECKING:
    from adapters.wire.wizard import Ask, Say

NEW_APP_URL: Final = "https://api.slack.com/apps?new_app=1&manifest_json="
SECRET: Final = re.compile(r"[0-9a-f]{32}")
KINDS: Final = {
    "xoxb-": "a bot token",
    "xoxp-": "a user token",
    "xapp-": "an app-level token",
    "xoxe": "a configuration or refresh token",
    "https://": "an address",
}


def build_link(manifest: Path) -> str:
    """Opens Slack's page for a new app with everything filled in."""
    compact = json.dumps(json.loads(manifest.read_text("utf-8")), separators=(",", ":"))
    return NEW_APP_URL + quote(compact, safe="")


async def connect(
    manifest: Path,
    env_file: Path,
    *,
    ask: Ask,
    say: Say,
    http: bool = False,
    api_url: str = DEFAULT_API_URL,
) -> bool:
    """Ask, check, and write the settings. True: everything is in place. `ask` raises EOFError when
    nobody answers.

    `http`: events come over HTTP, verified by the signing secret, instead of Socket Mode.
    """
    settings = SlackSettings(bot_token="", api_url=api_url)
    say("1. Open this link, choose your workspace, and press Create, then Install:")
    say(build_link(manifest))

    async def bot_is_right(value: str) -> tuple[bool, str]:
        return await check_bot_token(replace(settings, bot_token=value))

    async def app_is_right(value: str) -> tuple[bool, str]:
        return await check_app_token(replace(settings, app_token=value))

    try:
        say("2. OAuth & Permissions, Bot User OAuth Token (it begins with xoxb-).")
        bot = partial(explain, prefix="xoxb-")
        pasted = await ask_until_right("Bot token: ", bot, bot_is_right, ask, say)
        found = {"SLACK_BOT_TOKEN": pasted}
        if http:
            say("3. Basic Information, App Credentials, Signing Secret.")
            found["SLACK_SIGNING_SECRET"] = await ask_until_right(
                "Signing secret: ", partial(explain, prefix=""), _is_secret, ask, say
            )
            say(
                "4. Turn Socket Mode off, and set the request URLs to https://YOUR-HOST/slack/events"
            )
        else:
            say("3. Basic Information, App-Level Tokens, Generate, scope connections:write.")
            found["SLACK_APP_TOKEN"] = await ask_until_right(
                "App token: ", partial(explain, prefix="xapp-"), app_is_right, ask, say
            )
    except (GaveUp, EOFError):
        say(NOTHING_WRITTEN)
        return False
    write_env(env_file, found)
    say(f"Written to {env_file}. `python -m bot check` tries it out, `python -m bot run` starts.")
    say("Then /invite the bot to a channel and mention it.")
    return True


def explain(value: str, prefix: str) -> str:
    """What is wrong with a pasted value at first sight; empty: nothing. Never repeats it."""
    if not value:
        return "Nothing was pasted."
    kind = next((kind for start, kind in KINDS.items() if value.startswith(start)), "")
    if prefix and not value.startswith(prefix):
        return f"That is {kind or 'something else'}; the one needed begins with {prefix}"
    if not prefix and kind:
        return f"That is {kind}; the signing secret is 32 letters and digits without a prefix."
    if any(sign.isspace() for sign in value):
        return "There is white space in it: only a part, or more than one line, was copied."
    return ""


async def _is_secret(value: str) -> tuple[bool, str]:
    if SECRET.fullmatch(value):
        return True, "Signing secret: looks right; the first event will show it."
    return False, "A signing secret is 32 characters, 0-9 and a-f."
