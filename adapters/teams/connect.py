"""The way from nothing to a connected bot in Teams: two links, three pastes, each checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from adapters.teams.login import LoginRefused, LoginUnreachable, fetch_token
from adapters.wire.sessions import build_session
from adapters.wire.wizard import NOTHING_WRITTEN, GaveUp, ask_until_right, write_env
from core.conversation import GUID

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from adapters.wire.wizard import Ask, Line, Say

PORTAL_URL: Final = "https://portal.azure.com/#create/Microsoft.AzureBot"
DEVELOPER_PORTAL_URL: Final = "https://dev.teams.microsoft.com/tools/bots"
WRONG_SECRET: Final = frozenset({7000215, 7000222})
PROBE: Final = "not-a-secret"
"""Sent in its place while only the other two are known: which of them is wrong is told first."""

INTRODUCTION: Final = f"""\
1. Make a bot. With an Azure subscription: {PORTAL_URL}
   (type of app: Single Tenant; then Channels, add Microsoft Teams).
   Without one: {DEVELOPER_PORTAL_URL}, New bot.
2. Set its messaging endpoint (Configuration, or Endpoint address) to
   https://YOUR-HOST/api/messages"""


async def connect(
    env_file: Path, pack: Callable[[str], Line], *, ask: Ask, say: Say, login_url: str
) -> bool:
    """Ask, check, write the settings and the app package. True: everything is in place.

    `pack` writes the app package for an app id, and returns whether it is there and what to say
    about it; `ask` raises EOFError when nobody answers. Raises SettingError.
    """
    say(INTRODUCTION)
    try:
        found = await _ask_all(login_url, ask, say)
    except (GaveUp, EOFError):
        say(NOTHING_WRITTEN)
        return False
    write_env(env_file, found)
    say(f"Written to {env_file}.")
    is_packed, line = pack(found["MICROSOFT_APP_ID"])
    say(line)
    say("`python -m bot check` tries the settings out, `python -m bot run` starts.")
    return is_packed


async def _ask_all(login_url: str, ask: Ask, say: Say) -> dict[str, str]:
    async def is_id(_: str) -> Line:
        return True, "App id: looks right; the next answers will show it."

    async def is_tenant(value: str) -> Line:
        return await check_tenant(login_url, value, app_id)

    async def is_secret(value: str) -> Line:
        return await check_login(login_url, tenant, app_id, value)

    say("3. Configuration, Microsoft App ID; in the developer portal: Bot ID.")
    app_id = await ask_until_right("App id: ", explain_id, is_id, ask, say)
    say("4. Configuration, App Tenant ID; also in https://entra.microsoft.com, Overview.")
    tenant = await ask_until_right("Tenant id: ", explain_id, is_tenant, ask, say)
    say("5. Manage Password (or Client secrets), New client secret: copy its Value.")
    secret = await ask_until_right("Client secret: ", explain_secret, is_secret, ask, say)
    return {
        "MICROSOFT_APP_ID": app_id,
        "MICROSOFT_APP_PASSWORD": secret,
        "MICROSOFT_APP_TYPE": "SingleTenant",
        "MICROSOFT_APP_TENANT_ID": tenant,
    }


async def check_login(login_url: str, tenant: str, app_id: str, secret: str) -> Line:
    """Whether the directory gives a token for these; the line says what to do if not."""
    session = build_session()
    try:
        await fetch_token(session, login_url, tenant, app_id, secret)
    except LoginRefused as refusal:
        return False, f"Teams: {refusal.advice} (AADSTS{refusal.code})"
    except LoginUnreachable as failure:
        return False, f"Teams: {login_url} cannot be reached ({failure})"
    finally:
        await session.close()
    return True, "Teams: the app id, the tenant and the client secret belong together"


async def check_tenant(login_url: str, tenant: str, app_id: str) -> Line:
    """Asks with a wrong secret on purpose: the refusal tells whether app and tenant are known."""
    session = build_session()
    try:
        await fetch_token(session, login_url, tenant, app_id, PROBE)
    except LoginRefused as refusal:
        if refusal.code not in WRONG_SECRET:
            return False, f"Teams: {refusal.advice} (AADSTS{refusal.code})"
    except LoginUnreachable as failure:
        return False, f"Teams: {login_url} cannot be reached ({failure})"
    finally:
        await session.close()
    return True, "Teams: the tenant exists and knows the app"


def explain_id(value: str) -> str:
    """What is wrong with a pasted id at first sight; empty: nothing. Never repeats it."""
    if not value:
        return "Nothing was pasted."
    if GUID.fullmatch(value):
        return ""
    if "~" in value:
        return "That looks like a client secret; the id is 32 digits and letters in five groups."
    return "An id looks like 00000000-0000-0000-0000-000000000000: 0-9 and a-f in five groups."


def explain_secret(value: str) -> str:
    """The same for a client secret."""
    if not value:
        return "Nothing was pasted."
    if GUID.fullmatch(value):
        return (
            "That is an id. Copy the Value of the secret, which is shown once, not its Secret ID."
        )
    if any(sign.isspace() for sign in value):
        return "There is white space in it: only a part, or more than one line, was copied."
    return ""
