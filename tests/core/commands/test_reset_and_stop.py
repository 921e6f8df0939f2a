from __future__ import annotations

from core.document import Document
from tests.core.commands.desk import Desk, words
from tests.core.people.asking import ADA, BEN, begun, call, message, recorded


async def answered(desk, **who):
    hold, queued = await begun(desk.store, message(**who))
    await recorded(hold, queued, answer="so")
    return queued.message.conversation


async def remembers(desk, conversation):
    return bool(await desk.store.history(conversation, 10))


async def test_a_typed_reset_forgets_this_conversation_alone():
    desk = Desk()
    here, elsewhere = await answered(desk), await answered(desk)

    said = words(await desk.commands.run(call("reset", thread=here.thread)))

    assert "forgotten this conversation" in said
    assert not await remembers(desk, here)
    assert await remembers(desk, elsewhere)


async def test_the_slash_form_forgets_the_askers_threads_in_the_channel_and_says_how_many():
    desk = Desk()
    mine = [await answered(desk, by=ADA) for _ in range(2)]
    others = [await answered(desk, by=BEN), await answered(desk, by=ADA, channel="C2")]

    said = words(await desk.commands.run(call("reset", thread="", from_slash=True)))

    assert "forgotten 2 conversations of yours in this channel" in said
    assert [await remembers(desk, one) for one in mine] == [False, False]
    assert [await remembers(desk, one) for one in others] == [True, True]


async def test_the_slash_form_says_when_there_was_nothing():
    said = words(await Desk().commands.run(call("reset", thread="", from_slash=True)))

    assert "no conversation of yours in this channel" in said


async def test_the_slash_form_stops_what_runs_and_says_so():
    desk = Desk(runs=True)
    stop = call("stop", from_slash=True)

    assert words(await desk.commands.run(stop)) == "Stopped."
    assert desk.stopped == [(stop.conversation, ADA)]


async def test_the_slash_form_says_where_to_type_it_when_nothing_runs():
    said = words(await Desk().commands.run(call("stop", thread="", from_slash=True)))

    assert "Nothing is being answered" in said
    assert "In a thread, write `stop`" in said


async def test_a_typed_stop_has_done_its_work_when_it_was_accepted():
    desk = Desk(runs=True)

    assert await desk.commands.run(call("stop")) == Document("", ())
    assert desk.stopped == []
