from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass, field

import pytest

from core.completion import ChatMessage, ChatRequest, Completion, Finished, Image, Price, Usage
from core.errors import ConnectionFailed, ModelError, ModelTimeout, NotStored, ServiceUnavailable
from core.model.metered import IMAGE_TOKENS, MESSAGE_TOKENS, Meter, MeteredModel, count_prompt
from core.ports import Spent
from tests.fakes.clock import settle
from tests.fakes.model import USAGE, ScriptedModel, Step, collect, make_request

PRICE = Price(input_usd=1_000_000, output_usd=10_000_000)
"""One dollar for a token in, ten for a token out."""


class Words:
    """Counts words."""

    def count(self, text: str, model: str) -> int:
        return len(text.split())


@dataclass
class Prices:
    known: dict[str, Price] = field(default_factory=lambda: {"fake/model": PRICE})

    def price(self, model: str) -> Price | None:
        return self.known.get(model)


@dataclass
class Rows:
    """A ledger that keeps reservations in a list."""

    down: bool = False
    rows: list[Completion] = field(default_factory=list)

    async def reserve(
        self, turn_id: str, model: str, reserved_usd: float | None, *, within: object = None
    ) -> Completion:
        if self.down:
            raise NotStored
        self.rows.append(Completion(turn_id, len(self.rows) + 1, model, reserved_usd))
        return self.rows[-1]

    async def settle(self, completion: Completion) -> None:
        raise AssertionError("settled with the record of the turn")

    async def spent(self, *_args: object) -> Spent:
        return Spent()


class Bench:
    def __init__(self, *scripts: str | BaseException | list[Step]) -> None:
        self.inner = ScriptedModel(*scripts)
        self.rows, self.meter = Rows(), Meter()
        self.model = MeteredModel(self.inner, self.rows, Prices(), Words(), self.meter)

    async def ask(self, request: ChatRequest | None = None) -> Completion:
        with suppress(ModelError):
            await collect(self.model.stream(request or make_request("How are you?")))
        (completion,) = self.meter.take("turn-1")
        return completion


PROMPT_TOKENS = 2 * MESSAGE_TOKENS + 5
"""Of `Be brief.` and `How are you?`."""


async def test_the_most_that_a_call_can_cost_is_reserved_before_it() -> None:
    bench = Bench("ok")
    async with aclosing(bench.model.stream(make_request("How are you?", max_tokens=50))) as events:
        await anext(events)
        assert bench.rows.rows == [Completion("turn-1", 1, "fake/model", PROMPT_TOKENS + 50 * 10.0)]


async def test_reported_usage_is_exact() -> None:
    completion = await Bench("ok").ask()
    assert completion.usage == USAGE
    assert completion.cost_usd == USAGE.input_tokens + 10 * USAGE.output_tokens
    assert (completion.source, completion.outcome) == ("exact", "answered")


async def test_an_answer_without_usage_is_estimated() -> None:
    completion = await Bench(["I am", " well.", Finished(None, "m", "stop")]).ask()
    assert completion.usage == Usage(PROMPT_TOKENS, 3)
    assert completion.cost_usd == PROMPT_TOKENS + 30
    assert (completion.source, completion.outcome) == ("estimated", "answered")


async def test_a_stopped_answer_is_estimated_from_the_text_so_far() -> None:
    bench = Bench(["one two three", asyncio.Event()])
    call = asyncio.create_task(collect(bench.model.stream(make_request("How are you?"))))
    await settle()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    (completion,) = bench.meter.take("turn-1")
    assert completion.usage == Usage(PROMPT_TOKENS, 3)
    assert (completion.source, completion.outcome) == ("estimated", "stopped")


async def test_a_cut_answer_is_estimated_and_called_a_connection_error() -> None:
    for script in (["one two", ConnectionFailed()], ["one two", Finished(None, "m", "cut")]):
        completion = await Bench(list(script)).ask()
        assert completion.usage == Usage(PROMPT_TOKENS, 2)
        assert completion.outcome == "connection"


async def test_a_refused_call_costs_nothing() -> None:
    completion = await Bench(ServiceUnavailable()).ask()
    assert (completion.usage, completion.cost_usd) == (Usage(), 0.0)
    assert completion.outcome == "service_unavailable"


async def test_a_call_that_timed_out_had_most_likely_read_the_prompt() -> None:
    completion = await Bench(ModelTimeout()).ask()
    assert completion.usage == Usage(PROMPT_TOKENS, 0)
    assert (completion.source, completion.outcome) == ("estimated", "timeout")


async def test_a_model_without_a_price_is_not_free() -> None:
    completion = await Bench("ok").ask(make_request(model="fake/unknown"))
    assert completion.reserved_usd is None
    assert (completion.cost_usd, completion.source) == (None, "unknown")
    assert completion.usage == USAGE


async def test_without_a_reservation_nobody_is_asked() -> None:
    bench = Bench("ok")
    bench.rows.down = True
    with pytest.raises(NotStored):
        await collect(bench.model.stream(make_request()))
    assert bench.inner.requests == []
    assert bench.meter.take("turn-1") == ()


async def test_each_call_of_a_turn_is_handed_over_once_and_in_order() -> None:
    bench = Bench(ServiceUnavailable(), "ok")
    with pytest.raises(ServiceUnavailable):
        await collect(bench.model.stream(make_request()))
    await collect(bench.model.stream(make_request()))
    await collect(bench.model.stream(make_request(turn_id="turn-2")))
    assert [completion.n for completion in bench.meter.take("turn-1")] == [1, 2]
    assert bench.meter.take("turn-1") == ()
    assert len(bench.meter.take("turn-2")) == 1


def test_pictures_count_in_the_prompt() -> None:
    message = ChatMessage("user", "two words", (Image("image/png", b""),))
    assert count_prompt([message], "m", Words()) == MESSAGE_TOKENS + 2 + IMAGE_TOKENS


async def test_nothing_costs_nothing_whatever_the_price() -> None:
    completion = await Bench(ServiceUnavailable()).ask(make_request(model="fake/unknown"))
    assert (completion.cost_usd, completion.source) == (0.0, "estimated")
