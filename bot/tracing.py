"""Tracing, where it is set up; without it nothing of it is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adapters.langfuse.settings import LangfuseSettings
from core.scrub import Scrubber

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack

    from adapters.langfuse.tracer import LangfuseTracer
    from bot.settings import Settings


def build_tracers(settings: Settings, resources: AsyncExitStack) -> Sequence[LangfuseTracer]:
    """One, or none; closed with the resources."""
    if not settings.has_langfuse:
        return ()
    from adapters.langfuse.tracer import LangfuseTracer

    tracer = LangfuseTracer(read_langfuse_settings(settings), Scrubber(settings.secrets()))
    resources.push_async_callback(tracer.close)
    return (tracer,)


def read_langfuse_settings(settings: Settings) -> LangfuseSettings:
    return LangfuseSettings(
        public_key=settings.langfuse_public_key,
        secret_key=settings.langfuse_secret_key.get_secret_value(),
        base_url=settings.langfuse_base_url or settings.langfuse_host,
        sample_rate=settings.langfuse_sample_rate,
        texts=settings.langfuse_text,
    )
