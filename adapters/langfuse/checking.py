"""Whether a Langfuse server is there, new enough, and takes the keys; in one line."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import httpx
from langfuse.api import LangfuseAPI
from langfuse.api.core.api_error import ApiError

from adapters.wire.urls import is_loopback

if TYPE_CHECKING:
    from langfuse.api.core.request_options import RequestOptions

    from adapters.langfuse.settings import LangfuseSettings

Line = tuple[bool, str]
OLDEST_SERVER = (4, 59)
"""The first that takes a list of scores, as this SDK sends them."""
TIMEOUT_S = 5
LIMIT_S = 15.0
"""A server that sends a byte now and then keeps within every timeout of the SDK's."""
ONCE: RequestOptions = {"max_retries": 0, "timeout_in_seconds": TIMEOUT_S}


async def check(settings: LangfuseSettings) -> Line:
    """For a command: takes at most 15 seconds."""
    with build_http(settings.address) as http:
        api = LangfuseAPI(
            base_url=settings.address,
            username=settings.public_key,
            password=settings.secret_key,
            timeout=TIMEOUT_S,
            httpx_client=http,
        )
        try:
            async with asyncio.timeout(LIMIT_S):
                return await asyncio.to_thread(examine, api, settings.address)
        except TimeoutError:
            return False, f"Langfuse: {settings.address} does not come to an end of its answer"


def build_http(address: str) -> httpx.Client:
    """For the SDK; proxies and certificates are the environment's, unless it is this machine."""
    return httpx.Client(timeout=TIMEOUT_S, trust_env=not is_loopback(address))


def examine(api: LangfuseAPI, address: str) -> Line:
    """Blocks for two requests at most; never raises."""
    try:
        version = api.health.health(request_options=ONCE).version
    except ApiError as error:
        return False, (
            f"Langfuse: {address} answers {error.status_code} when asked how it is; "
            "is LANGFUSE_BASE_URL right?"
        )
    except httpx.TransportError as error:
        return False, (
            f"Langfuse: {address} cannot be reached ({type(error).__name__}); "
            "check LANGFUSE_BASE_URL"
        )
    except Exception as error:  # noqa: BLE001 - whatever answers there, it is no Langfuse
        return False, f"Langfuse: {address} is no Langfuse server ({type(error).__name__})"
    if is_too_old(version):
        wanted = ".".join(map(str, OLDEST_SERVER))
        return False, (
            f"Langfuse: {address} has version {version}, which loses ratings; "
            f"update it to {wanted} or newer"
        )
    return _examine_keys(api, address, version)


def _examine_keys(api: LangfuseAPI, address: str, version: str) -> Line:
    try:
        projects = api.projects.get(request_options=ONCE).data
    except ApiError as error:
        if error.status_code in (401, 403):
            return False, (
                f"Langfuse: {address} does not take the keys; set LANGFUSE_PUBLIC_KEY and "
                "LANGFUSE_SECRET_KEY to those of one project there"
            )
        return False, f"Langfuse: {address} answers {error.status_code} to a request with the keys"
    except Exception as error:  # noqa: BLE001 - as above: it is said, nothing else depends on it
        return False, f"Langfuse: {address} failed on a request with the keys ({error!r})"
    names = ", ".join(project.name for project in projects)
    return True, f"Langfuse: version {version} at {address}, project {names}"


def is_too_old(version: str) -> bool:
    """A version that is no number is taken for a new one."""
    found = re.match(r"v?(\d{1,6})\.(\d{1,6})", version)
    return found is not None and (int(found[1]), int(found[2])) < OLDEST_SERVER
