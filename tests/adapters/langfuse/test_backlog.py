from __future__ import annotations

from adapters.langfuse.backlog import (
    BATCH_TURNS,
    RATINGS_KEPT,
    TRIES,
    Backlog,
    Batch,
    OpenCalls,
    Rated,
)
from core.completion import ChatMessage, Image
from core.conversation import Author
from core.turn import Said
from tests.adapters.langfuse.facts import ADA, NOON, call, rating, request, turn


def ids(batch: Batch) -> list[str]:
    return [told.turn.turn_id for told in batch.turns]


def test_the_oldest_go_when_there_are_too_many_turns() -> None:
    backlog = Backlog(turns=3)
    for n in range(5):
        backlog.add_turn(turn(turn_id=f"t{n}"), ())
    assert ids(backlog.take()) == ["t2", "t3", "t4"]
    assert backlog.lost == 2


def test_the_oldest_go_when_their_words_are_too_many() -> None:
    backlog = Backlog(chars=2_500)
    for n in range(4):
        backlog.add_turn(turn(turn_id=f"t{n}", question="q" * 500, answer="a" * 500), ())
    assert ids(backlog.take()) == ["t2", "t3"]
    backlog.add_turn(turn(turn_id="huge", question="q" * 9_000), ())
    assert ids(backlog.take()) == ["huge"], "one is always kept"


def test_what_is_taken_makes_room() -> None:
    backlog = Backlog(chars=2_500)
    for n in range(20):
        backlog.add_turn(turn(turn_id=f"t{n}", question="q" * 900, answer=""), ())
        assert ids(backlog.take()) == [f"t{n}"]
    assert backlog.lost == 0


def test_what_is_given_back_comes_first_and_a_lonely_failure_is_given_up() -> None:
    backlog = Backlog()
    for n in range(BATCH_TURNS + 2):
        backlog.add_turn(turn(turn_id=f"t{n}"), ())
    backlog.give_back(backlog.take())
    for _ in range(TRIES):
        one = backlog.take(1)
        assert ids(one) == ["t0"]
        backlog.give_back(one)
    assert ids(backlog.take(1)) == ["t1"]
    assert backlog.lost == 1


def test_a_rating_given_back_does_not_replace_a_newer_one() -> None:
    backlog = Backlog()
    backlog.add_rating("s1", Rated("slack", rating(value=1)))
    taken = backlog.take()
    backlog.add_rating("s1", Rated("slack", rating(value=-1)))
    backlog.give_back(taken)
    assert [one.rating.value for one in backlog.take().ratings.values()] == [-1]


def test_ratings_are_bounded_too() -> None:
    backlog = Backlog()
    for n in range(RATINGS_KEPT + 10):
        backlog.add_rating(f"s{n}", Rated("slack", rating()))
    kept = []
    while batch := backlog.take():
        kept += batch.ratings
    assert (len(kept), kept[0]) == (RATINGS_KEPT, "s10")


def test_calls_of_turns_that_are_never_recorded_are_bounded() -> None:
    calls = OpenCalls(turns=3)
    for n in range(50):
        calls.add(call(request=request(turn_id=f"t{n}")))
    assert len(calls) == 3
    calls = OpenCalls(chars=1_000)
    for n in range(50):
        calls.add(call(request=request(turn_id=f"t{n}"), said="a" * 300))
    assert len(calls) < 4
    assert len(calls.take("t49")) == 1
    assert calls.take("t49") == ()


def test_neither_pictures_nor_the_words_of_others_are_kept() -> None:
    calls, backlog = OpenCalls(), Backlog()
    picture = ChatMessage("user", "this", (Image("image/png", b"x" * 99),))
    calls.add(call(request=request(messages=(picture,))))
    others = (Said(Author("U2", "Ben"), "private", NOON, "m1"),)
    backlog.add_turn(turn(author=ADA, context=others), calls.take("t1"))
    (told,) = backlog.take().turns
    assert told.turn.context == ()
    (message,) = told.calls[0].request.messages
    assert message == ChatMessage("user", "this\n[image/png, 99 bytes]")
