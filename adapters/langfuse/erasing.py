"""Forgetting a person in Langfuse: their traces, and their ratings of whatever trace.

The server deletes in the background, some minutes later; what is asked for twice does no harm.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
from langfuse.api import LangfuseAPI
from langfuse.api.core.api_error import ApiError

from adapters.langfuse.checking import build_http
from adapters.langfuse.scores import NAME
from adapters.langfuse.texts import Texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from langfuse.api.core.request_options import RequestOptions

    from adapters.langfuse.settings import LangfuseSettings

PAGE = 100
MAX_PAGES = 2_000
"""Of observations, and of scores: then a command ends, and says that there may be more."""
BATCH = 100
"""Traces deleted by one request."""
LIMIT_S = 600.0
PATIENT: RequestOptions = {"max_retries": 3, "timeout_in_seconds": 30}


class ErasingFailedError(Exception):
    """In one line; what was deleted before stays deleted, and all of it may be asked for again."""


async def erase(
    settings: LangfuseSettings,
    scrub: Callable[[str], str],
    person: tuple[str, str, str],
    *,
    dry_run: bool,
) -> tuple[int, int]:
    """How many traces and ratings were deleted, or would be. `person`: platform, workspace, id.
    Raises ErasingFailedError."""
    with build_http(settings.address) as http:
        api = LangfuseAPI(
            base_url=settings.address,
            username=settings.public_key,
            password=settings.secret_key,
            httpx_client=http,
        )
        erasing = _Erasing(api, settings.address, Texts(scrub, shown=False), person)
        try:
            async with asyncio.timeout(LIMIT_S):
                return await asyncio.to_thread(erasing.run, dry_run=dry_run)
        except TimeoutError:
            erasing.give_up()
            words = f"did not come to an end within {LIMIT_S:.0f} s"
        except ApiError as error:
            words = f"answers {error.status_code}"
        except httpx.HTTPError as error:
            words = f"cannot be reached ({type(error).__name__})"
        raise ErasingFailedError(f"{settings.address} {words}")


class _Erasing:
    """Blocks, in a thread of its own."""

    def __init__(
        self, api: LangfuseAPI, address: str, texts: Texts, person: tuple[str, str, str]
    ) -> None:
        platform, _, user_id = person
        self._api = api
        self._address = address
        self._user = texts.label(":".join(person))
        self._rater = {"platform": texts.label(platform), "user": texts.label(user_id)}
        self._is_late = False

    def give_up(self) -> None:
        """Before its next request."""
        self._is_late = True

    def run(self, *, dry_run: bool) -> tuple[int, int]:
        """All is looked for before anything is deleted: pages move while rows go."""
        traces, ratings = sorted(set(self._traces())), sorted(set(self._ratings()))
        if not dry_run:
            for at in range(0, len(traces), BATCH):
                self._go_on()
                batch = traces[at : at + BATCH]
                self._api.trace.delete_multiple(trace_ids=batch, request_options=PATIENT)
            for rating in ratings:
                self._go_on()
                self._api.scores.delete(rating, request_options=PATIENT)
        return len(traces), len(ratings)

    def _traces(self) -> Iterator[str]:
        cursor = None
        for _ in range(MAX_PAGES):
            self._go_on()
            page = self._api.observations.get_many(
                user_id=self._user,
                is_root_observation=True,
                fields="core",
                limit=PAGE,
                cursor=cursor,
                request_options=PATIENT,
            )
            yield from (one.trace_id for one in page.data if one.trace_id)
            cursor = page.meta.cursor
            if cursor is None:
                return
        raise self._too_many("traces of this person")

    def _ratings(self) -> Iterator[str]:
        """Langfuse cannot be asked for those of a person: all are looked through."""
        cursor = None
        for _ in range(MAX_PAGES):
            self._go_on()
            page = self._api.scores.get_many(
                name=NAME, fields="details", limit=PAGE, cursor=cursor, request_options=PATIENT
            )
            for one in page.data:
                metadata = one.metadata if isinstance(one.metadata, dict) else {}
                if {name: metadata.get(name) for name in self._rater} == self._rater:
                    yield one.id
            cursor = page.meta.cursor
            if cursor is None:
                return
        raise self._too_many("ratings")

    def _too_many(self, what: str) -> ErasingFailedError:
        return ErasingFailedError(f"{self._address} has more {what} than can be listed at once")

    def _go_on(self) -> None:
        if self._is_late:
            raise ErasingFailedError("took too long")
