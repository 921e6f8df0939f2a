"""The guards of the store: how each is taken away, who meets whom then, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.adapters.sql.isolation import removals
from tests.adapters.sql.isolation.ownership import LATE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pytest

    from tests.adapters.sql.isolation.stages import Kind
    from tests.adapters.sql.isolation.stepping import Fault

BOTH: tuple[Kind, ...] = ("postgres", "sqlite")
ONE: tuple[Kind, ...] = ("postgres",)
"""On SQLite operations run one after the other, which is a guard of its own."""


@dataclass(frozen=True, slots=True)
class Guard:
    remove: Callable[[pytest.MonkeyPatch], None]
    scenario: str
    words: str
    """A pattern, found in a complaint."""
    on: Sequence[Kind] = BOTH
    faults: Sequence[Fault] = ()


GUARDS: Mapping[str, Guard] = {
    **{
        f"the fence of {name}": Guard(
            removals.without_fence,
            f"a_former_owner_comes_to {name}",
            f"{name} of .*: a former owner has changed something",
        )
        for name in LATE
    },
    "the epoch in the fence": Guard(
        removals.without_epoch,
        "an_older_hold_of_the_same_process_writes",
        "a former owner has changed something",
    ),
    "the comparison in release": Guard(
        removals.release_without_comparison,
        "a_message_while_the_owner_lets_go",
        "let go although something is open",
    ),
    "release by one row alone": Guard(
        removals.release_by_looking_at_messages,
        "a_message_while_the_owner_lets_go",
        "let go although something is open",
        ONE,
    ),
    "the comparison in record": Guard(
        removals.record_without_comparison,
        "a_message_while_the_answer_is_recorded",
        "let go although something is open",
    ),
    "the row first in accept": Guard(
        removals.places_before_the_row, "two_messages_while_the_owner_works", "in the order", ONE
    ),
    "the row first in stop": Guard(
        removals.stop_without_lock, "a_stop_while_the_next_is_begun", "with a turn|stop mark", ONE
    ),
    "the row first in delete, before it is begun": Guard(
        removals.delete_without_lock, "a_deletion_while_it_is_begun", "with a turn|stop mark", ONE
    ),
    "the row first in delete, before it is recorded": Guard(
        removals.delete_without_lock,
        "a_deletion_while_it_is_recorded",
        "in the ledger|stop mark",
        ONE,
    ),
    "the order of places": Guard(
        removals.order_by_clocks, "messages_of_several_clocks", "answered in the order"
    ),
    "edits only before the beginning": Guard(
        removals.edit_what_has_begun, "an_edit_while_it_is_begun", "edit said True"
    ),
    "a message is not overwritten": Guard(
        removals.a_message_twice_overwrites, "one_message_twice", "No row was found|1 rows", ONE
    ),
    "ON CONFLICT for messages": Guard(
        removals.conflicts_of_messages_are_errors, "one_message_twice", "was not stored", ONE
    ),
    "ON CONFLICT for turns": Guard(
        removals.conflicts_of_turns_are_errors,
        "the_owner_works_alone",
        "record was not stored",
        ONE,
        ("lose",),
    ),
    "ON CONFLICT for messages of answers": Guard(
        removals.conflicts_of_parts_are_errors,
        "the_owner_works_alone",
        "save_part was not stored",
        ONE,
        ("lose",),
    ),
    "one asks anew at a time": Guard(
        removals.take_over_from_one_who_still_answers,
        "an_answer_is_asked_for_anew_twice",
        "2 rows",
    ),
    "only the dead are revived": Guard(
        removals.revive_what_lives,
        "a_dead_letter_is_retried_while_the_owner_lets_go",
        "done|never lets go|let go although",
        ONE,
    ),
    "a second look at the owner in adopt": Guard(
        removals.adopt_without_looking_again, "two_adopt_from_a_dead_one", "taken from the living"
    ),
    "an epoch for each adoption": Guard(
        removals.adopt_in_the_same_epoch, "two_adopt_from_a_dead_one", "two owners in one epoch"
    ),
    "the look at the owner in accept": Guard(
        removals.accept_takes_from_anybody,
        "a_message_while_the_answer_is_recorded",
        "taken from the living",
    ),
    "an epoch for each taking by a message": Guard(
        removals.accept_takes_in_the_same_epoch,
        "a_message_while_its_conversation_is_adopted",
        "two owners in one epoch",
    ),
    "the clock of the database": Guard(
        removals.leases_by_own_clocks, "living_and_adopting", "taken from the living", ONE
    ),
}
