from __future__ import annotations

from typing import get_args

import pytest

from core.completion import FinishReason
from core.document import Note, Text
from core.errors import Category, LimitScope
from core.notices import (
    Situation,
    build_finish_notice,
    build_limit_notice,
    build_notice,
)

KINDS = (*get_args(Category), *get_args(Situation))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_something_short_and_where_to_look(kind):
    text, note = build_notice(kind, "id-1").blocks

    assert isinstance(text, Text)
    assert 5 < len(text.markdown) < 180
    assert text.markdown.endswith(".")
    assert note == Note("Reference: `id-1`")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "stop" not in kind])
def test_every_kind_but_those_of_a_stop_says_what_to_do_or_expect(kind):
    text = build_notice(kind, "").blocks[0].markdown

    assert any(step in text for step in ("lease ", "may help", "Write `", "will be answered"))


def test_no_two_kinds_say_the_same():
    assert len({build_notice(kind, "") for kind in KINDS}) == len(KINDS)


def test_without_an_id_there_is_no_small_print():
    assert len(build_notice("timeout", "").blocks) == 1


def test_a_failure_after_a_part_of_the_answer_says_so():
    notice = build_notice("timeout", "", partial=True)

    assert notice.blocks[0].markdown.startswith("The answer above is incomplete. ")


@pytest.mark.parametrize(
    "reason", [reason for reason in get_args(FinishReason) if reason != "stop"]
)
def test_an_answer_that_did_not_end_by_itself_is_marked(reason):
    notice = build_finish_notice(reason, "id-1")

    assert notice is not None
    assert notice.blocks[-1] == Note("Reference: `id-1`")


def test_a_complete_answer_needs_no_word():
    assert build_finish_notice("stop", "id-1") is None


@pytest.mark.parametrize("scope", get_args(LimitScope))
def test_a_limit_says_when_to_come_back(scope):
    assert "in about 40 seconds." in build_limit_notice(scope, 40).blocks[0].markdown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "about 1 second."),
        (0.2, "about 1 second."),
        (1.5, "about 2 seconds."),
        (120, "about 120 seconds."),
        (121, "about 3 minutes."),
        (7200, "about 120 minutes."),
        (7201, "about 3 hours."),
        (86400, "about 24 hours."),
    ],
)
def test_waits_are_rounded_up_to_a_unit_that_people_use(seconds, words):
    assert words in build_limit_notice("user", seconds).blocks[0].markdown


def test_a_connection_that_was_lost_on_the_way_is_not_called_unreachable() -> None:
    [text, *_] = build_notice("connection", "", partial=True).blocks
    assert text == Text(
        "The answer above is incomplete. "
        "The connection to the language model was lost. Please try again."
    )
