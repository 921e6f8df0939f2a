from __future__ import annotations

from datetime import timedelta

import pytest

from core.conversation import MessageRef, Reaction
from core.errors import NotStored, SettingError
from core.feedback import Feedback, emoji_name
from core.rating import Rating
from tests.core.people.asking import ADA, BEN, begun, message, recorded
from tests.fakes.clock import START
from tests.fakes.store import FakeStore

UP = ("+1", "thumbsup", "heart", "white_check_mark", "tada", "like")
DOWN = ("-1", "thumbsdown", "x", "confused", "angry", "sad")
ANSWER = MessageRef("slack", "T1", "C1", "answer-1")
ELSEWHERE = MessageRef("slack", "T1", "C1", "somebody-elses")


class Watching:
    def __init__(self):
        self.rated_values = []

    def turn_recorded(self, turn):
        pass

    def rated(self, platform, rating):
        told = rating and (rating.author.user_id, rating.value)
        self.rated_values.append((platform, told))


class Failing(Watching):
    def rated(self, platform, rating):
        raise RuntimeError("broken")


@pytest.fixture
async def store():
    store = FakeStore()
    hold, queued = await begun(store, message())
    await hold.save_part(queued.turn_id, ANSWER)
    await recorded(hold, queued)
    return store


@pytest.fixture
def watching():
    return Watching()


@pytest.fixture
def feedback(store, watching):
    return Feedback(store, [watching], UP, DOWN)


def react(emoji, *, second=0, added=True, by=ADA, ref=ANSWER, reason=""):
    return Reaction(ref, by, emoji, added, START + timedelta(seconds=second), reason)


@pytest.mark.parametrize(
    ("emoji", "value"),
    [
        ("+1", 1),
        ("thumbsup", 1),
        (":thumbsup:", 1),
        ("+1::skin-tone-3", 1),
        ("thumbsup_tone2", 1),
        ("1f44d_thumbsup-tone4", 1),
        ("1f44d_yes", 1),
        ("2705_whiteheavycheckmark", 1),
        ("2764-fe0f_redheart", 1),
        ("👍🏽", 1),
        ("❤️", 1),
        ("like", 1),
        ("-1::skin-tone-6", -1),
        ("👎", -1),
        ("X", -1),
        ("button:up", 1),
        ("button:down", -1),
    ],
)
async def test_the_configured_emoji_rate_under_all_their_names(feedback, emoji, value):
    assert (await feedback.rate(react(emoji))).value == value


@pytest.mark.parametrize("emoji", ["eyes", "", ":", "::skin-tone-2", "button:", "1f440_eyes"])
async def test_any_other_emoji_means_nothing(feedback, store, emoji):
    assert feedback.effect(react(emoji)) == "none"
    assert await feedback.rate(react(emoji)) is None
    assert store.data.marks == {}


@pytest.mark.parametrize("emoji", ["octagonal_sign", "🛑", "1f6d1_octagonalsign", "23f9-fe0f_stop"])
async def test_stop_signs_mean_stop_under_all_their_names(feedback, emoji):
    assert feedback.effect(react(emoji)) == "stop"
    assert feedback.effect(react(emoji, added=False)) == "none"


async def test_what_was_put_on_under_one_name_is_taken_off_under_another(feedback):
    await feedback.rate(react("thumbsup::skin-tone-2"))

    assert (await feedback.rate(react("+1", second=1, added=False))).value is None


async def test_adding_twice_is_one_rating(feedback, store):
    await feedback.rate(react("+1"))
    await feedback.rate(react("👍", second=1))

    assert len(store.data.marks) == 1


async def test_the_newest_of_two_thumbs_counts_and_the_other_when_it_goes(feedback):
    assert (await feedback.rate(react("+1"))).value == 1
    assert (await feedback.rate(react("-1", second=1))).value == -1
    assert (await feedback.rate(react("-1", second=2, added=False))).value == 1


async def test_events_that_overtake_each_other_are_ordered_by_their_own_time(feedback):
    await feedback.rate(react("+1", second=2, added=False))

    assert (await feedback.rate(react("+1", second=1))).value is None


async def test_people_rate_for_themselves_and_observers_hear_of_it(feedback, watching):
    await feedback.rate(react("+1"))
    await feedback.rate(react("-1", by=BEN))
    await feedback.rate(react("+1", second=1, added=False))

    assert watching.rated_values == [
        ("slack", ("U1", 1)),
        ("slack", ("U2", -1)),
        ("slack", ("U1", None)),
    ]


async def test_a_thumb_on_somebody_elses_message_is_told_to_nobody(feedback, watching):
    assert await feedback.rate(react("+1", ref=ELSEWHERE)) is None
    assert watching.rated_values == []


async def test_a_button_keeps_its_source_and_the_reason(feedback, store):
    await feedback.rate(react("button:down", reason="too long"))

    (mark,) = store.data.marks.values()
    assert (mark.source, mark.reason, mark.value) == ("button", "too long", -1)


@pytest.mark.parametrize(
    "emoji", ["octagonal_sign", "🛑", "stop_sign", "⏹️", "black_square_for_stop", "no_entry"]
)
async def test_stop_emoji_are_reported_and_not_stored(feedback, store, emoji):
    assert feedback.is_stop(react(emoji))
    assert not feedback.is_stop(react(emoji, added=False))
    assert await feedback.rate(react(emoji)) is None
    assert store.data.marks == {}


def test_an_emoji_configured_as_a_rating_no_longer_stops(store):
    feedback = Feedback(store, [], UP, [*DOWN, "no_entry"])

    assert feedback.effect(react("no_entry")) == "rating"
    assert feedback.is_stop(react("octagonal_sign"))


def test_an_emoji_that_says_both_stops_the_start_and_names_the_setting(store):
    with pytest.raises(SettingError, match=r"^REACTIONS_DOWN: \+1 "):
        Feedback(store, [], ["thumbsup"], ["👍"])


async def test_a_failing_observer_neither_loses_the_rating_nor_silences_the_others(store, watching):
    feedback = Feedback(store, [Failing(), watching], UP, DOWN)

    turn_id = "turn-" + _number(store)
    asked_at = store.data.asked_at(turn_id)

    assert await feedback.rate(react("+1")) == Rating(turn_id, ADA, 1, asked_at)
    assert len(watching.rated_values) == 1


async def test_a_store_that_fails_is_told_to_the_caller(feedback, store):
    store.broken = "disk full"

    with pytest.raises(NotStored):
        await feedback.rate(react("+1"))


def test_custom_emoji_count_too(store):
    feedback = Feedback(store, [], [":party_parrot:"], [])

    assert feedback.effect(react("party_parrot")) == "rating"
    assert feedback.effect(react("+1")) == "none"
    assert emoji_name("Party_Parrot") == "party_parrot"


def _number(store):
    (turn_id,) = store.data.turns
    return turn_id.removeprefix("turn-")
