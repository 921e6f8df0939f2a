"""The manifest, the listeners, the check and the docs tell of the same app."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema

from adapters.slack.check import SCOPES
from adapters.slack.inbound.intake import DURABLE_EVENTS
from adapters.slack.inbound.listeners import COMMAND_PREFIX, COMMANDS, NEWS, PROMPTS, UNHEARD

ROOT = Path(__file__).parents[3]
MANIFEST = json.loads((ROOT / "manifest.json").read_text("utf-8"))
DOCS = (ROOT / "docs" / "slack.md").read_text("utf-8")
OLD_PANE = {"assistant_thread_started", "assistant_thread_context_changed"}


def test_slack_would_take_the_manifest() -> None:
    schema = Path(__file__).parent / "data" / "slack-manifest.schema.json"
    jsonschema.validate(MANIFEST, json.loads(schema.read_text("utf-8")))


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
    offered = {entry["command"]: entry for entry in MANIFEST["features"]["slash_commands"]}
    assert set(offered) == {COMMAND_PREFIX + name for name in COMMANDS}
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
