"""Fetches a file from an address that somebody else wrote: allowed hosts, few hops, bounded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urljoin

import aiohttp

from adapters.wire.bodies import TooLarge, read_answer
from core.errors import DeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOPS: Final = 3
TIMEOUT_S: Final = 30.0
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
HTML: Final = "text/html"


class Source(Protocol):
    """Where a file may come from."""

    def may_fetch(self, url: str) -> bool:
        """Asked for the first address and for each that it leads on to."""
        ...

    async def headers(self, url: str) -> Mapping[str, str]:
        """Of a request to an allowed address; a token goes to its own hosts and nowhere else."""
        ...


async def download(
    session: aiohttp.ClientSession,
    proxy_for: Callable[[str], str | None],
    source: Source,
    url: str,
    media_type: str,
    limit_bytes: int,
) -> bytes:
    """Raises DeliveryError: not allowed, too large, refused, or a web page where a file of another
    `media_type` was to be."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            for _ in range(HOPS + 1):
                if not source.may_fetch(url):
                    raise DeliveryError("file: not from a host that is allowed")
                headers = {"Accept-Encoding": "identity", **await source.headers(url)}
                async with session.get(
                    url, headers=headers, allow_redirects=False, proxy=proxy_for(url)
                ) as response:
                    if response.status in REDIRECTS:
                        url = urljoin(url, response.headers.get("Location", ""))
                        continue
                    return await _read(response, media_type, limit_bytes)
            raise DeliveryError("file: too many redirects")
    except TooLarge as error:
        raise DeliveryError("file: too large") from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise DeliveryError(f"file: {type(error).__name__}", retryable=True) from error
    except ValueError as error:
        raise DeliveryError("file: no address") from error


async def _read(response: aiohttp.ClientResponse, media_type: str, limit_bytes: int) -> bytes:
    if response.status != 200:
        raise DeliveryError(f"file: HTTP {response.status}", retryable=response.status >= 500)
    if response.content_type == HTML and media_type != HTML:
        raise DeliveryError("file: a web page came instead; most often one to sign in")
    return await read_answer(response, limit_bytes)
