"""The manifest, the listeners, the check and the docs tell of the same app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from adapters.slack.check import SCOPES
from adapters.slack.inbound.intake import DURABLE_EVENTS
from adapters.slack.inbound.listeners import COMMAND_PREFIX, NEWS, PROMPTS, UNHEARD
from tests.core.commands.desk import Desk

ROOT = Path(__file__).parents[3]
MANIFEST = json.loads((ROOT / "manifest.json").read_text("utf-8"))
DOCS = (ROOT / "docs" / "slack.md").read_text("utf-8")
OLD_PANE = {"assistant_thread_started", "assistant_thread_context_changed"}


def texts(longest: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest}


def fields(required: str = "", /, **known: Any) -> dict[str, Any]:
    """Slack refuses a manifest with a field that it does not know."""
    return {
        "type": "object",
        "properties": known,
        "required": required.split(),
        "additionalProperties": False,
    }


def many(items: dict[str, Any], most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most, "uniqueItems": True}


FLAG = {"type": "boolean"}
TEXT = {"type": "string", "minLength": 1}
WHAT_SLACK_TAKES = fields(
    "display_information",
    _metadata=fields(major_version={"const": 2}, minor_version={"const": 1}),
    display_information=fields(
        "name",
        name=texts(35),
        description=texts(140),
        background_color={"type": "string", "pattern": "^#[0-9a-f]{6}$"},
    ),
    features=fields(
        app_home=fields(
            home_tab_enabled=FLAG, messages_tab_enabled=FLAG, messages_tab_read_only_enabled=FLAG
        ),
        bot_user=fields("display_name", display_name=texts(80), always_online=FLAG),
        agent_view=fields(
            agent_description=texts(300),
            suggested_prompts=many(fields("title message", title=TEXT, message=TEXT), 4),
        ),
        slash_commands=many(
            fields(
                "command description",
                command={**texts(32), "pattern": "^/"},
                description=texts(2000),
                usage_hint=texts(1000),
                should_escape=FLAG,
            ),
            50,
        ),
    ),
    oauth_config=fields(scopes=fields(bot=many(texts(50), 255))),
    settings=fields(
        event_subscriptions=fields(bot_events=many(texts(50), 100)),
        interactivity=fields("is_enabled", is_enabled=FLAG),
        org_deploy_enabled=FLAG,
        socket_mode_enabled=FLAG,
        token_rotation_enabled=FLAG,
    ),
)
"""https://docs.slack.dev/reference/app-manifest, for what the manifest uses of it."""


def test_slack_would_take_the_manifest() -> None:
    jsonschema.validate(MANIFEST, WHAT_SLACK_TAKES)


def test_a_manifest_that_slack_would_refuse_is_noticed() -> None:
    longer = {**MANIFEST["display_information"], "name": "x" * 36}
    unknown = {**MANIFEST["settings"], "is_hosted_somewhere": True}
    for changes in ({"display_information": longer}, {"settings": unknown}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**MANIFEST, **changes}, WHAT_SLACK_TAKES)


def test_every_event_has_a_listener_and_every_listener_its_event() -> None:
    subscribed = set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    kinds = {event.partition(".")[0] for event in subscribed}
    heard = DURABLE_EVENTS | {"app_home_opened", *NEWS, *UNHEARD}
    assert kinds == heard - OLD_PANE


def test_the_pane_is_the_agent_view_without_the_events_of_the_older_one() -> None:
    assert "assistant_view" not in MANIFEST["features"]
    assert not OLD_PANE & set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])
    prompts = MANIFEST["features"]["agent_view"]["suggested_prompts"]
    assert [(p["title"], p["message"]) for p in prompts] == list(PROMPTS)


def test_every_command_is_offered_explained_and_documented() -> None:
    commands = {command.name for command in Desk().summaries()}
    offered = {entry["command"]: entry for entry in MANIFEST["features"]["slash_commands"]}
    assert set(offered) == {COMMAND_PREFIX + name for name in commands}
    for command, entry in offered.items():
        assert entry["description"]
        assert entry["usage_hint"]
        assert command in DOCS


def test_the_check_asks_for_nothing_that_the_manifest_does_not_grant() -> None:
    granted = set(MANIFEST["oauth_config"]["scopes"]["bot"])
    assert granted >= SCOPES
    assert all(scope in DOCS for scope in granted)


def test_socket_mode_is_on_and_tokens_do_not_rotate() -> None:
    settings = MANIFEST["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["token_rotation_enabled"] is False
    assert settings["interactivity"]["is_enabled"] is True
