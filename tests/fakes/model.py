"""A language model that says what the test wrote down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from core.completion import (
    ChatMessage,
    ChatRequest,
    CompletionEvent,
    Delta,
    Finished,
    Retrying,
    Switched,
    Usage,
)
from core.errors import ModelError

USAGE = Usage(input_tokens=12, output_tokens=5)


@dataclass(frozen=True, slots=True)
class Pause:
    """Time (the loop's: use looptime) in which nothing comes."""

    seconds: float


Step = str | CompletionEvent | Pause | asyncio.Event | BaseException
"""Text becomes a Delta, an error is raised, an event is waited for."""


class ScriptedModel:
    """Each call plays the next script; the last one is played again for all further calls.

    A script that neither raises nor ends itself is closed with Finished("stop").
    """

    def __init__(self, *scripts: str | BaseException | list[Step], model: str = "") -> None:
        self._scripts = [s if isinstance(s, list) else [s] for s in scripts] or [["Hello."]]
        self._model = model
        self.requests: list[ChatRequest] = []
        """What was asked, one entry a call."""
        self.running = 0
        self.most_running = 0
        self.closed_early = 0
        """Calls that were closed or cancelled before they ended by themselves."""

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
        self.requests.append(request)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            async with aclosing(self._play(script, request)) as events:
                async for event in events:
                    yield event
        except (GeneratorExit, asyncio.CancelledError):
            self.closed_early += 1
            raise
        finally:
            self.running -= 1

    async def _play(
        self, script: list[Step], request: ChatRequest
    ) -> AsyncGenerator[CompletionEvent, None]:
        finished = False
        for step in script:
            match step:
                case str():
                    yield Delta(step)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case asyncio.Event():
                    await step.wait()
                case BaseException():
                    raise step
                case Delta() | Retrying() | Switched() | Finished():
                    finished = finished or isinstance(step, Finished)
                    yield step
        if not finished:
            yield Finished(USAGE, self._model or request.model, "stop")


def make_request(
    text: str = "Hello?",
    *,
    turn_id: str = "turn-1",
    model: str = "fake/model",
    max_tokens: int = 100,
) -> ChatRequest:
    """A request with one question."""
    return ChatRequest(
        turn_id=turn_id,
        messages=(ChatMessage("system", "Be brief."), ChatMessage("user", text)),
        model=model,
        temperature=0.7,
        max_tokens=max_tokens,
    )


async def collect(stream: AsyncGenerator[CompletionEvent, None]) -> list[CompletionEvent]:
    """Everything a stream says."""
    async with aclosing(stream) as events:
        return [event async for event in events]


async def collect_until_error(
    stream: AsyncGenerator[CompletionEvent, None],
) -> tuple[list[CompletionEvent], ModelError | None]:
    """What a stream says before it raises, and what it raises; None: it ended well."""
    events: list[CompletionEvent] = []
    try:
        async with aclosing(stream) as source:
            async for event in source:
                events.append(event)
    except ModelError as error:
        return events, error
    return events, None


def text_of(events: list[CompletionEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))
