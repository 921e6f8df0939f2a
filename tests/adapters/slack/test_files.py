"""Files and what was said before: read with care for where the token goes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from adapters.slack.outbound.attachments import SlackAttachments
from core.conversation import Attachment
from core.errors import DeliveryError
from tests.adapters.slack.test_answer import inbound
from tests.standins.slack import SlackFile, faults

if TYPE_CHECKING:
    from core.conversation import InboundMessage
    from tests.adapters.slack.conftest import Bot


async def asked_with(bot: Bot, data: bytes, name: str = "notes.txt") -> InboundMessage:
    bot.chatbot.platform = None
    file = SlackFile(name, data)
    text = f"{bot.slack.people.mention} read this"
    bot.slack.people.say("U0ALICE", "C0GENERAL", text, files=[file], twins="message_first")
    await bot.slack.wait_for(lambda: bot.chatbot.accepted)
    return bot.chatbot.accepted[0]


async def test_a_file_is_read(bot: Bot) -> None:
    message = await asked_with(bot, b"the notes")
    (attachment,) = message.attachments
    read = bot.channel.platform.attachments.read
    assert await read(message, attachment, 100) == b"the notes"


async def test_never_more_than_the_limit(bot: Bot) -> None:
    message = await asked_with(bot, b"x" * 1_000)
    with pytest.raises(DeliveryError, match="too large"):
        await bot.channel.platform.attachments.read(message, message.attachments[0], 999)


async def test_slacks_login_page_is_no_file(bot: Bot) -> None:
    message = await asked_with(bot, b"x")
    bot.slack.faults.on("files.download", faults.html())
    with pytest.raises(DeliveryError, match="web page"):
        await bot.channel.platform.attachments.read(message, message.attachments[0], 999)


async def test_a_file_without_an_address_is_looked_up(bot: Bot) -> None:
    message = await asked_with(bot, b"shared")
    locator = json.loads(message.attachments[0].locator) | {"url": ""}
    bare = Attachment("notes.txt", "text/plain", 0, json.dumps(locator))
    assert await bot.channel.platform.attachments.read(message, bare, 999) == b"shared"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.txt", True),
        ("https://a.slack-files.com/x", True),
        ("http://files.slack.com/x", False),
        ("https://slack.com.evil.example/x", False),
        ("https://evilslack.com/x", False),
        ("https://files.slack.com@evil.example/x", False),
        ("https://user@files.slack.com/x", False),
        ("https://files.slack.com:8443/x", False),
        ("https://169.254.169.254/latest/meta-data", False),
        ("file:///etc/passwd", False),
        ("https://[::1]/x", False),
    ],
)
def test_the_token_goes_to_slacks_hosts_alone(url: str, allowed: bool) -> None:
    files = SlackAttachments(None, None, "xoxb-test", "", lambda _: None)  # type: ignore[arg-type]  # nothing is fetched
    assert files.may_fetch(url) is allowed


async def test_what_was_said_in_the_thread_comes_with_names(bot: Bot) -> None:
    people = bot.slack.people
    root = people.say("U0BOB", "C0GENERAL", "the build is red, <@U0CAROL>")
    people.say("U0CAROL", "C0GENERAL", "looking", root.ts)
    people.other_bot_says("C0GENERAL", "noise", root.ts)
    bot.chatbot.platform = None
    people.say("U0ALICE", "C0GENERAL", f"{people.mention} why?", root.ts)
    await bot.slack.wait_for(lambda: [m for m in bot.chatbot.accepted if m.address == "mention"])
    message = next(m for m in bot.chatbot.accepted if m.address == "mention")

    said = await bot.channel.platform.transcript.before(message, None, 10)

    names = {p.id: p.display_name for p in bot.slack.workspace.people.values()}
    assert [(s.author.name, s.text) for s in said] == [
        (names["U0BOB"], f"the build is red, @{names['U0CAROL']}"),
        (names["U0CAROL"], "looking"),
    ]
    newer = await bot.channel.platform.transcript.before(message, said[0].message_id, 10)
    assert [s.text for s in newer] == ["looking"]
    assert len(await bot.channel.platform.transcript.before(message, None, 1)) == 1


async def test_a_message_that_starts_a_thread_needs_no_call(bot: Bot) -> None:
    message = await inbound(bot)
    assert await bot.channel.platform.transcript.before(message, None, 10) == ()
    assert bot.slack.calls("conversations.replies") == []


async def test_the_files_of_a_mention_are_looked_for_as_its_event_tells_of_none(bot: Bot) -> None:
    people, files = bot.slack.people, bot.channel.platform.files
    assert files is not None
    text, ours = f"{people.mention} see", {"told": False}
    root = people.say("U0ALICE", "C0GENERAL", text, files=[SlackFile("a.txt", b"a")], **ours)
    reply = people.say(
        "U0ALICE", "C0GENERAL", text, root.ts, files=[SlackFile("b.txt", b"b")], **ours
    )
    for said in (root, reply):  # the twin that tells of the files stays away
        bot.slack.announcer.send(said.events[0])
    await bot.slack.wait_for(lambda: len(bot.chatbot.accepted) >= 2)
    for said, name in ((root, "a.txt"), (reply, "b.txt")):
        message = next(one for one in bot.chatbot.accepted if one.ref.message_id == said.ts)
        assert message.attachments == ()
        assert [one.name for one in await files.of(message)] == [name]


async def test_files_that_the_event_told_of_are_not_looked_for(bot: Bot) -> None:
    message = await asked_with(bot, b"x")
    assert bot.channel.platform.files is not None
    assert await bot.channel.platform.files.of(message) == message.attachments
    assert bot.slack.calls("conversations.history") == []


async def test_slack_is_not_asked_when_the_twin_tells(bot: Bot) -> None:
    people = bot.slack.people
    file = SlackFile("notes.txt", b"the notes")
    people.say("U0ALICE", "C0GENERAL", f"{people.mention} read", files=[file])
    await bot.slack.wait_for(lambda: bot.chatbot.accepted)
    assert bot.channel.platform.files is not None
    [found] = await bot.channel.platform.files.of(bot.chatbot.accepted[0])
    assert found.name == "notes.txt"
    assert bot.slack.calls("conversations.history") == []


async def test_files_are_not_waited_for(bot: Bot) -> None:
    people = bot.slack.people
    lonely = people.say("U0ALICE", "C0GENERAL", f"{people.mention} hi", told=False)
    bot.slack.announcer.send(lonely.events[0])
    await bot.slack.wait_for(lambda: bot.chatbot.accepted)
    bot.slack.faults.on("conversations.history", faults.rate_limited("30"))
    assert bot.channel.platform.files is not None
    with pytest.raises(DeliveryError):
        await bot.channel.platform.files.of(bot.chatbot.accepted[0])
