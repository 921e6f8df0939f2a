"""Scenarios about what does not wait for its turn: stop, edit, delete, and asking anew."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.adapters.sql.isolation.situations import held, idle, works
from tests.adapters.sql.isolation.stepping import Doing
from tests.contracts.stores import ref, turn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.conversation import MessageRef
    from core.ports import Hold
    from core.turn import QueuedMessage, Turn
    from tests.adapters.sql.isolation.player import Player
    from tests.adapters.sql.isolation.playing import Round


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
