"""Who meets whom: each scenario is a situation and what several tasks do in it at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.adapters.sql.isolation.stepping import Doing
from tests.contracts.stores import NOON, ref, turn
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from core.conversation import MessageRef
    from core.ports import Hold
    from core.turn import QueuedMessage, Turn
    from tests.adapters.sql.isolation.playing import Player, Round


@dataclass(frozen=True, slots=True)
class Scenario:
    prepare: Callable[[Round], Awaitable[None]]
    check: Callable[[Round], Awaitable[list[str]]] | None = None
    """More that must hold at the end."""
    sweeps: bool = False
    """It leaves work to the sweep even if nobody dies."""


async def held(round_: Round, process: str) -> tuple[Hold, QueuedMessage]:
    """Message 1 is begun by the process."""
    receipt = await (await round_.player(process)).deliver(1)
    assert receipt.hold is not None
    assert receipt.first is not None
    return receipt.hold, receipt.first


async def idle(round_: Round, process: str) -> Hold:
    """The conversation is held, and nothing in it is open."""
    hold, first = await held(round_, process)
    await hold.record(turn(first), release=False)
    return hold


async def delivers(player: Player, n: int = 2, **options: Any) -> None:
    await player.serve(n, **options)


async def works(player: Player, hold: Hold, first: QueuedMessage | None = None) -> None:
    await player.work(hold, first)


async def adopts(player: Player) -> None:
    await player.sweep()


# Messages


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


# Letting go


async def a_message_while_the_owner_lets_go(round_: Round) -> None:
    await round_.add("A", partial(works, hold=await idle(round_, "A")))
    await round_.add("B", delivers)


async def a_message_to_the_process_that_lets_go(round_: Round) -> None:
    await round_.add("A", partial(works, hold=await idle(round_, "A")))
    await round_.add("A", delivers)


async def a_message_while_the_answer_is_recorded(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await round_.add("A", partial(works, hold=hold, first=first))
    await round_.add("B", delivers)


async def a_dead_letter_is_retried_while_the_owner_lets_go(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await hold.bury(first.turn_id, "for a test")

    async def retries(player: Player) -> None:
        await player.do(Doing("retry"), lambda: player.store.retry(first.turn_id))

    await round_.add("B", retries)
    await round_.add("C", retries)
    await round_.add("A", partial(works, hold=hold))


async def yields(player: Player, hold: Hold) -> None:
    await player.release(hold, force=True)


async def a_conversation_is_yielded_while_others_adopt(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await hold.give_back(first.turn_id, failed=False)
    await round_.add("A", partial(yields, hold=hold))
    await round_.add("B", adopts)
    await round_.add("C", adopts)


# Dead and former owners


async def two_adopt_from_a_dead_one(round_: Round) -> None:
    await held(round_, "C")
    await round_.expire("C")
    await round_.add("A", adopts)
    await round_.add("B", adopts)


async def a_message_while_its_conversation_is_adopted(round_: Round) -> None:
    await held(round_, "C")
    await round_.expire("C")
    await round_.add("A", adopts)
    await round_.add("B", delivers)


LATE: Mapping[str, Callable[[Hold, QueuedMessage], Awaitable[Any]]] = {
    "begin": lambda hold, _: hold.begin(),
    "save_part": lambda hold, first: hold.save_part(first.turn_id, ref(f"part-{first.turn_id}")),
    "record": lambda hold, first: hold.record(turn(first, answer="late")),
    "give_back": lambda hold, first: hold.give_back(first.turn_id, failed=True),
    "bury": lambda hold, first: hold.bury(first.turn_id, "late"),
    "yield": lambda hold, _: hold.release(force=True),
    "release": lambda hold, _: hold.release(),
}


async def a_former_owner_writes(round_: Round, operation: str) -> None:
    """It was frozen for longer than its lease, and goes on in the middle of its turn."""
    hold, first = await held(round_, "A")
    await round_.expire("A")

    async def writes(player: Player) -> None:
        doing = Doing(operation, first.turn_id, hold._ours["at_epoch"])  # type: ignore[attr-defined]  # SqlHold's
        await player.do(doing, lambda: LATE[operation](hold, first))
        if operation == "bury":
            await player.work(hold)
        player.store.abandon(hold)

    await round_.add("B", adopts)
    await round_.add("A", writes)


async def an_older_hold_of_the_same_process_writes(round_: Round) -> None:
    """It lost the conversation, and has taken it again since."""
    old, first = await held(round_, "A")
    await round_.expire("A")
    [other] = await (await round_.player("B")).adopt()
    await other.release(force=True)
    store = await round_.process("A")
    await store.beat()
    [new] = await store.adopt(5)
    await round_.add("A", partial(works, hold=old, first=first))
    await round_.add("A", partial(works, hold=new))


async def a_late_beat_while_others_adopt(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await round_.expire("A")

    async def beats(player: Player) -> None:
        await player.do(Doing("beat"), player.store.beat)
        await player.work(hold, first)

    await round_.add("A", beats)
    await round_.add("B", adopts)


async def living_and_adopting(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await round_.add("A", partial(works, hold=hold, first=first))
    await round_.add("B", adopts)
    await round_.add("C", delivers)


# What overtakes


async def stops(player: Player, user_id: str) -> None:
    await player.do(Doing("stop"), lambda: player.store.stop(player.round.key, user_id))


async def a_stop_while_the_owner_beats(round_: Round) -> None:
    hold, first = await held(round_, "A")
    await round_.add("A", partial(_beats_and_works, hold=hold, first=first))
    await round_.add("B", partial(stops, user_id="U-ben"))


async def _beats_and_works(player: Player, hold: Hold, first: QueuedMessage) -> None:
    for _ in range(2):
        await player.do(Doing("beat"), player.store.beat)
    await player.work(hold, first)


async def beats_see_marks(round_: Round) -> list[str]:
    """Every beat that began after the mark was set."""
    marked = [one.ended for one in round_.told if one.operation == "stop" and one.result]
    return [
        "a beat has not seen the stop mark"
        for one in round_.told
        if one.operation == "beat" and marked and one.began > marked[0] and not one.result
    ]


async def a_stop_while_the_next_is_begun(round_: Round) -> None:
    """Its queued question may be dropped or begun, and not both."""
    hold, first = await held(round_, "A")
    await (await round_.player("A")).deliver(2)
    await hold.record(turn(first), release=False)
    await round_.add("A", partial(works, hold=hold))
    await round_.add("B", partial(stops, user_id="U-ann"))


async def an_edit_while_it_is_begun(round_: Round) -> None:
    hold = await idle(round_, "A")
    await (await round_.player("A")).deliver(2)

    async def edits(player: Player) -> None:
        edited = ref(f"{round_.number}-2", round_.key)
        await player.do(Doing("edit"), lambda: player.store.edit(edited, "edited"))

    await round_.add("A", partial(works, hold=hold))
    await round_.add("B", edits)


async def _history(round_: Round) -> Sequence[Turn]:
    return await (await round_.process("heir")).history(round_.key, 9)


async def an_edit_is_asked_or_refused(round_: Round) -> list[str]:
    answered = {one.message_id: one for one in await _history(round_)}
    words = answered[f"{round_.number}-2"].question
    done = [one.result for one in round_.told if one.operation == "edit"]
    return [f"edit said {result}, asked was {words}" for result in done[:1]
            if result != (words == "edited") and not round_.fault]  # fmt: skip


async def a_deletion(round_: Round, hold: Hold, queued: QueuedMessage | None) -> None:
    async def deletes(player: Player) -> None:
        deleted = ref(f"{round_.number}-2", round_.key)
        await player.do(Doing("delete"), lambda: player.store.delete(deleted))

    await round_.add("A", partial(works, hold=hold, first=queued))
    await round_.add("B", deletes)


async def a_deletion_while_it_is_begun(round_: Round) -> None:
    hold = await idle(round_, "A")
    await (await round_.player("A")).deliver(2)
    await a_deletion(round_, hold, None)


async def a_deletion_while_it_is_recorded(round_: Round) -> None:
    hold = await idle(round_, "A")
    await (await round_.player("A")).deliver(2)
    await a_deletion(round_, hold, await hold.begin())


async def nothing_of_it_is_left(round_: Round) -> list[str]:
    result = [one.result for one in round_.told if one.operation == "delete"]
    if not result:
        return []  # its process was killed before
    mine = [one for one in await _history(round_) if one.message_id == f"{round_.number}-2"]
    wrong = ["its words are in the ledger" for one in mine if one.question]
    if mine and result[0].state == "dropped" and not round_.fault:
        wrong.append("it was dropped, and answered")
    return wrong


async def an_answer_is_asked_for_anew_twice(round_: Round) -> None:
    """By two clicks on one button: the second finds that the first has asked."""
    hold, first = await held(round_, "A")
    part = ref(f"part-{round_.number}", round_.key)
    await hold.save_part(first.turn_id, part)
    await hold.record(turn(first, outcome="failed"))
    for process in ("A", "B"):
        await round_.add(process, partial(clicks, part=part))


async def clicks(player: Player, part: MessageRef) -> None:
    await player.deliver(2, key=f"click-{player.actor.name}", parts=(part,), slot=False)


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
            a_message_while_the_owner_lets_go,
            a_message_to_the_process_that_lets_go,
            a_message_while_the_answer_is_recorded,
            two_adopt_from_a_dead_one,
            a_message_while_its_conversation_is_adopted,
            an_older_hold_of_the_same_process_writes,
            a_late_beat_while_others_adopt,
            living_and_adopting,
            a_stop_while_the_next_is_begun,
        )
    },
    **{
        prepare.__name__: Scenario(prepare, sweeps=True)
        for prepare in (
            a_dead_letter_is_retried_while_the_owner_lets_go,
            a_conversation_is_yielded_while_others_adopt,
            an_answer_is_asked_for_anew_twice,
        )
    },
    **{
        f"a_former_owner_comes_to {name}": Scenario(partial(a_former_owner_writes, operation=name))
        for name in LATE
    },
    "a_stop_while_the_owner_beats": Scenario(a_stop_while_the_owner_beats, beats_see_marks),
    "an_edit_while_it_is_begun": Scenario(an_edit_while_it_is_begun, an_edit_is_asked_or_refused),
    "a_deletion_while_it_is_begun": Scenario(a_deletion_while_it_is_begun, nothing_of_it_is_left),
    "a_deletion_while_it_is_recorded": Scenario(
        a_deletion_while_it_is_recorded, nothing_of_it_is_left
    ),
}
