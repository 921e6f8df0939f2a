"""What Teams signed, but never writes so: refused in words of HTTP, and nothing is kept of it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.teams.conftest import running_bot
from tests.adapters.teams.eyes import card_words
from tests.adapters.teams.requests import GONE, changed, send, typed
from tests.standins.teams import payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.adapters.teams.conftest import Bot
    from tests.conftest import Count

Json = dict[str, Any]
LONG = "x" * 1_000_000

WRONG: list[tuple[str, Any]] = [
    ("type", GONE),
    ("type", None),
    ("type", 7),
    ("type", ["message"]),
    ("text", None),
    ("text", 7),
    ("text", ["Hi"]),
    ("entities", "mention"),
    ("entities", {"type": "mention"}),
    ("entities", [None]),
    ("entities", [["mention"]]),
    ("entities", [{"type": "mention"}]),
    ("entities", [{"type": "mention", "mentioned": "28:bot"}]),
    ("conversation", []),
    ("conversation", "a:1"),
    ("conversation.id", GONE),
    ("conversation.id", ""),
    ("conversation.id", "  "),
    ("conversation.id", 7),
    ("conversation.id", {}),
    ("conversation.id", LONG),
    ("conversation.id", "a:1\u0000"),
    ("conversation.id", "a:1\ud800"),
    ("conversation.id", "a:1\n"),
    ("from", GONE),
    ("from", None),
    ("from", "29:alice"),
    ("from", []),
    ("from.id", GONE),
    ("from.id", ""),
    ("from.id", None),
    ("from.id", LONG),
    ("from.id", "29:\udfff"),
    ("from.aadObjectId", 7),
    ("from.aadObjectId", LONG),
    ("recipient", GONE),
    ("recipient", []),
    ("recipient.id", GONE),
    ("recipient.id", False),
    ("recipient.id", LONG),
    ("id", GONE),
    ("id", ""),
    ("id", 7),
    ("id", LONG),
    ("timestamp", GONE),
    ("timestamp", ""),
    ("timestamp", "yesterday"),
    ("timestamp", 1_700_000_000),
    ("timestamp", "0001-01-01T00:00:00+14:00"),
    ("timestamp", "9999-12-31T23:59:59-14:00"),
    ("timestamp", "2026-13-45T99:99:99Z"),
]
FEEDBACK: list[Any] = [
    None,
    "like",
    [],
    {},
    {"actionName": "feedback"},
    {"actionName": "feedback", "actionValue": "like"},
    {"actionName": "feedback", "actionValue": {"reaction": "heart", "feedback": ""}},
    {"actionName": "feedback", "actionValue": {"reaction": ["like"], "feedback": ""}},
    {"actionName": "other", "actionValue": {"reaction": "like", "feedback": ""}},
]
ACTIONS: list[Any] = [
    None,
    7,
    [],
    {},
    {"action": None},
    {"action": {"data": None}},
    {"action": {"data": {"verb": "delete-everything"}}},
    {"action": {"data": {"verb": "command"}}},
    {"action": {"data": {"verb": "command", "command": ""}}},
    {"action": {"data": {"verb": "command", "command": ["stats"]}}},
    {"action": {"data": {"verb": "command", "command": "x" * 100_000}}},
    {"action": {"action": {"data": {"verb": "again"}}}},
]


def invoked(bot: Bot, name: Any, value: Any, reply_to: str | None = "1") -> Json:
    account = bot.teams.workspace.person("alice").account()
    return payloads.invoke(bot.teams.people.scene("alice"), account, name, value, reply_to)


def told_kinds(bot: Bot) -> dict[str, Json]:
    """One activity of each kind that the bot listens to."""
    scene = bot.teams.people.scene("alice")
    account = bot.teams.workspace.person("alice").account()
    message = typed(bot)
    bots = [{"id": bot.teams.workspace.bot.id}]
    return {
        "message": message,
        "mention": typed(bot, "General"),
        "edit": payloads.edited(message, "Other words"),
        "deletion": payloads.deleted(message),
        "reaction": payloads.reaction(scene, account, "1", added=["like"], removed=["heart"]),
        "feedback": payloads.feedback(scene, account, True, "Good", "1"),
        "press": payloads.execute(scene, account, {"data": {"verb": "again"}}, "1"),
        "install": payloads.installation(scene, account, added=True),
        "remove": payloads.installation(scene, account, added=False),
        "members": payloads.members(scene, account, bots, added=True),
        "typing": payloads.typing(scene, account),
    }


def kept(bot: Bot) -> int:
    chatbot = bot.chatbot
    return sum(
        map(
            len,
            (
                chatbot.accepted,
                chatbot.reactions,
                chatbot.edits,
                chatbot.deletions,
                chatbot.calls,
                chatbot.retries,
            ),
        )
    )


async def test_a_message_of_a_wrong_shape_is_400(bot: Bot) -> None:
    got = {}
    for path, value in WRONG:
        status = await send(bot, changed(typed(bot, "General"), path, value))
        if status != 400:
            got[f"{path}={value!r:.40}"] = status
    assert got == {}
    assert kept(bot) == 0


@pytest.mark.parametrize("kind", ["edit", "deletion", "reaction", "feedback", "press", "install"])
async def test_so_is_every_other_kind_without_who_and_where(bot: Bot, kind: str) -> None:
    told = told_kinds(bot)[kind]
    for path in ("from", "from.id", "conversation", "conversation.id", "recipient", "timestamp"):
        assert await send(bot, changed(told, path, GONE)) == 400, path
    named = {"edit": "id", "deletion": "id", "reaction": "replyToId", "press": "replyToId"}
    for value in (GONE, "", 7, LONG, "\ud800"):
        if kind in named:
            assert await send(bot, changed(told, named[kind], value)) == 400, value
    assert kept(bot) == 0


async def test_invokes_that_are_not_ours_are_refused(bot: Bot) -> None:
    for name in ("", None, 7, "composeExtension/query", "signin/verifyState", "x" * 10_000):
        assert 400 <= await send(bot, invoked(bot, name, {})) < 500, name
    for value in FEEDBACK:
        assert await send(bot, invoked(bot, "message/submitAction", value)) == 400, value
    for value in ACTIONS:
        assert await send(bot, invoked(bot, "adaptiveCard/action", value)) == 400, value
    assert kept(bot) == 0


async def test_kinds_that_nobody_waits_for_are_taken_and_forgotten(bot: Bot) -> None:
    for kind in ("typing", "event", "endOfConversation", "trace", "handoff", "x" * 500, "\ud800"):
        assert await send(bot, typed(bot) | {"type": kind}) == 200, kind
    assert kept(bot) == 0


@pytest.mark.parametrize("text", ["\ud800 lone", "NUL \u0000", "\U000e0041 tag", "e\u0301" * 999])
async def test_odd_letters_are_taken_without_what_hurts(bot: Bot, text: str) -> None:
    assert await send(bot, typed(bot, text=text)) == 200
    (message,) = bot.chatbot.accepted
    assert message.text.encode()
    assert "\u0000" not in message.text


async def test_who_wants_the_answer_in_the_response_does_not_get_it(bot: Bot) -> None:
    for kind, told in told_kinds(bot).items():
        assert await send(bot, told | {"deliveryMode": "expectReplies"}) == 200, kind
    await bot.teams.wait_for(
        lambda: any("Good to meet you" in card_words(m) for m in bot.teams.answers("alice"))
    )


def paths(value: Any, at: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{at}{name}"
            yield from paths(inner, f"{at}{name}.")


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.sampled_from(["", " ", "\u0000", "\ud800", "28:x", "https://x/", "2026-01-01T00:00:00Z"])
    | st.text(st.characters(exclude_categories=()), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


def test_whatever_is_changed_nothing_breaks_and_nothing_comes_from_nobody(count: Count) -> None:
    with asyncio.Runner() as runner:
        running = running_bot()
        bot = runner.run(running.__aenter__())
        kinds = told_kinds(bot)
        places = [(kind, path) for kind, told in kinds.items() for path in paths(told)]

        @given(
            changes=st.lists(
                st.tuples(st.sampled_from(places), st.just(GONE) | ODD), min_size=1, max_size=3
            )
        )
        @settings(max_examples=count(short=250, long=5_000))
        def check(changes: list[tuple[tuple[str, str], Any]]) -> None:
            kind = changes[0][0][0]
            told = kinds[kind] | {"id": bot.teams.workspace.new_id()}
            for (_, path), value in changes:
                with_parents = set(paths(told))
                if path in with_parents:
                    told = changed(told, path, value)
            before = kept(bot)
            status = runner.run(send(bot, json.dumps(told).encode()))
            assert status < 500
            sender = told.get("from")
            named = sender.get("id") if isinstance(sender, dict) else None
            if not isinstance(named, str) or not named.strip():
                assert kept(bot) == before

        try:
            check()
        finally:
            runner.run(running.__aexit__(None, None, None))
