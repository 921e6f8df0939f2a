"""However an answer arrives and whatever breaks on its way: its text is shown exactly once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.teams.outbound.outlet import LIMITS
from core.text.flow import TextFlow
from tests.adapters.teams.conftest import FastClock, running_bot
from tests.adapters.teams.eyes import answered
from tests.adapters.teams.scripts import ACTIVITIES, is_final, is_piece, is_plain, said, slowly
from tests.standins.teams import faults

if TYPE_CHECKING:
    from tests.conftest import Count

CLOCK = FastClock()
PIECES = st.lists(
    st.sampled_from(
        [
            "word ",
            "and\n",
            "\n\n",
            "```\n",
            "| a | b |\n",
            "|---|---|\n",
            "<at>x</at> ",
            "[x](",
            '"é✓ ',
        ]
    ),
    min_size=1,
    max_size=30,
)
BREAKS = st.sampled_from(
    [faults.reset_after(), faults.reset_before(), faults.http_status(502), faults.throttled("0")]
)
CALLS = st.sampled_from(["piece", "end", "edit"])


@pytest.mark.parametrize("where", ["alice", "General"])
def test_however_it_grows_and_breaks_the_text_is_shown_exactly_once(
    where: str, count: Count
) -> None:
    @given(
        pieces=PIECES,
        repeat=st.integers(1, 60),
        hurt=st.lists(st.tuples(CALLS, BREAKS, st.integers(0, 4)), max_size=3),
    )
    @example(pieces=["word ", "\n"] * 15, repeat=60, hurt=[("end", faults.reset_after(), 0)])
    @example(pieces=["word "] * 30, repeat=200, hurt=[("piece", faults.reset_after(), 1)])
    @settings(
        max_examples=count(short=12, long=300),
        suppress_health_check=[HealthCheck.too_slow],
    )
    def check(pieces: list[str], repeat: int, hurt: list[tuple[str, faults.Fault, int]]) -> None:
        whole = TextFlow(LIMITS)
        whole.take("".join(pieces * repeat), ended=True)
        expected = [piece.text for piece in whole.full] + [whole.last]
        shown = asyncio.run(run(["".join(pieces * n) for n in parts(repeat)], hurt))
        assert [text.rstrip() for text in shown if text.strip()] == [
            e.rstrip() for e in expected if e
        ]

    async def run(deltas: list[str], hurt: list[tuple[str, faults.Fault, int]]) -> list[str]:
        async with running_bot() as bot:
            for call, fault, skip in hurt:
                which = {"piece": is_piece, "end": is_final, "edit": is_plain}[call]
                method, path = ("PUT", "*") if call == "edit" else ("POST", ACTIVITIES)
                bot.teams.faults.on(method, path, fault, skip=skip, where=which)
            bot.chatbot.script = slowly(CLOCK, *deltas, pause_s=1.0)
            return said(await answered(bot, where))

    check()


def parts(repeat: int) -> list[int]:
    """Four deltas, so that a few of them are shown on their own."""
    first = repeat // 4
    return [one for one in (first, first, first, repeat - 3 * first) if one]
