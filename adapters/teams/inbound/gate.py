"""Lets in what Teams signed for this bot, from tenants that may use it, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adapters.teams.fields import dict_field, text_field
from adapters.teams.inbound.keys import CHANNEL
from adapters.teams.inbound.tokens import SERVICE_URL_CLAIM
from adapters.wire.bodies import Refused
from adapters.wire.urls import is_loopback
from core.conversation import fold_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.teams.hosts import ServiceHosts
    from adapters.teams.inbound.tokens import Tokens
    from adapters.teams.settings import TeamsSettings

Json = dict[str, Any]

TOKEN_MAX_CHARS: Final = 8_192
FORWARDED: Final = ("forwarded", "x-forwarded-")
LOCAL_CHANNELS: Final = frozenset({CHANNEL, "emulator"})


class Gate:
    """`authenticate` says who sent a request, `authorize` whether its content fits to that."""

    def __init__(self, settings: TeamsSettings, tokens: Tokens, hosts: ServiceHosts) -> None:
        if not settings.app_id and not settings.unauthenticated:
            raise ValueError("without an app id everybody would be let in")
        self._settings = settings
        self._tokens = tokens
        self._hosts = hosts

    def check_host(self, headers: Mapping[str, str]) -> None:
        """Without tokens a web page could otherwise reach the bot under a name of its own, or a
        tunnel under its. Raises Refused with 403."""
        if not self._settings.unauthenticated:
            return
        is_forwarded = any(name.lower().startswith(FORWARDED) for name in headers)
        if is_forwarded or not is_loopback(f"http://{headers.get('Host', '')}"):
            raise Refused(403, "only for clients on this machine")

    async def authenticate(self, authorization: Sequence[str]) -> Mapping[str, Any]:
        """The claims of the one Authorization header. Raises Refused with 401; with 503 while no
        keys are known, as Teams delivers again."""
        if self._settings.unauthenticated:
            return {}
        return await self._tokens.verify(_read_bearer(authorization))

    def authorize(self, claims: Mapping[str, Any], activity: Json) -> None:
        """Raises Refused with 403: another channel, service address or tenant than it may be."""
        service_url = text_field(activity, "serviceUrl")
        if not self._hosts.allow(service_url):
            raise Refused(403, "not a service address of Teams")
        if self._settings.unauthenticated:
            if text_field(activity, "channelId") not in LOCAL_CHANNELS:
                raise Refused(403, "not from Teams")
            return
        if text_field(activity, "channelId") != CHANNEL:
            raise Refused(403, "not from Teams")
        if str(claims.get(SERVICE_URL_CLAIM)).rstrip("/") != service_url.rstrip("/"):
            raise Refused(403, "signed for another service address")
        tenant = read_tenant(activity)
        if not tenant or not self._settings.allows_tenant(tenant):
            raise Refused(403, "not a tenant that may use the bot")


def read_tenant(activity: Json) -> str:
    """In lower case; empty: none is named, or two different ones are."""
    named = (
        text_field(dict_field(dict_field(activity, "channelData"), "tenant"), "id"),
        text_field(dict_field(activity, "conversation"), "tenantId"),
    )
    found = {fold_id(tenant) for tenant in named if tenant}
    return found.pop() if len(found) == 1 else ""


def _read_bearer(authorization: Sequence[str]) -> str:
    scheme, _, token = authorization[0].partition(" ") if len(authorization) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token or len(token) > TOKEN_MAX_CHARS:
        raise Refused(401, "no token")
    return token.strip()
