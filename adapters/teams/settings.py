"""What the Teams channel is configured with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

DEFAULT_LOGIN_URL = "https://login.microsoftonline.com"
DEFAULT_OPENID_URL = "https://login.botframework.com/v1/.well-known/openidconfiguration"
DEFAULT_SCOPE = "https://api.botframework.com/.default"
BOT_FRAMEWORK_TENANT = "botframework.com"
ANY_TENANT = "*"


@dataclass(frozen=True, slots=True)
class TeamsSettings:
    """The MICROSOFT_APP_* and TEAMS_* settings; ids in lower case."""

    app_id: str
    app_password: str = field(default="", repr=False)
    app_type: Literal["SingleTenant", "MultiTenant"] = "SingleTenant"
    tenant_id: str = ""
    allowed_tenants: tuple[str, ...] = ()
    service_hosts: tuple[str, ...] = ()
    login_url: str = DEFAULT_LOGIN_URL
    openid_url: str = DEFAULT_OPENID_URL
    unauthenticated: bool = False
    """Without an app id, for a client on this machine: nobody is asked for a token."""

    @property
    def login_tenant(self) -> str:
        """Where the bot's own token comes from."""
        return self.tenant_id if self.app_type == "SingleTenant" else BOT_FRAMEWORK_TENANT

    @property
    def cloud(self) -> str:
        """The end of Microsoft's own names: `com`, or `us` for the government's."""
        return "us" if (urlsplit(self.openid_url).hostname or "").endswith(".us") else "com"

    @property
    def issuer(self) -> str:
        """Of the tokens that Teams sends."""
        return f"https://api.botframework.{self.cloud}"

    @property
    def scope(self) -> str:
        """Of the token that the bot asks for."""
        return f"{self.issuer}/.default"

    def allows_tenant(self, tenant: str) -> bool:
        allowed = self.allowed_tenants or (self.tenant_id,)
        return self.unauthenticated or ANY_TENANT in allowed or tenant in allowed
