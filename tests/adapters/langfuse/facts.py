"""Turns, calls and ratings to trace, and a tracer that waits for nothing."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
from langfuse.api import LangfuseAPI

from adapters.langfuse.settings import LangfuseSettings
from adapters.langfuse.tracer import LangfuseTracer, Pace
from core.completion import Call, ChatMessage, ChatRequest, Completion, Usage
from core.conversation import Author, ConversationKey
from core.rating import Rating
from core.scrub import Scrubber
from core.turn import Turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.standins.langfuse import LangfuseStandIn

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ADA = Author("U1", "Ada")
AT_ONCE = Pace(gather_s=0.0, first_retry_s=0.02, longest_retry_s=0.05)
MODEL = "gemini/gemini-2.5-flash"
_projects = itertools.count(1)


def new_keys() -> dict[str, str]:
    """Of a project of its own: the SDK has one client for each public key of a process."""
    number = next(_projects)
    return {"public_key": f"pk-lf-test-{number}", "secret_key": f"sk-lf-test-{number}"}


def settings_of(langfuse: LangfuseStandIn, **changes: Any) -> LangfuseSettings:
    given: dict[str, Any] = {
        "public_key": langfuse.public_key,
        "secret_key": langfuse.secret_key,
        "base_url": langfuse.base_url,
    }
    return LangfuseSettings(**given | changes)


@asynccontextmanager
async def tracing(langfuse: LangfuseStandIn, **changes: Any) -> AsyncIterator[LangfuseTracer]:
    settings = settings_of(langfuse, **changes)
    tracer = LangfuseTracer(settings, Scrubber([settings.secret_key]), AT_ONCE)
    try:
        yield tracer
    finally:
        await tracer.close()


@contextmanager
def reading(langfuse: LangfuseStandIn) -> Iterator[LangfuseAPI]:
    with httpx.Client() as http:
        yield LangfuseAPI(
            base_url=langfuse.base_url,
            username=langfuse.public_key,
            password=langfuse.secret_key,
            httpx_client=http,
        )


def turn(**changes: Any) -> Turn:
    given: dict[str, Any] = {
        "turn_id": "t1",
        "conversation": ConversationKey("slack", "T1", "C1", "100.0"),
        "author": ADA,
        "kind": "question",
        "outcome": "answered",
        "received_at": NOON,
        "question": "What is our VPN address?",
        "message_id": "101.5",
        "answer": "vpn.example.org",
        "model": MODEL,
        "prompt_version": "p-7",
        "first_visible_s": 1.5,
        "latency_s": 4.0,
        "attempts": 1,
        "correlation_id": "t1",
    }
    return Turn(**given | changes)


def call(**changes: Any) -> Call:
    given: dict[str, Any] = {
        "request": request(),
        "completion": completion(),
        "said": "vpn.example.org",
        "began_at": NOON + timedelta(seconds=1),
        "took_s": 2.5,
        "first_token_s": 0.5,
        "finish_reason": "stop",
    }
    return Call(**given | changes)


def request(**changes: Any) -> ChatRequest:
    given: dict[str, Any] = {
        "turn_id": "t1",
        "messages": (
            ChatMessage("system", "Be brief."),
            ChatMessage("user", "Hello"),
            ChatMessage("assistant", "Hi"),
            ChatMessage("user", "What is our VPN address?"),
        ),
        "model": MODEL,
        "temperature": 0.3,
        "max_tokens": 500,
    }
    return ChatRequest(**given | changes)


def completion(**changes: Any) -> Completion:
    given: dict[str, Any] = {
        "turn_id": "t1",
        "n": 1,
        "model": MODEL,
        "reserved_usd": 0.5,
        "usage": Usage(100, 60, cached_tokens=30, reasoning_tokens=20),
        "cost_usd": 0.0125,
        "source": "exact",
        "outcome": "answered",
    }
    return Completion(**given | changes)


def rating(**changes: Any) -> Rating:
    given: dict[str, Any] = {"turn_id": "t1", "author": ADA, "value": 1, "asked_at": NOON}
    return Rating(**given | changes)
