"""What arrives at a server for a turn, over the wire."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from langfuse import Langfuse, LangfuseOtelSpanAttributes
from opentelemetry import trace as opentelemetry

from adapters.langfuse.ids import is_sampled, trace_id
from core.completion import ChatMessage, Image, Usage
from core.conversation import Author, ConversationKey
from tests.adapters.langfuse.facts import NOON, call, completion, reading, request, tracing, turn

if TYPE_CHECKING:
    from core.completion import Call
    from core.turn import Turn
    from tests.standins.langfuse import LangfuseStandIn, Observation

Name = LangfuseOtelSpanAttributes


async def traced(
    langfuse: LangfuseStandIn, turn: Turn, *calls: Call, **settings: object
) -> list[Observation]:
    """Its observations, the root first."""
    async with tracing(langfuse, **settings) as tracer:
        for one in calls:
            tracer.called(one)
        tracer.turn_recorded(turn)
    return langfuse.trace(trace_id(turn.turn_id))


async def test_an_answer_is_one_trace_with_one_generation(langfuse: LangfuseStandIn) -> None:
    root, generation = await traced(langfuse, turn(), call())

    assert (root.name, root.type, root.parent_id) == ("turn", "agent", "")
    assert (root.began_at, root.ended_at) == (NOON, NOON + timedelta(seconds=4))
    assert root.get(Name.OBSERVATION_INPUT) == "What is our VPN address?"
    assert root.get(Name.OBSERVATION_OUTPUT) == "vpn.example.org"
    assert (generation.name, generation.type) == ("completion", "generation")
    assert generation.parent_id == root.id
    assert generation.began_at == NOON + timedelta(seconds=1)
    assert generation.ended_at == NOON + timedelta(seconds=3.5)
    for one in (root, generation):
        assert one.get(Name.OBSERVATION_LEVEL) == "DEFAULT"
        assert one.get(Name.OBSERVATION_STATUS_MESSAGE) is None


async def test_the_trace_is_found_by_conversation_person_and_kind(
    langfuse: LangfuseStandIn,
) -> None:
    for one in await traced(langfuse, turn(), call()):
        assert one.get(Name.TRACE_NAME) == "turn"
        assert one.get(Name.TRACE_SESSION_ID) == "slack:T1:C1:100.0"
        assert one.get(Name.TRACE_USER_ID) == "slack:T1:U1"
        assert one.get(Name.TRACE_TAGS) == ["slack", "channel"]
        assert one.get(Name.VERSION) == "p-7"
        assert one.metadata["correlation_id"] == "t1"
    (root, _) = langfuse.trace(trace_id("t1"))
    assert root.metadata == {
        "correlation_id": "t1",
        "message_id": "101.5",
        "outcome": "answered",
        "prompt_version": "p-7",
        "attempts": 1,
        "first_visible_s": 1.5,
    }
    assert "Ada" not in langfuse.text(), "the id is enough"


@pytest.mark.parametrize(
    ("address", "tag"), [("direct", "direct"), ("mention", "channel"), ("thread", "thread")]
)
async def test_the_kind_of_channel_is_a_tag(
    langfuse: LangfuseStandIn, address: str, tag: str
) -> None:
    (root,) = await traced(langfuse, turn(address=address))
    assert root.get(Name.TRACE_TAGS) == ["slack", tag]


async def test_a_generation_says_what_was_asked_and_what_it_cost(
    langfuse: LangfuseStandIn,
) -> None:
    _, generation = await traced(langfuse, turn(), call())
    assert generation.get(Name.OBSERVATION_MODEL) == "gemini/gemini-2.5-flash"
    assert generation.json(Name.OBSERVATION_MODEL_PARAMETERS) == {
        "temperature": 0.3,
        "max_tokens": 500,
    }
    assert generation.json(Name.OBSERVATION_INPUT) == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "What is our VPN address?"},
    ]
    assert generation.get(Name.OBSERVATION_OUTPUT) == "vpn.example.org"
    assert generation.json(Name.OBSERVATION_COST_DETAILS) == {"total": 0.0125}
    assert generation.json(Name.OBSERVATION_USAGE_DETAILS) == {
        "input": 70,
        "input_cached_tokens": 30,
        "output": 40,
        "output_reasoning_tokens": 20,
    }
    started = generation.json(Name.OBSERVATION_COMPLETION_START_TIME)
    assert started == "2026-03-02T12:00:01.500000Z"
    assert generation.metadata.items() >= {
        "call": 1, "outcome_of_call": "answered", "finish_reason": "stop", "usage": "exact",
    }.items()  # fmt: skip


async def test_an_unknown_price_is_left_out_and_never_zero(langfuse: LangfuseStandIn) -> None:
    unknown = completion(cost_usd=None, source="unknown")
    _, generation = await traced(langfuse, turn(), call(completion=unknown))
    assert generation.get(Name.OBSERVATION_COST_DETAILS) is None
    assert generation.metadata["usage"] == "unknown"


async def test_repetitions_and_fallbacks_are_generations_that_failed(
    langfuse: LangfuseStandIn,
) -> None:
    failed = completion(outcome="rate_limit", usage=Usage(), cost_usd=0.0)
    calls = [
        call(completion=failed, said="", error="429: slow down", first_token_s=None,
             finish_reason=None),
        call(completion=replace(failed, n=2, outcome="timeout"), said="", first_token_s=None,
             began_at=NOON + timedelta(seconds=5), finish_reason=None),
        call(completion=completion(n=3, model="openai/other"),
             began_at=NOON + timedelta(seconds=9)),
    ]  # fmt: skip
    root, *generations = await traced(langfuse, turn(attempts=2), *calls)

    assert [one.get(Name.OBSERVATION_LEVEL) for one in generations] == ["ERROR", "ERROR", "DEFAULT"]
    statuses = [one.get(Name.OBSERVATION_STATUS_MESSAGE) for one in generations]
    assert statuses == ["rate_limit: 429: slow down", "timeout", None]
    assert [one.get(Name.OBSERVATION_MODEL) for one in generations][-1] == "openai/other"
    assert generations[0].get(Name.OBSERVATION_COMPLETION_START_TIME) is None
    assert root.metadata["attempts"] == 2
    assert root.ended_at == generations[-1].ended_at, "it does not end before its parts"


@pytest.mark.parametrize(
    ("reason", "status"), [("stop", "empty_answer"), ("content_filter", "content_policy")]
)
async def test_an_answer_without_a_word_failed(
    langfuse: LangfuseStandIn, reason: str, status: str
) -> None:
    empty = call(said=" \u200b", finish_reason=reason)
    _, generation = await traced(langfuse, turn(outcome="failed", error=status), empty)
    assert generation.get(Name.OBSERVATION_LEVEL) == "ERROR"
    assert generation.get(Name.OBSERVATION_STATUS_MESSAGE) == status


@pytest.mark.parametrize(
    ("changes", "level", "status"),
    [
        ({"outcome": "failed", "error": "auth"}, "ERROR", "auth"),
        ({"outcome": "stopped"}, "WARNING", "stopped"),
        ({"outcome": "refused", "error": "user"}, "WARNING", "refused user"),
        ({"incomplete": True, "error": "connection"}, "WARNING", "incomplete connection"),
    ],
)
async def test_a_turn_that_went_otherwise_says_so(
    langfuse: LangfuseStandIn, changes: dict[str, str], level: str, status: str
) -> None:
    (root,) = await traced(langfuse, turn(**changes))
    assert root.get(Name.OBSERVATION_LEVEL) == level
    assert root.get(Name.OBSERVATION_STATUS_MESSAGE) == status
    assert root.metadata.get("error") == changes.get("error")


async def test_a_stopped_call_is_no_error(langfuse: LangfuseStandIn) -> None:
    stopped = call(completion=completion(outcome="stopped", source="estimated"))
    _, generation = await traced(langfuse, turn(outcome="stopped"), stopped)
    assert generation.get(Name.OBSERVATION_LEVEL) == "WARNING"
    assert generation.metadata["usage"] == "estimated"


async def test_pictures_are_named_and_never_sent(langfuse: LangfuseStandIn) -> None:
    data = b"PNG" * 1_000
    seen = ChatMessage("user", "What is this?", (Image("image/png", data),))
    inline = ChatMessage("user", "data:image/png;base64," + "QUJD" * 200)
    asked = call(request=request(messages=(seen, inline)))
    _, generation = await traced(langfuse, turn(question=inline.text), asked)
    assert [one["content"] for one in generation.json(Name.OBSERVATION_INPUT)] == [
        "What is this?\n[image/png, 3000 bytes]",
        "[a file]",
    ]
    assert not any("media" in one for one in langfuse.requests)
    assert "PNGPNG" not in langfuse.text()


async def test_commands_and_reports_leave_no_trace(langfuse: LangfuseStandIn) -> None:
    async with tracing(langfuse) as tracer:
        tracer.turn_recorded(turn(turn_id="c", kind="command", outcome="command"))
        tracer.called(call(request=request(turn_id="r")))
        tracer.turn_recorded(turn(turn_id="r", kind="report"))
        tracer.turn_recorded(turn())
    assert {one.trace_id for one in langfuse.observations.values()} == {trace_id("t1")}


async def test_long_ids_are_shortened_and_stay_apart(langfuse: LangfuseStandIn) -> None:
    """The SDK would drop them without a word."""
    channels = ["19:" + "a" * 300 + "@thread.v2", "19:" + "a" * 299 + "b@thread.v2"]
    async with tracing(langfuse) as tracer:
        for n, channel in enumerate(channels):
            key = ConversationKey("teams", "T1", channel, "")
            author = Author("29:" + "u" * 300, "Ada")
            long = turn(turn_id=f"t{n}", conversation=key, author=author, message_id="m" * 250)
            tracer.turn_recorded(long)
    found = list(langfuse.observations.values())
    sessions = {one.get(Name.TRACE_SESSION_ID) for one in found}
    assert len(sessions) == 2
    assert all(len(one) == 32 for one in sessions)
    assert len({one.get(Name.TRACE_USER_ID) for one in found}) == 1
    assert len(found[0].metadata["message_id"]) == 32


async def test_half_of_a_character_and_a_huge_text_are_sent(langfuse: LangfuseStandIn) -> None:
    odd = turn(question="\ud800 hi \0", answer="x" * 200_000)
    (root,) = await traced(langfuse, odd)
    assert root.get(Name.OBSERVATION_INPUT) == "? hi \0"
    assert root.get(Name.OBSERVATION_OUTPUT).endswith(" [cut: 200000 characters in all]")


async def test_without_texts_no_word_of_anybody_leaves(langfuse: LangfuseStandIn) -> None:
    failed = call(completion=completion(outcome="bad_request"), error="cannot parse: VPN address")
    root, *generations = await traced(langfuse, turn(), failed, call(), texts=False)
    for one in (root, *generations):
        assert one.get(Name.OBSERVATION_INPUT) is None
        assert one.get(Name.OBSERVATION_OUTPUT) is None
    assert generations[0].get(Name.OBSERVATION_STATUS_MESSAGE) == "bad_request"
    assert generations[1].json(Name.OBSERVATION_COST_DETAILS) == {"total": 0.0125}
    for word in ("VPN", "vpn.example", "brief", "Hello"):
        assert word not in langfuse.text()


async def test_the_same_turn_sent_twice_is_there_once(langfuse: LangfuseStandIn) -> None:
    first = await traced(langfuse, turn(), call())
    langfuse.public_key += "-2"  # a new process has a new client
    second = await traced(langfuse, turn(), call())
    assert [one.id for one in first] == [one.id for one in second]
    assert len(langfuse.observations) == 2


def test_the_id_of_a_trace_is_the_one_that_the_sdk_makes() -> None:
    for turn_id in ("t1", "01HZX8", "ä"):
        assert trace_id(turn_id) == Langfuse.create_trace_id(seed=turn_id)


async def test_sampling_is_by_turn_and_the_same_everywhere(langfuse: LangfuseStandIn) -> None:
    ids = [f"t{n}" for n in range(40)]
    async with tracing(langfuse, sample_rate=0.5) as tracer:
        for one in ids:
            tracer.called(call(request=request(turn_id=one)))
            tracer.turn_recorded(turn(turn_id=one))
    kept = {trace_id(one) for one in ids if is_sampled(trace_id(one), 0.5)}
    assert {one.trace_id for one in langfuse.observations.values()} == kept
    assert 10 < len(kept) < 30
    assert not any(is_sampled(trace_id(one), 0.0) for one in ids)
    assert all(is_sampled(trace_id(one), 1.0) for one in ids)


async def test_what_was_sent_can_be_read_with_the_sdk(langfuse: LangfuseStandIn) -> None:
    await traced(langfuse, turn(), call())
    with reading(langfuse) as api:
        found = await asyncio.to_thread(api.observations.get_many, trace_id=trace_id("t1"))
    generation = next(one for one in found.data if one.type == "GENERATION")
    assert (generation.latency, generation.time_to_first_token) == (2.5, 0.5)
    assert generation.total_cost == 0.0125


async def test_nobody_else_in_the_process_is_traced_there(langfuse: LangfuseStandIn) -> None:
    async with tracing(langfuse) as tracer:
        tracer.turn_recorded(turn())
        with opentelemetry.get_tracer("somebody").start_as_current_span("else"):
            pass
    assert len(langfuse.observations) == 1
    provider = opentelemetry.get_tracer_provider()
    assert isinstance(provider, opentelemetry.ProxyTracerProvider), "none was set"
