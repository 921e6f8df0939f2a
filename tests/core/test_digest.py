"""The digest of each day is posted once: whatever clocks, crashes and other processes do."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from core.completion import Completion, Usage
from core.conversation import MessageRef
from core.digest import DigestParts, Digests
from core.errors import DeliveryError
from core.people.access import Listed
from core.ports import StatsQuery
from core.reports.daily import Daily
from core.turn import Turn
from core.turns.reporting import UNFINISHED
from core.turns.workers import MAX_STARTS
from tests.core.commands.desk import words
from tests.core.reports.test_daily import SOME
from tests.core.turns.making import ADA, THREAD, ask
from tests.core.turns.office import Counted, Office
from tests.fakes.clock import FakeClock
from tests.fakes.platform import Shown
from tests.fakes.store import FakeStore, Recorded, Spent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.document import Document
    from tests.conftest import Count
    from tests.fakes.platform import FakeChat

C1 = Listed("fake", "T1", "C1")
C2 = Listed("fake", "T1", "C2")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def daily(zone: str = "UTC", at: str = "09:00") -> Daily:
    return Daily(time.fromisoformat(at), ZoneInfo(zone))


class Process:
    """One process of the bot; `store` and `chat` outlive it."""

    def __init__(
        self,
        now: str | datetime,
        when: Daily | None = None,
        *,
        channels: Sequence[Listed] = (C1,),
        store: FakeStore | None = None,
        chat: FakeChat | None = None,
        slots: int = 4,
    ) -> None:
        self.clock = FakeClock(at(now) if isinstance(now, str) else now)
        self.daily = when or daily()
        store = FakeStore(self.clock, data=store.data) if store else FakeStore(self.clock)
        self.office = Office(
            store=store, chat=chat, clock=self.clock, daily=self.daily, slots=slots
        )
        self.store, self.chat = store, self.office.chat
        self.digests = Digests(
            DigestParts(
                self.store,
                self.office.workers,
                self.office.platforms,
                self.clock,
                Counted(f"{store.me}-"),
                self.daily,
                channels,
            )
        )

    def next(self, now: str | datetime | None = None) -> Process:
        """The process after this one has died."""
        self.store.reopened()
        return Process(now or self.clock.now(), self.daily, store=self.store, chat=self.chat)

    async def tick(self, now: str | datetime | None = None) -> None:
        if now is not None:
            self.clock.set_wall(at(now) if isinstance(now, str) else now)
        await self.digests.tick()
        await self.office.workers.idle()

    async def tick_through(self, until: str, step: timedelta = MINUTE) -> None:
        now = self.clock.now()
        while now <= at(until):
            await self.tick(now)
            now += step

    def accepted(self) -> list[tuple[str, str]]:
        """Channel and date of each digest, in order."""
        rows = self.store.data.rows.values()
        refs = [row.message.ref for row in rows if row.kind == "report"]
        return [(ref.channel, ref.message_id.removeprefix("digest/")) for ref in refs]

    def dates(self) -> list[str]:
        return [day for _, day in self.accepted()]

    def shown(self) -> list[Document]:
        return [one.document for one in self.chat.answers if one.document is not None]


async def test_it_is_posted_at_its_minute_and_only_then() -> None:
    process = Process("2026-03-02 09:00")
    await process.tick()
    assert process.dates() == ["2026-03-02"]
    await process.tick_through("2026-03-03 08:59", timedelta(minutes=7))
    assert process.dates() == ["2026-03-02"]
    await process.tick("2026-03-03 09:00")
    assert process.dates() == ["2026-03-02", "2026-03-03"]
    assert len(process.shown()) == 2


async def test_a_digest_that_is_done_costs_no_more_writes() -> None:
    process = Process("2026-03-02 09:00")
    await process.tick()
    process.store.broken = "nobody may ask"
    await process.tick_through("2026-03-02 10:00")
    process.store.broken = ""
    assert process.dates() == ["2026-03-02"]


async def test_every_channel_gets_its_own() -> None:
    process = Process("2026-03-02 09:00", channels=(C1, C2))
    await process.tick()
    await process.tick()
    assert process.accepted() == [("C1", "2026-03-02"), ("C2", "2026-03-02")]
    assert [one.ref.channel for one in process.chat.answers] == ["C1", "C2"]


@pytest.mark.parametrize(
    ("zone", "time_of_day", "first", "last", "dates"),
    [
        ("Europe/Berlin", "02:30", "2026-03-28 12:00", "2026-03-30 12:00", "28 29 30"),
        ("Europe/Berlin", "02:30", "2026-10-24 12:00", "2026-10-26 12:00", "24 25 26"),
        ("America/Havana", "00:30", "2026-10-31 12:00", "2026-11-02 12:00", "31 01 02"),
        ("Asia/Beirut", "00:00", "2026-03-28 12:00", "2026-03-30 12:00", "28 29 30"),
        ("America/Santiago", "00:00", "2026-09-05 12:00", "2026-09-07 12:00", "05 06 07"),
        ("Africa/Cairo", "00:00", "2026-04-23 12:00", "2026-04-25 12:00", "23 24 25"),
    ],
)
async def test_the_days_when_clocks_change(
    zone: str, time_of_day: str, first: str, last: str, dates: str
) -> None:
    process = Process(first, daily(zone, time_of_day))
    await process.tick_through(last, timedelta(minutes=10))
    assert [day[-2:] for day in process.dates()] == dates.split()
    assert not any("Sent late" in words(one) for one in process.shown()[1:])


async def test_a_clock_that_is_set_back_an_hour_repeats_nothing() -> None:
    process = Process("2026-03-02 08:50")
    await process.tick_through("2026-03-02 09:05")
    await process.tick("2026-03-02 08:05")
    await process.tick_through("2026-03-02 09:30")
    assert process.dates() == ["2026-03-01", "2026-03-02"]
    again = process.next("2026-03-02 08:30")
    await again.tick_through("2026-03-02 09:30")
    assert again.dates() == ["2026-03-01", "2026-03-02"]


async def test_a_clock_that_runs_ahead_for_a_while_repeats_nothing() -> None:
    process = Process("2026-03-02 09:00")
    for now in ("2026-03-02 09:00", "2026-03-05 10:00", "2026-03-02 09:01", "2026-03-03 09:00"):
        await process.tick(now)
    await process.tick_through("2026-03-06 12:00", timedelta(minutes=30))
    assert Counter(process.dates()) == Counter(f"2026-03-0{day}" for day in (2, 3, 4, 5, 6))


async def test_a_restart_at_the_minute_of_the_digest_repeats_nothing() -> None:
    process = Process("2026-03-02 09:00")
    for _ in range(5):
        await process.tick()
        process = process.next()
    assert process.dates() == ["2026-03-02"]
    assert len(process.shown()) == 1


async def test_a_bot_that_was_down_over_it_sends_it_late_and_says_so() -> None:
    before = Process("2026-03-01 09:00")
    await before.tick()
    process = before.next("2026-03-02 12:00")
    await process.tick()
    assert process.dates() == ["2026-03-01", "2026-03-02"]
    first, late = map(words, process.shown())
    assert "Sent late" not in first
    assert late.endswith("Sent late: it was due at 2026-03-02 09:00 (UTC).")


async def test_after_two_days_only_the_newest_is_made_up_for() -> None:
    before = Process("2026-03-01 09:00")
    await before.tick()
    process = before.next("2026-03-04 08:00")
    await process.tick_through("2026-03-04 08:59")
    assert process.dates() == ["2026-03-01", "2026-03-03"]


async def test_two_processes_on_one_store_post_it_once() -> None:
    one = Process("2026-03-02 09:00")
    other = Process("2026-03-02 09:00", store=one.store, chat=one.chat)
    for n in range(4):
        await one.tick(at("2026-03-02 09:00") + n * 12 * HOUR)
        await other.tick(at("2026-03-02 09:00") + n * 12 * HOUR)
    assert one.dates() == ["2026-03-02", "2026-03-03"]
    assert len(one.shown()) == 2


async def test_a_crash_between_post_and_record_leaves_one() -> None:
    process = Process("2026-03-02 09:00")

    async def hang(turn: Turn, *, release: bool = True) -> bool:
        """Killed before it was done."""
        await asyncio.Event().wait()
        return release

    receipt = await process.digests.post(date(2026, 3, 2), C1)
    assert receipt.hold is not None
    receipt.hold.record = hang  # type: ignore[method-assign]  # the process ends here
    await process.chat.until(lambda: len(process.shown()) == 1)

    survivor = process.next("2026-03-02 09:01")
    await survivor.tick()
    await survivor.office.recorded()
    assert survivor.dates() == ["2026-03-02"]
    assert len(survivor.chat.answers) == 1


async def test_no_free_slot_leaves_it_in_the_inbox() -> None:
    process = Process("2026-03-02 09:00", slots=0)
    await process.tick()
    await process.tick()
    assert process.dates() == ["2026-03-02"]
    assert process.shown() == []
    survivor = process.next()
    await survivor.office.workers.sweep()
    await survivor.office.workers.idle()
    assert len(survivor.shown()) == 1


async def test_a_store_or_platform_that_fails_is_asked_again_at_the_next_tick() -> None:
    process = Process("2026-03-02 09:00", channels=(C1, C2))
    process.store.broken = "the disk is full"
    await process.tick()
    process.store.broken = ""
    process.chat.failures.append(DeliveryError("down", retryable=True))
    await process.tick("2026-03-02 09:01")
    assert len(process.accepted()) == 1, "the other channel is not held up"
    await process.tick("2026-03-02 09:02")
    assert sorted(process.accepted()) == [("C1", "2026-03-02"), ("C2", "2026-03-02")]


async def test_a_channel_without_the_bot_is_complained_of_once_a_day(
    caplog: pytest.LogCaptureFixture,
) -> None:
    strange = Listed("teams", "T1", "C1")
    process = Process("2026-03-02 09:00", channels=(C1, C2, strange))
    process.chat.not_there.add("C2")
    with caplog.at_level(logging.ERROR):
        await process.tick_through("2026-03-03 08:30", timedelta(minutes=10))
    assert process.accepted() == [("C1", "2026-03-02")]
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "no digest of 2026-03-02 for C2: not in C2",
        "no digest of 2026-03-02 for C1: teams is not connected, or cannot be written to",
    ]
    process.chat.not_there.clear()
    await process.tick("2026-03-03 09:00")
    assert ("C2", "2026-03-03") in process.accepted()


async def test_what_keeps_a_digest_waiting_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    process = Process("2026-03-02 09:00")
    for reason in ("down", "down", "still down", "still down"):
        process.chat.failures.append(DeliveryError(reason, retryable=True))
    with caplog.at_level(logging.WARNING):
        await process.tick_through("2026-03-02 09:05")
    said = [record.getMessage().rpartition(": ")[2] for record in caplog.records]
    assert said == ["down", "still down"]
    assert process.dates() == ["2026-03-02"]


async def test_what_is_broken_in_one_channel_is_not_broken_in_another() -> None:
    process = Process("2026-03-02 09:00", channels=(C2, C1))

    async def place(workspace: str, channel: str) -> str:
        if channel == "C2":
            raise KeyError(workspace)
        return channel

    process.chat.place = place  # type: ignore[method-assign]  # a bug of an adapter
    await process.tick()
    assert process.accepted() == [("C1", "2026-03-02")]


@pytest.mark.parametrize("zones", SOME)
async def test_every_day_of_400_has_one_wherever_it_is(count: Count, zones: Sequence[str]) -> None:
    """By ticks of 30 minutes, through a restart each week."""
    for zone in zones[:: count(short=3, long=1)]:
        process = Process("2025-10-01 12:00", daily(zone, "00:30"))
        end = process.clock.now() + timedelta(days=400)
        step = 0
        while process.clock.now() < end:
            await process.tick(process.clock.now() + HOUR / 2)
            step += 1
            if step % (48 * 7) == 0:
                process = process.next()
        dates = process.dates()
        first = date.fromisoformat(dates[0])
        assert dates == [str(first + timedelta(days=n)) for n in range(len(dates))], zone
        assert len(dates) in (400, 401), zone


# --- what it is about --------------------------------------------------------------------------


def turn(name: str, moment: str, outcome: str = "answered", **changes: object) -> Turn:
    given: dict[str, object] = {"workspace": "T1", "usage": Usage(100, 10), "latency_s": 2.0}
    given |= changes
    key = type(THREAD)("fake", str(given.pop("workspace")), "C9", name)
    return Turn(name, key, ADA, "question", outcome, at(moment), "why?", **given)  # type: ignore[arg-type]  # as the caller says


def remember(process: Process, *turns: Turn) -> None:
    data = process.store.data
    for one in turns:
        data.turns[one.turn_id] = Recorded(one, 1)
        call = Completion(one.turn_id, 1, "m/one", None, one.usage, 0.25, "exact", "answered")
        data.spent[one.turn_id, 1] = Spent(call, ("fake", "T1", "U1"), one.received_at)


async def test_it_is_about_the_local_day_before_in_the_whole_workspace() -> None:
    process = Process("2026-03-03 08:00", daily("Europe/Berlin"))
    remember(
        process,
        turn("too old", "2026-02-28 22:59"),
        turn("before", "2026-02-28 23:00"),
        turn("also before", "2026-03-01 22:59"),
        turn("first", "2026-03-01 23:00", latency_s=4.0),
        turn("failed", "2026-03-02 12:00", "failed", error="timeout"),
        turn("last", "2026-03-02 22:59", latency_s=6.0),
        turn("too young", "2026-03-02 23:00"),
        turn("elsewhere", "2026-03-02 12:00", workspace="T2"),
    )
    await process.tick()
    (document,) = process.shown()
    assert words(document).splitlines() == [
        "Daily digest of Monday, 2026-03-02: the whole workspace",
        "Questions: 3 (+50 %, before: 2)",
        "Answered: 2, 67 % (before: 2, 100 %)",
        "Failed: 1, 33 % (before: 0, 0 %)",
        "Cost: $0.75 (+50 %, before: $0.50)",
        "Tokens in: 300 (+50 %, before: 200)",
        "Tokens out: 30 (+50 %, before: 20)",
        "Answer time, half within: 4.0 s (+100 %, before: 2.0 s)",
        "Answer time, 95 % within: 6.0 s (+200 %, before: 2.0 s)",
        "First words, half within: n/a (before: n/a)",
        "👍: 0 (before: 0)",
        "👎: 0 (before: 0)",
        "Model | Questions | Cost | Day before",
        "m/one | 3 | $0.75 | $0.50",
        "Error | Answers | Day before",
        "timeout | 1 | 0",
    ]


async def test_the_turn_of_a_digest_is_nobodys_request() -> None:
    process = Process("2026-03-02 09:00")
    await process.tick()
    (recorded,) = process.office.turns
    assert (recorded.kind, recorded.outcome, recorded.model) == ("report", "command", "")
    assert (recorded.author.user_id, recorded.completions) == ("", ())
    everything = StatsQuery(at("2026-01-01"), at("2027-01-01"))
    assert (await process.store.summary(everything)).requests == 0
    assert process.office.model.requests == []


async def test_it_neither_waits_for_a_chat_nor_shows_up_in_its_history() -> None:
    process = Process("2026-03-02 09:00")
    await process.store.accept(
        ask("why?"), "question", turn_id="chat", slot=False, follow_ups="alone"
    )
    await process.tick()
    assert len(process.shown()) == 1
    assert await process.store.history(THREAD, 9) == []


async def test_a_place_that_is_gone_for_good_is_recorded_as_failed() -> None:
    process = Process("2026-03-02 09:00")
    await process.digests.post(date(2026, 3, 2), C1)
    process.chat.failures.append(DeliveryError("archived"))
    await process.office.workers.idle()
    (recorded,) = process.office.turns
    assert (recorded.outcome, recorded.error) == ("failed", "delivery")
    await process.tick("2026-03-02 09:05")
    assert process.dates() == ["2026-03-02"]


async def test_a_platform_that_is_down_for_a_moment_is_tried_again() -> None:
    process = Process("2026-03-02 09:00")
    await process.digests.post(date(2026, 3, 2), C1)
    process.chat.failures.append(DeliveryError("down", retryable=True))
    await process.clock.until_asleep()
    await process.clock.advance(2)
    await process.office.workers.idle()
    assert len(process.shown()) == 1
    assert [one.outcome for one in process.office.turns] == ["command"]


async def test_a_report_that_is_given_up_on_says_nothing_where_nobody_asked() -> None:
    process = Process("2026-03-02 09:00")
    await process.digests.post(date(2026, 3, 2), C1)
    process.chat.failures += [DeliveryError("down", retryable=True)] * 3
    for sleeps, wait_s in enumerate((2, 8), 1):
        await process.clock.until_asleep(sleeps)
        await process.clock.advance(wait_s)
    await process.office.workers.idle()
    assert process.office.dead_letters == 1
    assert process.chat.answers == []


async def test_a_report_that_is_given_up_on_leaves_no_empty_message() -> None:
    process = Process("2026-03-02 09:00", slots=0)
    receipt = await process.digests.post(date(2026, 3, 2), C1)
    row = process.store.data.rows[receipt.turn_id]
    shell = Shown(MessageRef("fake", "T1", "C1", "shell"))
    process.chat.shown[shell.ref] = shell
    process.store.data.refs[shell.ref] = (receipt.turn_id, row.message.conversation)
    row.runs = row.starts = MAX_STARTS

    survivor = process.next()
    await survivor.office.workers.sweep()
    await survivor.office.workers.idle()
    assert survivor.office.dead_letters == 1
    assert survivor.shown() == [UNFINISHED]
