from __future__ import annotations

import pytest

from benchmarks.answering import SHORT, arena
from benchmarks.contenders import OURS
from benchmarks.crowd import Asked
from benchmarks.figures import Figure, Goal
from benchmarks.model import Script, read_script
from tests.standins.slack import Message


def asked(*shown: str) -> Asked:
    question = Message("C1", "1.000000", "U1", posted_at=10.0)
    found = Asked(question, "one two three")
    for n, text in enumerate(shown):
        versions = [(11.0 + n, "…"), (12.0 + n, text)]
        found.answers.append(
            Message("C1", f"{n + 2}.000000", "U0BOT", markdown=text, versions=versions)
        )
    return found


def test_a_script_is_its_question() -> None:
    script = Script(chunks=25, chars=12, first_ms=50, pace_ms=10)
    assert read_script(f"Ada: {script}") == script
    assert {len(piece) for piece in script.pieces()} == {12}
    assert len(set(script.pieces())) == 25


def test_lost_characters_are_counted() -> None:
    assert asked("one two ", "three").lost_chars() == 0
    assert asked("one two").lost_chars() == 6
    assert asked("one two three three").lost_chars() > 0


def test_a_shell_is_no_text() -> None:
    whole = asked("one two ", "three")
    assert whole.first_text_s() == 2.0
    assert whole.whole_s() == 3.0


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        (Figure("CPU", "ms", 6.0, 12.0, Goal(most=0.5)), "ok"),
        (Figure("CPU", "ms", 7.0, 12.0, Goal(most=0.5)), "MISSED"),
        (Figure("rate", "1/s", 7.0, 12.0, Goal(least=2.0)), "MISSED"),
        (Figure("turn", "ms", 1.4, 12.0, Goal(most=1.5, of_ours=True)), "ok"),
        (Figure("turn", "ms", 1.6, 12.0, Goal(most=1.5, of_ours=True)), "MISSED"),
        (Figure("start", "s", 1.9, goal=Goal(most=2.0)), "ok"),
        (Figure("memory", "MB", 90.0, 240.0), ""),
    ],
)
def test_a_goal_bounds_the_ratio_or_the_figure(figure: Figure, verdict: str) -> None:
    assert figure.verdict() == verdict


def test_rounds_are_a_median_and_a_range() -> None:
    figure = Figure.of_rounds("CPU", "ms", [3.0, 1.0, 2.0], [9.0, 8.0, 10.0])
    assert (figure.ours, figure.ours_range) == (2.0, (1.0, 3.0))
    assert (figure.bare, figure.bare_range) == (9.0, (8.0, 10.0))


async def test_answers_are_timed_and_whole(tmp_path) -> None:
    async with arena(tmp_path, 2, (OURS,)) as place:
        measured = await place.round(OURS, SHORT, 2, 1)
    assert measured.lost_chars == 0
    assert 0 < measured.ack_p50_ms < measured.first_text_s * 1000
    assert measured.first_text_s < measured.whole_s
    assert measured.cpu_ms > 0
