"""Reaches Slack with the configured tokens, and says line by line what is right and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.slack.client import build_session
from adapters.slack.web.door import SlackDoor
from adapters.slack.web.errors import SlackRefused, SlackUnreachable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adapters.slack.settings import SlackSettings

SCOPES: Final = frozenset(
    {
        "app_mentions:read",
        "assistant:write",
        "channels:history",
        "chat:write",
        "commands",
        "files:read",
        "groups:history",
        "im:history",
        "mpim:history",
        "reactions:read",
        "users:read",
    }
)
"""Without these something does not work; the manifest asks for a few more."""
MEANINGS: Final[Mapping[str, str]] = {
    "account_inactive": "the app was removed from the workspace: install it again",
    "invalid_auth": "Slack does not know this token: copy it again",
    "not_allowed_token_type": "this is another kind of token",
    "not_authed": "no token was sent",
    "missing_scope": "the token lacks a permission: install the app anew from the manifest",
    "token_expired": "the token has expired: install the app again",
    "token_revoked": "the token was revoked: install the app again",
}

Line = tuple[bool, str]


async def check(settings: SlackSettings) -> list[Line]:
    """One line for each thing that was tried."""
    lines = [await check_bot_token(settings)]
    if settings.app_token:
        lines.append(await check_app_token(settings))
    if settings.signing_secret:
        lines.append((True, "Slack over HTTP: a signing secret is set (Slack alone can test it)"))
    if not settings.app_token and not settings.signing_secret:
        lines.append(
            (False, "Slack: set SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)")
        )
    return lines


async def check_bot_token(settings: SlackSettings) -> Line:
    try:
        data, granted = await _call(settings, "auth.test")
    except _Problem as problem:
        return False, f"Slack bot token: {problem} (SLACK_BOT_TOKEN)"
    missing = sorted(SCOPES - granted) if granted else []
    if missing:
        wanted = ", ".join(missing)
        return False, f"Slack bot token: lacks {wanted}; update the app from manifest.json"
    return True, f"Slack: {data.get('user')} in {data.get('team')}"


async def check_app_token(settings: SlackSettings) -> Line:
    try:
        await _call(settings, "apps.connections.open", token=settings.app_token)
    except _Problem as problem:
        return False, f"Slack app token: {problem} (SLACK_APP_TOKEN)"
    return True, "Slack Socket Mode: the app token opens connections"


class _Problem(Exception):
    """What is wrong, in words."""


async def _call(
    settings: SlackSettings, method: str, token: str = ""
) -> tuple[dict[str, Any], frozenset[str]]:
    """The answer and the scopes that the token has, where Slack says so."""
    session = build_session()
    try:
        door = SlackDoor(session, settings.base_url, token or settings.bot_token)
        answer = await door.send(method, {})
    except SlackRefused as refusal:
        raise _Problem(MEANINGS.get(refusal.code, f"Slack says {refusal.code}")) from refusal
    except SlackUnreachable as failure:
        raise _Problem(f"{settings.base_url} cannot be reached ({failure})") from failure
    finally:
        await session.close()
    scopes = answer.headers.get("x-oauth-scopes", "")
    granted = frozenset(scope.strip() for scope in scopes.split(",") if scope.strip())
    return answer.data, granted
