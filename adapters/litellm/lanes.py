"""All configured models behind one ChatModel: each request goes to the lane of its model."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from adapters.litellm.full import FullLane
from adapters.litellm.lean import LeanLane
from adapters.litellm.library import Library
from core.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    import aiohttp

    from adapters.litellm.targets import Target
    from core.completion import ChatRequest, CompletionEvent
    from core.ports import ChatModel


class Lanes:
    """Lanes for `targets`. LiteLLM is loaded only if one of them needs it.

    The session is the caller's to close, after `close`.
    """

    def __init__(self, targets: Iterable[Target], session: aiohttp.ClientSession) -> None:
        self._session = session
        targets = tuple(targets)
        self._library = Library(target.model for target in targets)
        self._lanes = {target.model: self._build(target) for target in targets}

    def start(self) -> None:
        """Begin to load what takes long. Requests wait for it by themselves."""
        if any(isinstance(lane, FullLane) for lane in self._lanes.values()):
            self._library.start()

    async def ready(self) -> None:
        """Returns once no lane has to load anything any more; raises what its import raised."""
        if any(isinstance(lane, FullLane) for lane in self._lanes.values()):
            await self._library.loaded()

    async def close(self) -> None:
        await self._library.close()

    def add(self, target: Target) -> None:
        """One more model, or another way to one of that name; calls under way go on."""
        self._lanes[target.model] = self._build(target)
        self.start()

    async def stream(self, request: ChatRequest) -> AsyncGenerator[CompletionEvent, None]:
        """Raises BadRequest for a model that is not configured."""
        lane = self._lanes.get(request.model)
        if lane is None:
            raise BadRequest(f"no model {request.model!r} is configured")
        async with aclosing(lane.stream(request)) as events:
            async for event in events:
                yield event

    def _build(self, target: Target) -> ChatModel:
        if target.lane == "litellm":
            return FullLane(target, self._library)
        return LeanLane(target, self._session)
