from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from core.completion import Usage
from core.conversation import ConversationKey
from core.ports import ModelSummary, StatsQuery, Summary
from core.turn import Said
from tests.contracts.stores import (
    ANN,
    BEN,
    KEY,
    NOON,
    accept,
    answered,
    begun,
    call,
    message,
    minutes,
    ref,
    thumb,
    turn,
)

if TYPE_CHECKING:
    from tests.contracts.stores import Place, Store

EVER = StatsQuery(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


async def test_a_turn_is_read_back_as_it_was_recorded(store: Store) -> None:
    recorded = await answered(
        store,
        message("1", text="why \ud800 \0?", address="direct"),
        answer="\x01 because 👩‍🚀",
        context=(Said(BEN, "hm \udfff", NOON, "0.5"),),
        model="openai/gpt-5-mini",
        usage=Usage(10, 20, 5, 1),
        cost_usd=None,
        prompt_version="abc",
        first_token_s=0.5,
        first_visible_s=0.75,
        latency_s=2.5,
        attempts=2,
        error="timeout",
        incomplete=True,
        correlation_id="c-1",
    )
    assert await store.history(KEY, 9) == [recorded]


async def test_history_is_the_newest_turns_oldest_first(store: Store) -> None:
    turns = [await answered(store) for _ in range(5)]
    assert await store.history(KEY, 3) == turns[2:]
    assert await store.history(KEY, 0) == []
    assert await store.history(replace(KEY, thread="2"), 9) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"outcome": "answered"}, True),
        ({"outcome": "stopped"}, True),
        ({"outcome": "answered", "incomplete": True}, True),
        ({"outcome": "stopped", "answer": ""}, False),
        ({"outcome": "failed"}, False),
        ({"outcome": "refused", "answer": ""}, False),
        ({"outcome": "command", "kind": "command"}, False),
    ],
)
async def test_history_holds_what_the_bot_has_said(
    store: Store, changes: dict[str, Any], told: bool
) -> None:
    await answered(store, **changes)
    assert len(await store.history(KEY, 9)) == told


async def test_history_leaves_out_an_answer_that_was_written_anew(store: Store) -> None:
    hold, first = await begun(store, message("1"))
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.record(turn(first, outcome="stopped", answer="half"))
    hold, again = await begun(store, message("1"), key="again/1", parts=(ref("p1"),))
    assert [told.answer for told in await store.history(KEY, 9)] == ["half"]
    await hold.record(turn(again, answer="whole"))
    assert [told.answer for told in await store.history(KEY, 9)] == ["whole"]
    assert await store.again(first.turn_id) is None


async def test_history_crosses_no_platform_workspace_channel_or_thread(store: Store) -> None:
    parts = ("a", "a:b", "b", "", "\ud800", "\ufffd", "\0")
    plain = ConversationKey("x", "x", "x", "x")
    fields = ("platform", "workspace", "channel", "thread")
    keys = [replace(plain, **{field: part}) for field in fields for part in parts]
    for key in keys:
        await answered(store, message(conversation=key), answer=f"canary {key!r}")
    for key in keys:
        assert [told.answer for told in await store.history(key, 9)] == [f"canary {key!r}"]


async def test_a_message_of_an_answer_leads_to_its_turn(store: Store) -> None:
    hold, first = await begun(store)
    for part in ("p1", "p2"):
        await hold.save_part(first.turn_id, ref(part))
    assert await store.of_message(ref("p2")) is None
    recorded = turn(first)
    await hold.record(recorded)
    assert await store.of_message(ref("p2")) == recorded
    assert await store.of_message(ref("p3")) is None
    assert await store.of_message(first.message.ref) is None


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({"outcome": "failed"}, True),
        ({"outcome": "stopped"}, True),
        ({"outcome": "answered", "incomplete": True}, True),
        ({"outcome": "answered"}, False),
        ({"outcome": "refused"}, False),
    ],
)
async def test_what_ended_badly_can_be_asked_again(
    store: Store, changes: dict[str, Any], may: bool
) -> None:
    asked = message("1", text="why?", reply_to="there")
    recorded = await answered(store, asked, **changes)
    found = await store.again(recorded.turn_id)
    assert (found is not None) == may
    if found is not None:
        assert (found.turn_id, found.message, found.kind) == (recorded.turn_id, asked, "question")


async def test_what_is_unknown_or_running_cannot_be_asked_again(store: Store) -> None:
    _, first = await begun(store)
    assert await store.again(first.turn_id) is None
    assert await store.again("unknown") is None


async def test_forget_starts_the_history_anew(store: Store) -> None:
    await answered(store)
    assert await store.forget(KEY) == 1
    assert await store.history(KEY, 9) == []
    after = await answered(store)
    assert await store.history(KEY, 9) == [after]
    assert await store.forget(replace(KEY, thread="unknown")) == 0


async def test_forget_remembers_when(store: Store) -> None:
    await answered(store)
    assert await store.forgotten_at(KEY) is None
    await store.forget(KEY)
    assert await store.forgotten_at(KEY) is not None
    assert await store.forgotten_at(replace(KEY, thread="unknown")) is None


async def test_the_newest_turn_that_did_not_fail_is_known_by_its_end(store: Store) -> None:
    assert await store.succeeded_at(KEY) is None
    first = await answered(store, message(), latency_s=2.5)
    await answered(store, message(), outcome="failed", error="delivery")
    await answered(store, message(conversation=replace(KEY, thread="another")), latency_s=9.0)
    assert await store.succeeded_at(KEY) == first.received_at + timedelta(seconds=2.5)
    later = await answered(store, message(), outcome="command")
    assert await store.succeeded_at(KEY) == later.received_at


async def test_forget_covers_what_runs_but_not_what_waits(store: Store) -> None:
    await answered(store)
    hold, first = await begun(store)
    await accept(store)
    await store.forget(KEY)
    await hold.record(turn(first))
    second = await hold.begin()
    assert second is not None
    await hold.record(turn(second))
    assert [told.turn_id for told in await store.history(KEY, 9)] == [second.turn_id]


async def test_forget_of_a_person_covers_their_conversations_in_the_channel(store: Store) -> None:
    keys = [replace(KEY, thread=str(n)) for n in range(3)]
    elsewhere = replace(KEY, channel="C2")
    for key, author in ((keys[0], ANN), (keys[1], BEN), (keys[2], ANN), (elsewhere, ANN)):
        await answered(store, message(conversation=key, author=author))
    assert await store.forget(replace(KEY, thread=""), "U-ann") == 2
    lengths = [len(await store.history(key, 9)) for key in (*keys, elsewhere)]
    assert lengths == [0, 1, 0, 1]


async def test_forget_lasts_when_old_messages_are_pruned(store: Store, place: Place) -> None:
    await answered(store)
    await store.forget(KEY)
    await place.clock.advance(10)
    await store.prune(place.clock.now())
    await store.forget(KEY)
    after = await answered(store)
    assert await store.history(KEY, 9) == [after]


# --- summary -------------------------------------------------------------------------------------


async def test_nothing_sums_up_to_nothing(store: Store) -> None:
    summary = await store.summary(EVER)
    assert summary == Summary(errors={}, models={}, steps=(0,) * len(summary.steps))
    assert summary.latency_s is None
    assert 12 <= len(summary.steps) <= 31


async def test_a_summary_counts_every_kind_of_ending(store: Store) -> None:
    usage = Usage(100, 10, 40, 5)
    for changes in (
        {"outcome": "answered", "latency_s": 1.0, "first_visible_s": 0.5, "usage": usage},
        {"outcome": "answered", "latency_s": 3.0, "usage": usage},
        {"outcome": "failed", "error": "timeout", "latency_s": 99.0},
        {"outcome": "failed", "error": "timeout"},
        {"outcome": "stopped", "first_visible_s": 99.0},
        {"outcome": "refused", "error": "user"},
        {"outcome": "command", "kind": "command"},
    ):
        await answered(store, **changes)
    summary = await store.summary(EVER)
    assert summary.requests == 6
    ends = (summary.answered, summary.failed, summary.stopped, summary.refused)
    assert ends == (2, 2, 1, 1)
    assert (summary.input_tokens, summary.output_tokens, summary.cached_tokens) == (200, 20, 80)
    assert summary.errors == {"timeout": 2, "user": 1}
    assert summary.latency_s == {"p50": 1.0, "p95": 3.0, "p99": 3.0}
    assert summary.first_visible_s == {"p50": 0.5, "p95": 0.5, "p99": 0.5}
    assert sum(summary.steps) == 6


async def test_percentiles_are_of_the_nearest_rank(store: Store) -> None:
    for latency_s in range(200, 0, -1):
        await answered(store, latency_s=float(latency_s))
    summary = await store.summary(EVER)
    assert summary.latency_s == {"p50": 100.0, "p95": 190.0, "p99": 198.0}
    assert summary.first_visible_s is None


async def test_a_summary_sums_the_money_of_all_calls(store: Store) -> None:
    hold, first = await begun(store)
    calls = (
        call(first.turn_id, 1, cost_usd=0.25, outcome="timeout"),
        call(first.turn_id, 2, cost_usd=0.5),
        call(first.turn_id, 3, model="m/two", cost_usd=None, source="unknown"),
    )
    await hold.record(turn(first, completions=calls, cost_usd=None))
    hold, second = await begun(store)
    await hold.record(turn(second, completions=(call(second.turn_id, cost_usd=1.0),)))
    _, running = await begun(store)
    await store.reserve(running.turn_id, "m/one", 9.0)
    summary = await store.summary(EVER)
    assert (summary.cost_usd, summary.price_unknown) == (1.75, 1)
    assert summary.models == {"m/one": ModelSummary(2, 1.75), "m/two": ModelSummary(1, None)}


@pytest.mark.parametrize(
    "query",
    [
        {"platform": "teams"},
        {"workspace": "T2"},
        {"channel": "C2"},
        {"user_id": "U-ben"},
        {"platform": "teams", "workspace": "T2", "channel": "C2", "user_id": "U-ben"},
    ],
)
async def test_a_summary_is_of_one_place_or_person(store: Store, query: dict[str, str]) -> None:
    hold, first = await begun(store)
    await hold.save_part(first.turn_id, ref("p1"))
    await hold.record(turn(first, latency_s=9.0, completions=(call(first.turn_id),)))
    await store.rate(thumb(ref("p1"), "+1"))
    own = {name: value for name, value in query.items() if name != "user_id"}
    asked = message(conversation=replace(KEY, **own), author=BEN if "user_id" in query else ANN)
    await answered(store, asked, latency_s=1.0)
    assert (await store.summary(EVER)).requests == 2
    summary = await store.summary(replace(EVER, **query))  # type: ignore[arg-type]  # only texts are asked for
    assert (summary.requests, summary.cost_usd, summary.up) == (1, 0.0, 0)
    assert summary.latency_s is not None
    assert summary.latency_s["p99"] == 1.0


async def test_a_period_is_half_open_and_cut_into_equal_steps(store: Store, place: Place) -> None:
    for wait_s in (0, 299, 1, 3299, 1):
        await place.clock.advance(wait_s)
        await answered(store)
    summary = await store.summary(StatsQuery(NOON, NOON + minutes(60)))
    assert summary.requests == 4, "the end is not within"
    assert summary.steps == (2, 1, *(0,) * 9, 1)


@pytest.mark.parametrize(
    ("hours", "steps"), [(1, 12), (6, 12), (24, 24), (7 * 24, 28), (30 * 24, 30), (7.3, 24)]
)
async def test_steps_are_round(store: Store, hours: float, steps: int) -> None:
    summary = await store.summary(StatsQuery(NOON, NOON + minutes(60 * hours)))
    assert len(summary.steps) == steps


async def test_the_newest_thumb_of_each_person_counts(store: Store) -> None:
    hold, first = await begun(store)
    for part in ("p1", "p2"):
        await hold.save_part(first.turn_id, ref(part))
    await store.rate(thumb(ref("p1"), "+1"))
    await store.rate(thumb(ref("p2"), "-1", at=NOON + minutes(1)))
    await store.rate(thumb(ref("p2"), "+1", author=BEN))
    await store.rate(thumb(ref("p1"), "heart", author=BEN, active=False, at=NOON + minutes(2)))
    await store.rate(thumb(ref("unknown"), "+1"))
    assert (await store.summary(EVER)).up == 0, "the turn is not recorded yet"
    await hold.record(turn(first))
    summary = await store.summary(EVER)
    assert (summary.up, summary.down) == (1, 1)
