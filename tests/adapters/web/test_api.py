from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from adapters.web.cast import BOT, ROOMS, key_of, ref_of
from core.errors import NotStored
from tests.adapters.web.visitor import OWN

if TYPE_CHECKING:
    from adapters.web.channel import WebChannel
    from core.conversation import InboundMessage
    from core.ports import Acceptance
    from tests.adapters.web.scripted_bot import ScriptedBot
    from tests.adapters.web.visitor import Visitor

pytestmark = pytest.mark.looptime


async def answer_to(visitor: Visitor, question: str) -> dict[str, Any]:
    """The finished answer under a question."""
    return await visitor.until(
        lambda m: m["thread"] == question and m["author"] == BOT and m["state"] != "running"
    )


async def test_a_mention_in_a_channel_is_answered_in_its_thread(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    question = await visitor.say("@chatbot How do I connect Slack?")
    answer = await answer_to(visitor, question)
    assert answer["text"].startswith("Three steps")
    assert "<ol>" in answer["html"]
    (message,) = bot.accepted
    assert message.address == "mention"
    assert message.text == "How do I connect Slack?"
    assert message.conversation == key_of("general", question)
    assert (message.author.user_id, message.author.name) == ("mira", "Mira Okafor")


async def test_a_channel_message_without_a_mention_stays_between_people(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    root = await visitor.say("Lunch?")
    await visitor.say("Sure", thread=root)
    assert [message.address for message in bot.accepted] == ["thread"]
    assert bot.turns == []


async def test_a_direct_message_needs_no_mention(visitor: Visitor, bot: ScriptedBot) -> None:
    await visitor.say("hello", room="dm-mira")
    (message,) = bot.accepted
    assert (message.address, message.conversation) == ("direct", key_of("dm-mira", ""))


async def test_sending_again_after_a_lost_answer_posts_nothing_twice(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    first = await visitor.say("@chatbot hi", nonce="same")
    second = await visitor.say("@chatbot hi", nonce="same")
    assert first == second
    assert len(bot.turns) == 1


async def test_a_message_that_is_not_stored_is_answered_with_503_and_can_be_sent_again(
    visitor: Visitor, channel: WebChannel, bot: ScriptedBot
) -> None:
    class Full:
        def __getattr__(self, name: str) -> Any:
            return getattr(bot, name)

        async def accept(self, message: InboundMessage) -> Acceptance:
            raise NotStored

    channel.connect(Full())
    fields = {"as": "mira", "room": "general", "text": "@chatbot hi", "nonce": "n"}
    assert (await visitor.post("messages", fields))[0] == 503
    channel.connect(bot)
    assert (await visitor.post("messages", fields))[0] == 200
    assert len(bot.accepted) == 1
    assert len([m for m in await visitor.messages() if m["author"] == "mira"]) == 1


async def test_thumbs_reach_the_bot_and_the_page(visitor: Visitor, bot: ScriptedBot) -> None:
    answer = await answer_to(visitor, await visitor.say("@chatbot hi"))
    fields = {"as": "jonas", "message": answer["id"], "emoji": "+1"}
    for on in (True, True, False, True):
        assert (await visitor.post("reactions", {**fields, "on": on}))[0] == 200
    given = [(r.ref, r.emoji, r.added, r.author.user_id) for r in bot.reactions]
    ref = ref_of("general", answer["id"])
    assert given[-2:] == [(ref, "+1", False, "jonas"), (ref, "+1", True, "jonas")]
    shown = next(m for m in await visitor.messages() if m["id"] == answer["id"])
    assert shown["reactions"] == {"+1": ["jonas"]}


async def test_a_reaction_among_people_is_not_the_bots_business(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    said = await visitor.say("Lunch?")
    await visitor.post("reactions", {"as": "jonas", "message": said, "emoji": "tada", "on": True})
    assert bot.reactions == []


async def test_stop_ends_the_answer_and_try_again_answers_in_the_same_message(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    question = await visitor.say("@chatbot a long one")
    place = {"as": "mira", "room": "general", "thread": question}
    await visitor.until(lambda m: bool(m.get("blocks")))
    assert (await visitor.post("stop", place)) == (200, {"ok": True})
    stopped = await answer_to(visitor, question)
    assert (stopped["state"], stopped["can_retry"]) == ("stopped", True)
    assert (await visitor.post("stop", place)) == (200, {"ok": False})
    again = {"as": "mira", "message": stopped["id"], "click": "c1"}
    assert (await visitor.post("again", again)) == (200, {"ok": True})
    answer = await visitor.until(lambda m: m["author"] == BOT and m["state"] == "done")
    assert answer["id"] == stopped["id"]


async def test_a_typed_command_is_accepted_like_any_message(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    await visitor.say("/STATS 24h")
    await visitor.say("/nonsense is no command")
    (message,) = bot.accepted
    assert (message.text, message.address) == ("STATS 24h", "mention")


async def test_a_button_of_a_report_replaces_the_report(visitor: Visitor, bot: ScriptedBot) -> None:
    report = await answer_to(visitor, await visitor.say("/stats 24h"))
    press = {"as": "priya", "message": report["id"], "command": "stats 7d"}
    assert (await visitor.post("commands", press))[0] == 200
    (call,) = bot.calls
    assert (call.name, call.arguments, call.author.user_id) == ("stats", ("7d",), "priya")
    shown = [m for m in await visitor.messages() if m["kind"] == "report"]
    assert [(m["id"], "Last 7d" in m["html"]) for m in shown] == [(report["id"], True)]


async def test_people_delete_their_own_words_only(visitor: Visitor, bot: ScriptedBot) -> None:
    question = await visitor.say("@chatbot a long one")
    await visitor.until(lambda m: m["state"] == "running")
    fields = {"message": question}
    assert (await visitor.post("delete", {**fields, "as": "jonas"}))[0] == 403
    assert (await visitor.post("delete", {**fields, "as": "mira"}))[0] == 200
    assert await visitor.messages() == []


async def test_files_are_attached_read_back_and_shown_safely(
    visitor: Visitor, channel: WebChannel, bot: ScriptedBot
) -> None:
    page = b"<script>alert(1)</script>"
    status, file = await visitor.post(
        "files?name=../a%00b.html", page, {**OWN, "Content-Type": "text/html"}
    )
    assert status == 200
    assert file["name"] == "ab.html"
    await visitor.say("@chatbot read this", files=[file["id"]])
    (message,) = bot.accepted
    (attachment,) = message.attachments
    assert await channel.playground.uploads.read(message, attachment, 100) == page
    response = await visitor.client.get(f"/playground/files/{file['id']}?type=text/html")
    assert response.content_type == "application/octet-stream"
    assert response.headers["Content-Disposition"] == "attachment"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert (await visitor.get("files/..%2frooms.jsonl"))[0] == 404


async def test_the_model_can_be_changed_and_a_refusal_is_said(
    visitor: Visitor, bot: ScriptedBot
) -> None:
    _, listed = await visitor.get("models")
    assert [card["id"] for card in listed["offers"]] == ["demo", "gemini", "ollama"]
    assert (await visitor.post("models", {"use": "gemini"}))[0] == 200
    status, answer = await visitor.post("models", {"use": "gone"})
    assert (status, answer["error"]) == (400, "This model is not here any more.")
    pasted = {"key": "secret-key", "model": "openai/x"}
    assert (await visitor.post("models", pasted))[0] == 200
    _, state = await visitor.get("state")
    assert state["model"]["name"] == "openai/x"
    assert "secret-key" not in json.dumps(state)


async def test_a_failure_can_be_chosen(visitor: Visitor, bot: ScriptedBot) -> None:
    assert (await visitor.post("faults", {"kind": "outage"}))[0] == 200
    assert (await visitor.get("state"))[1]["fault"] == "outage"
    assert (await visitor.post("faults", {"kind": "fire"}))[0] == 400


async def test_updates_arrive_live_and_go_on_after_a_lost_connection(
    visitor: Visitor, channel: WebChannel, bot: ScriptedBot
) -> None:
    _, state = await visitor.get("state")
    first = await visitor.client.get(f"/playground/events?after={state['cursor']}")
    assert first.content_type == "text/event-stream"
    await visitor.say("one")
    seen = await first.content.readuntil(b"}\n\n")
    first.close()
    last = seen.partition(b"id: ")[2].partition(b"\n")[0].decode()
    await visitor.say("two")
    second = await visitor.client.get("/playground/events", headers={"Last-Event-ID": last})
    event = json.loads((await second.content.readuntil(b"}\n\n")).partition(b"data: ")[2])
    assert event["message"]["text"] == "two"
    await channel.stop()
    assert await second.content.read() == b""


async def test_every_room_and_person_is_in_the_state(visitor: Visitor, bot: ScriptedBot) -> None:
    _, state = await visitor.get("state")
    assert [room["id"] for room in state["rooms"]] == list(ROOMS)
    assert len(state["people"]) == 3
    assert state["commands"][0]["name"] == "help"
