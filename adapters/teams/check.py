"""Reaches what the bot needs of Microsoft, and says line by line what is right and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.teams.inbound.keys import KeySet, KeysUnavailable
from adapters.teams.login import LoginRefused, LoginUnreachable, fetch_token
from adapters.wire.sessions import build_session

if TYPE_CHECKING:
    import aiohttp

    from adapters.teams.settings import TeamsSettings
    from core.ports import Clock

Line = tuple[bool, str]


async def check(settings: TeamsSettings, clock: Clock) -> list[Line]:
    """One line for each thing that was tried. Whether Teams reaches the bot is not among them: that
    only a message shows."""
    if settings.unauthenticated:
        return [(True, "Teams: open to clients on this machine (no app id)")]
    async with build_session() as session:
        return [await _check_login(settings, session), await _check_keys(settings, session, clock)]


async def _check_login(settings: TeamsSettings, session: aiohttp.ClientSession) -> Line:
    try:
        await fetch_token(
            session,
            settings.login_url.rstrip("/"),
            settings.login_tenant,
            settings.app_id,
            settings.app_password,
            settings.scope,
        )
    except LoginRefused as refusal:
        return False, f"Teams sign-in: {refusal} (MICROSOFT_APP_ID, _PASSWORD, _TENANT_ID)"
    except LoginUnreachable as failure:
        return False, f"Teams sign-in: {settings.login_url} cannot be reached ({failure})"
    return True, "Teams: the app's secret opens Microsoft's sign-in"


async def _check_keys(
    settings: TeamsSettings, session: aiohttp.ClientSession, clock: Clock
) -> Line:
    try:
        await KeySet(session, settings.openid_url, clock).find("")
    except KeysUnavailable:
        return False, f"Teams keys: {settings.openid_url} gives none (TEAMS_OPENID_METADATA_URL)"
    return True, "Teams: the keys that its requests are signed with can be fetched"
