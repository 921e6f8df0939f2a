"""The three that are compared in Teams are what the figures say they are."""

from __future__ import annotations

import dataclasses

import jwt
import pytest

from benchmarks.teams.asking import Asker
from benchmarks.teams.comparing import ADAPTER, DOCUMENTED, OURS, arena
from benchmarks.teams.light import LightTeams


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        (ADAPTER, (2.0, 2.5)),  # a shell and an edit, or a stream; typing in channels
        (OURS, (2.0, 4.0)),
        (DOCUMENTED, (1.0, 1.0)),
    ],
)
async def test_everybody_is_answered(tmp_path, name: str, calls: tuple[float, float]) -> None:
    async with arena(tmp_path, (name,)) as place:
        measured = await place.round(name, 4, 1)
    assert measured.lost == 0
    assert calls[0] <= measured.calls <= calls[1]
    asks_each_turn = measured.logins_a_300 >= 600  # MSAL, where to ask and for a token
    assert asks_each_turn if name == DOCUMENTED else measured.logins_a_300 == 0
    assert 0 < measured.ack_p50_ms <= measured.ack_p99_ms
    # The system counts in hundredths of a second, and the adapter's four turns may fit into one.
    assert measured.cpu_ms > 0 or name == ADAPTER


@pytest.mark.parametrize("name", [ADAPTER, DOCUMENTED])
async def test_who_is_not_teams_is_not_answered(tmp_path, name: str) -> None:
    async with arena(tmp_path, (name,)) as place:
        forged = jwt.encode(place.teams.keys.claims(), "secret" * 8, algorithm="HS256")
        with pytest.raises(RuntimeError, match=r"HTTP/1\.1 [45]"):
            await dataclasses.replace(place, token=forged).round(name, 1, 1)


async def test_questions_of_one_person_differ_in_time_and_id() -> None:
    async with LightTeams() as teams:
        asker = Asker(teams, 1, teams.keys.token())
        questions = [asker.prepare("hello") for _ in range(3)]
    assert len({question.conversation for question in questions}) == 1
    assert len({question.request for question in questions}) == 3
