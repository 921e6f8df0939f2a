"""What is refused before the start: settings that are each right and cannot work together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.wire.urls import check_url
from core.conversation import GUID
from core.errors import SettingError

if TYPE_CHECKING:
    from bot.settings.reading import Settings

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def require_runnable(settings: Settings) -> None:
    """Refuse what cannot work, for `run`; raises SettingError."""
    if not settings.has_model:
        raise SettingError(
            "LLM_MODEL: no model is configured; set it (and LLM_API_KEY), "
            "or LLM_PROVIDER=demo to run with the demo model"
        )
    if not (settings.has_slack or settings.has_teams or settings.playground):
        raise SettingError(
            "SLACK_BOT_TOKEN: no channel is configured; run `python -m bot connect slack` "
            "(or teams), or set PLAYGROUND=true"
        )
    check_loopback(settings)
    if settings.has_slack:
        _check_slack(settings)
    _check_teams(settings)
    _check_langfuse(settings)


def check_loopback(settings: Settings) -> None:
    """The playground lets anybody speak as anybody: it is never served to a network."""
    if settings.playground and settings.host not in LOOPBACK:
        raise SettingError(
            "PLAYGROUND: it is for this machine only; set HOST=127.0.0.1, or PLAYGROUND=false"
        )


def _check_slack(settings: Settings) -> None:
    bot_token = settings.slack_bot_token.get_secret_value()
    app_token = settings.slack_app_token.get_secret_value()
    if not bot_token.startswith("xoxb-"):
        raise SettingError("SLACK_BOT_TOKEN: this is no bot token; it begins with xoxb-")
    if app_token and not app_token.startswith("xapp-"):
        raise SettingError("SLACK_APP_TOKEN: this is no app-level token; it begins with xapp-")
    if not app_token and not settings.slack_signing_secret.get_secret_value():
        raise SettingError(
            "SLACK_SIGNING_SECRET: set it for events over HTTP, or SLACK_APP_TOKEN for Socket Mode"
        )
    check_url(settings.slack_api_url, "SLACK_API_URL", settings.allow_plain_http)


def _check_teams(settings: Settings) -> None:
    """An empty app id would let everybody in, so it takes a switch, and loopback."""
    if settings.microsoft_app_id:
        if settings.teams_allow_unauthenticated:
            raise SettingError(
                "TEAMS_ALLOW_UNAUTHENTICATED: it is for a bot without MICROSOFT_APP_ID; remove one"
            )
        _check_teams_app(settings)
    elif settings.teams_allow_unauthenticated:
        if settings.host not in LOOPBACK:
            raise SettingError(
                "TEAMS_ALLOW_UNAUTHENTICATED: it is for this machine only; set HOST=127.0.0.1"
            )
    elif settings.microsoft_app_password.get_secret_value():
        raise SettingError("MICROSOFT_APP_ID: it is missing, and MICROSOFT_APP_PASSWORD is set")


def _check_teams_app(settings: Settings) -> None:
    _check_id(settings.microsoft_app_id, "MICROSOFT_APP_ID")
    if not settings.microsoft_app_password.get_secret_value():
        raise SettingError("MICROSOFT_APP_PASSWORD: set the client secret of MICROSOFT_APP_ID")
    tenant = settings.microsoft_app_tenant_id
    if settings.microsoft_app_type == "SingleTenant" and not tenant:
        raise SettingError("MICROSOFT_APP_TENANT_ID: a SingleTenant app needs the id of its tenant")
    if not tenant and not settings.teams_allowed_tenants:
        raise SettingError(
            "TEAMS_ALLOWED_TENANTS: name the tenants that may write to the bot, or * for all"
        )
    if tenant:
        _check_id(tenant, "MICROSOFT_APP_TENANT_ID")
    for allowed in settings.teams_allowed_tenants:
        if allowed != "*":
            _check_id(allowed, "TEAMS_ALLOWED_TENANTS")
    check_url(settings.teams_login_url, "TEAMS_LOGIN_URL")
    check_url(settings.teams_openid_metadata_url, "TEAMS_OPENID_METADATA_URL")


def _check_id(value: str, name: str) -> None:
    """A domain opens Microsoft's sign-in too, but Teams names a tenant by its id alone."""
    if not GUID.fullmatch(value):
        raise SettingError(
            f"{name}: write the id, not a name; it looks like 00000000-0000-0000-0000-000000000000"
        )


def _check_langfuse(settings: Settings) -> None:
    has_public = bool(settings.langfuse_public_key)
    has_private = bool(settings.langfuse_secret_key.get_secret_value())
    if has_public != has_private:
        missing = "LANGFUSE_PUBLIC_KEY" if has_private else "LANGFUSE_SECRET_KEY"
        raise SettingError(f"{missing}: tracing needs both keys; set it, or remove the other one")
    for name in ("langfuse_base_url", "langfuse_host"):
        if has_public and (url := getattr(settings, name)):
            check_url(url, name.upper(), settings.allow_plain_http)
