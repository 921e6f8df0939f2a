"""Where DATABASE_URL says that the server is, in the words of the driver."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from core.errors import SettingError

_SCHEMES = ("postgresql+asyncpg", "postgresql", "postgres")
"""All are served by asyncpg."""


def is_postgres(database_url: str) -> bool:
    return database_url.partition("://")[0] in _SCHEMES


def read_address(database_url: str) -> str:
    """The address that the driver connects to. Raises SettingError, which never repeats the
    setting. Several hosts, TLS and sockets are parameters that the driver reads itself."""
    try:
        parts = urlsplit(database_url)
        parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise SettingError(
            "DATABASE_URL is not a URL: write it like postgresql+asyncpg://user:password@host/name"
        ) from None  # the cause would show the value
    if not parts.path.strip("/"):
        raise SettingError(
            "DATABASE_URL must name a database after the host, "
            "like postgresql+asyncpg://user:password@host/name"
        )
    if "ssl" in parameters:  # SQLAlchemy's word for it, which the driver would send to the server
        parameters["sslmode"] = parameters.pop("ssl")
    return parts._replace(scheme="postgresql", query=urlencode(parameters)).geturl()


def without_password(database_url: str) -> str:
    """The address for other programs of PostgreSQL, to be shown. Raises SettingError."""
    parts = urlsplit(read_address(database_url))
    user, at, hosts = parts.netloc.rpartition("@")
    parameters = [one for one in parse_qsl(parts.query) if one[0] != "password"]
    shown = user.partition(":")[0] + at + hosts
    return parts._replace(netloc=shown, query=urlencode(parameters)).geturl()
