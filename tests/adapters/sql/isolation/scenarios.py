"""Who meets whom: each scenario is a situation and what several tasks do in it at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from tests.adapters.sql.isolation import overtaking, ownership
from tests.adapters.sql.isolation.situations import delivers, held, works
from tests.contracts.stores import NOON
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from tests.adapters.sql.isolation.player import Player
    from tests.adapters.sql.isolation.playing import Round


@dataclass(frozen=True, slots=True)
class Scenario:
    prepare: Callable[[Round], Awaitable[None]]
    check: Callable[[Round], Awaitable[list[str]]] | None = None
    """More that must hold at the end."""
    sweeps: bool = False
    """It leaves work to the sweep even if nobody dies."""


async def one_message_twice(round_: Round) -> None:
    await round_.add("A", delivers)
    await round_.add("B", delivers)


async def two_messages_of_a_new_conversation(round_: Round) -> None:
    await round_.add("A", partial(delivers, n=2))
    await round_.add("B", partial(delivers, n=3))


async def two_messages_of_an_old_conversation(round_: Round) -> None:
    await (await round_.player("A")).serve(1)
    await two_messages_of_a_new_conversation(round_)


async def three_deliveries_of_two_messages(round_: Round) -> None:
    await two_messages_of_a_new_conversation(round_)
    await round_.add("C", partial(delivers, n=2))


async def two_messages_while_the_owner_works(round_: Round) -> None:
    """The later one must not overtake the earlier one, committed or not."""
    hold, first = await held(round_, "A")
    await round_.add("A", partial(works, hold=hold, first=first))
    await round_.add("B", partial(delivers, n=2))
    await round_.add("C", partial(delivers, n=3))


async def messages_of_several_clocks(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await round_.process("B", FakeClock(NOON - timedelta(hours=1)))
    for n, process in ((2, "A"), (3, "B")):
        await (await round_.player(process)).deliver(n)
    await round_.add("A", partial(works, hold=hold, first=first))


async def the_owner_works_alone(round_: Round) -> None:
    """For each crash at each of its steps."""
    hold, first = await held(round_, "A")
    await (await round_.player("A")).deliver(2)

    async def answers(player: Player) -> None:
        await player.save_part(hold, first)
        await player.work(hold, first)

    await round_.add("A", answers)


SCENARIOS: Mapping[str, Scenario] = {
    **{
        prepare.__name__: Scenario(prepare)
        for prepare in (
            one_message_twice,
            two_messages_of_a_new_conversation,
            two_messages_of_an_old_conversation,
            three_deliveries_of_two_messages,
            two_messages_while_the_owner_works,
            messages_of_several_clocks,
            the_owner_works_alone,
            ownership.a_message_while_the_owner_lets_go,
            ownership.a_message_to_the_process_that_lets_go,
            ownership.a_message_while_the_answer_is_recorded,
            ownership.two_adopt_from_a_dead_one,
            ownership.a_message_while_its_conversation_is_adopted,
            ownership.an_older_hold_of_the_same_process_writes,
            ownership.a_late_beat_while_others_adopt,
            ownership.living_and_adopting,
            overtaking.a_stop_while_the_next_is_begun,
        )
    },
    **{
        prepare.__name__: Scenario(prepare, sweeps=True)
        for prepare in (
            ownership.a_dead_letter_is_retried_while_the_owner_lets_go,
            ownership.a_conversation_is_yielded_while_others_adopt,
            overtaking.an_answer_is_asked_for_anew_twice,
        )
    },
    **{
        f"a_former_owner_comes_to {name}": Scenario(
            partial(ownership.a_former_owner_writes, operation=name)
        )
        for name in ownership.LATE
    },
    "a_stop_while_the_owner_beats": Scenario(
        overtaking.a_stop_while_the_owner_beats, overtaking.beats_see_marks
    ),
    "an_edit_while_it_is_begun": Scenario(
        overtaking.an_edit_while_it_is_begun, overtaking.an_edit_is_asked_or_refused
    ),
    "a_deletion_while_it_is_begun": Scenario(
        overtaking.a_deletion_while_it_is_begun, overtaking.nothing_of_it_is_left
    ),
    "a_deletion_while_it_is_recorded": Scenario(
        overtaking.a_deletion_while_it_is_recorded, overtaking.nothing_of_it_is_left
    ),
}
