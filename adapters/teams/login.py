"""Gets the token that the bot writes to Teams with: one client-credentials request to Entra ID.

https://learn.microsoft.com/en-us/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import aiohttp

from adapters.teams.settings import DEFAULT_SCOPE
from adapters.wire.sessions import proxy_for

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S: Final = 10.0
ADVICE: Final[Mapping[int, str]] = {
    50034: "the directory does not know this app: compare the app id with the one in Azure",
    53003: "a Conditional Access policy of the tenant blocks the app: ask who administers it",
    90002: "there is no such tenant: copy the Directory (tenant) ID again",
    700016: "the app does not exist in this tenant: compare app id and tenant id with Azure",
    900023: "that is not the id of a tenant: copy the Directory (tenant) ID again",
    7000112: "the app is disabled in its tenant: enable it under Enterprise applications",
    7000215: "the client secret is wrong: copy the Value of the secret, not its Secret ID",
    7000216: "no client secret was sent",
    7000222: "the client secret has expired: make a new one and use its value",
    7000229: "the app has no service principal in this tenant: create its Enterprise application",
}
"""https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes"""
PASSING_CODES: Final = frozenset({50196, 90033})
"""A loop that was noticed, and trouble of the directory itself: later may be fine."""


@dataclass(frozen=True, slots=True)
class Token:
    value: str = field(repr=False)
    expires_in_s: float
    """Counted from when the answer came."""


class LoginRefused(Exception):
    """The directory answered no, and would again."""

    def __init__(self, code: int, advice: str) -> None:
        super().__init__(f"AADSTS{code}: {advice}" if code else advice)
        self.code = code
        """The number of an AADSTS code; 0: none was given."""
        self.advice = advice
        """What is wrong and what to do, for who runs the bot; without any of the values."""


class LoginUnreachable(Exception):
    """No usable answer; the same request may succeed in a moment."""


async def fetch_token(
    session: aiohttp.ClientSession,
    login_url: str,
    tenant: str,
    app_id: str,
    password: str,
    scope: str = DEFAULT_SCOPE,
) -> Token:
    """Asks once. `login_url` has no slash at its end; `tenant` is an id or a domain.

    Raises LoginRefused, LoginUnreachable.
    """
    url = f"{login_url}/{quote(tenant, safe='')}/oauth2/v2.0/token"
    form = {
        "grant_type": "client_credentials",
        "client_id": app_id,
        "client_secret": password,
        "scope": scope,
    }
    try:
        async with session.post(
            url,
            data=form,
            proxy=proxy_for(url),
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        ) as response:
            status, content = response.status, await response.read()
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise LoginUnreachable(type(error).__name__) from error
    return _read_answer(status, _read_object(content))


def _read_answer(status: int, answer: Mapping[str, Any]) -> Token:
    value, lifetime = answer.get("access_token"), answer.get("expires_in")
    if status == 200 and isinstance(value, str) and value:
        return Token(value, _read_seconds(lifetime))
    code = _read_code(answer)
    if status not in (400, 401, 403) or code in PASSING_CODES or "error" not in answer:
        raise LoginUnreachable(f"HTTP {status}" + (f" AADSTS{code}" if code else ""))
    raise LoginRefused(code, ADVICE.get(code, "Microsoft's sign-in refuses these credentials"))


def _read_code(answer: Mapping[str, Any]) -> int:
    codes = answer.get("error_codes")
    first = codes[0] if isinstance(codes, list) and codes else 0
    return first if isinstance(first, int) else 0


def _read_seconds(lifetime: Any) -> float:
    """Some clouds write the number as text; without one it is used once, and asked for again."""
    try:
        seconds = float(lifetime)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return seconds if math.isfinite(seconds) and seconds > 0 else 0.0


def _read_object(content: bytes) -> Mapping[str, Any]:
    """Empty: that was no JSON object."""
    try:
        answer = json.loads(content.decode())
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
