"""Which addresses may be spoken to: https, or plain http where nobody can listen in."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Collection


def is_loopback(url: str) -> bool:
    """Whether the address is this machine's own, by its spelling alone: nothing is resolved."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_url(url: str, setting: str, plain_http_hosts: Collection[str] = ()) -> str:
    """The address without a slash at its end.

    Raises SettingError, naming the setting and not its value: an address may carry a password.
    `plain_http_hosts` are `host` or `host:port` that may be reached without TLS.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SettingError(f"{setting}: this is not an address") from error
    if parts.scheme not in ("https", "http") or not host or any(c.isspace() for c in url):
        raise SettingError(f"{setting}: write an address like https://host/v1")
    if parts.username is not None or parts.query or parts.fragment:
        raise SettingError(f"{setting}: no user name, query or fragment belongs in the address")
    allowed = {name.strip().lower() for name in plain_http_hosts}
    named = host in allowed or f"{host}:{port or 80}" in allowed
    if parts.scheme == "http" and not is_loopback(url) and not named:
        raise SettingError(
            f"{setting}: use https, or name the host in ALLOW_PLAIN_HTTP if its network is trusted"
        )
    return url.rstrip("/")
