"""LiteLLM itself: loaded in a thread, as its import takes seconds, and warm before it is used."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOPBACK_NAMES = "localhost,127.0.0.1,::1"
NOBODY_URL = "http://127.0.0.1:9/v1"
"""A port of this machine that nobody listens at (https://www.rfc-editor.org/rfc/rfc863)."""
WARM_PROVIDERS = frozenset({"anthropic", "gemini"})
"""Providers of their own protocol whose first call needs nothing but an address and a key."""


class Library:
    """Begins to load with `start`; `loaded` waits for it and gives the module."""

    def __init__(self, models: Iterable[str] = ()) -> None:
        self._providers = WARM_PROVIDERS.intersection(model.split("/")[0] for model in models)
        self._loading: asyncio.Task[Any] | None = None

    def start(self) -> None:
        if self._loading is None:
            load = asyncio.to_thread(_load, ("openai", *sorted(self._providers)))
            self._loading = asyncio.create_task(load, name="load litellm")

    async def loaded(self) -> Any:
        """Raises what the import raised. Cancelled: only this caller stops waiting."""
        self.start()
        if self._loading is None:
            raise RuntimeError("the import was not started")
        return await asyncio.shield(self._loading)

    async def close(self) -> None:
        """Close LiteLLM's connections; a load that is still going on is waited for."""
        if self._loading is None:
            return
        with suppress(Exception):  # a failed load was told to whoever asked for the module
            await (await self.loaded()).close_litellm_async_clients()


def _load(providers: Iterable[str]) -> Any:
    # Without it, the import itself fetches a list of prices from the network.
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), LOOPBACK_NAMES)))
    litellm: Any = importlib.import_module("litellm")
    logging.getLogger("LiteLLM").setLevel(logging.WARNING)
    litellm.suppress_debug_info = True
    litellm.drop_params = True
    litellm.telemetry = False
    litellm.disable_hf_tokenizer_download = True
    asyncio.run(_warm_up(litellm, providers))
    return litellm


async def _warm_up(litellm: Any, providers: Iterable[str]) -> None:
    """The first calls load a lot more, and would hold up the event loop for over a second.

    A simulated answer warms up what reads answers; only a real connection, though a refused one,
    warms up what makes connections.
    """
    question: dict[str, Any] = {"messages": [{"role": "user", "content": "Hello"}]}
    await litellm.acompletion(model="openai/x", mock_response="Hello", **question)
    stream = await litellm.acompletion(
        model="openai/x", mock_response="Hello", stream=True, **question
    )
    async for _ in stream:
        pass
    for provider in providers:
        with suppress(Exception):  # which of LiteLLM's classes says `refused` matters to nobody
            await litellm.acompletion(
                model=f"{provider}/x",
                api_base=NOBODY_URL,
                api_key="none",
                stream=True,
                num_retries=0,
                max_retries=0,
                **question,
            )
    await litellm.close_litellm_async_clients()
