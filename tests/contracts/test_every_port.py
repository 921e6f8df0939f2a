"""No port, and no implementation of one, without a contract: new ones are written in here."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import adapters
import bot
import core
import core.ports
from core.commands.command import Command
from tests import fakes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

NAMESAKES = {"ModelChoice"}
"""They answer another question in the same words."""
RUN_BY_OTHERS = ("__main__", "migrations.env")
STORES = {"FakeStore", "SqlStore"}
CONTRACTS: dict[str, tuple[str, set[str]]] = {
    "Announcer": (
        "test_announcer",
        {"FakeChat", "SlackAnnouncer", "TeamsAnnouncer", "WebAnnouncer"},
    ),
    "Arrivals": ("test_store_money", STORES),
    "Attachments": (
        "test_attachments",
        {"FakeChat", "SlackAttachments", "TeamsAttachments", "Uploads"},
    ),
    "Audit": ("test_store_operating", STORES),
    "WriteBudget": ("test_write_budget", {"Pace", "Pacer"}),
    "CallObserver": ("test_turn_observer", {"LangfuseTracer"}),
    "ChatModel": (
        "test_chat_model test_model_wrappers",
        {
            "BreakingModel",
            "CheckingModel",
            "FallingBackModel",
            "FullLane",
            "Lanes",
            "LeanLane",
            "LimitedModel",
            "MeteredModel",
            "RetryingModel",
            "ScriptedModel",
            "SwitchableModel",
            "TimedModel",
            "TracedModel",
        },
    ),
    "Chatbot": ("test_chatbot", {"Desk"}),
    "Clock": ("test_world", {"FakeClock", "LoopClock", "SystemClock"}),
    "Command": ("test_command", {"Help", "Pause", "Reset", "Resume", "Settings", "Stats", "Stop"}),
    "Completions": (
        "test_store_money test_guarded_completions",
        STORES | {"_GuardedCompletions"},
    ),
    "DeadLetters": ("test_store_operating", STORES),
    "Erasure": ("test_store_erasure", STORES),
    "Files": ("test_files", {"SlackFiles"}),
    "Hold": ("test_store_holds", {"FakeHold", "SqlHold"}),
    "Ids": ("test_world", {"SortableIds"}),
    "Inbox": ("test_store_inbox", STORES),
    "Pauses": ("test_store_pauses", STORES),
    "People": ("test_people", {"FakeChat", "Names"}),
    "Places": ("test_store_people", STORES),
    "Preferences": ("test_store_people", STORES),
    "PriceList": ("test_price_list", {"Prices"}),
    "PromptSource": ("test_prompt_source", {"PromptFile"}),
    "Ratings": ("test_store_people", STORES),
    "Replies": ("test_replies", {"FakeChat", "SlackReplies", "TeamsReplies", "WebReplies"}),
    "Reply": ("test_replies", {"FakeReply", "SlackReply", "TeamsReply", "WebReply"}),
    "Stops": ("test_store_stops", STORES),
    "TokenCounter": ("test_token_counter", {"EstimatedTokens"}),
    "Transcript": (
        "test_transcript",
        {"FakeChat", "SlackTranscript", "TeamsTranscript", "WebTranscript"},
    ),
    "TurnObserver": ("test_turn_observer", {"LangfuseTracer", "Metrics", "RequestLog"}),
    "Turns": ("test_store_turns", STORES),
    "Upkeep": ("test_store_upkeep", STORES),
}
"""By port: the modules that hold its contract, and everything that they are run for."""


@cache
def ports() -> dict[str, type]:
    found = {name: port for module in _modules(core.ports) for name, port in _protocols(module)}
    return {**found, "Command": Command}


def test_every_port_has_a_contract() -> None:
    assert set(CONTRACTS) == set(ports())


@pytest.mark.parametrize("port", CONTRACTS)
def test_a_contract_is_made_of_tests(port: str) -> None:
    for name in CONTRACTS[port][0].split():
        module = importlib.import_module(f"tests.contracts.{name}")
        assert any(one.startswith("test_") for one in vars(module))


@pytest.mark.parametrize("port", CONTRACTS)
def test_every_implementation_is_one_that_its_contract_knows(port: str) -> None:
    """Whatever has all the methods of a port, with the arguments that the port names."""
    wanted = _methods(ports()[port])
    found = {one for one in _classes() if wanted.items() <= _methods(one).items()}
    whole = {one.__name__ for one in found if not found & set(one.__subclasses__())}
    assert whole - NAMESAKES == CONTRACTS[port][1]


def _modules(package: ModuleType) -> Iterator[ModuleType]:
    yield package
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith(RUN_BY_OTHERS):
            yield importlib.import_module(module.name)


def _protocols(module: ModuleType) -> Iterator[tuple[str, type]]:
    for name, one in vars(module).items():
        if _is_protocol(one) and one.__module__.startswith(core.ports.__name__):
            yield name, one


def _is_protocol(one: object) -> bool:
    return inspect.isclass(one) and bool(getattr(one, "_is_protocol", False))


@cache
def _classes() -> frozenset[type]:
    """Ours, protocols aside."""
    return frozenset(
        one
        for package in (core, adapters, bot, fakes)
        for module in _modules(package)
        for one in vars(module).values()
        if inspect.isclass(one) and one.__module__ == module.__name__ and not _is_protocol(one)
    )


@cache
def _methods(one: type) -> dict[str, tuple[object, ...]]:
    """Public methods by name: is it a coroutine, and what are its parameters?"""
    return {
        name: _shape(member)
        for name, member in inspect.getmembers(one)
        if not name.startswith("_") and inspect.isfunction(member)
    }


def _shape(method: Any) -> tuple[object, ...]:
    signature = inspect.signature(method)
    given = tuple(
        (parameter.name, parameter.kind) for parameter in list(signature.parameters.values())[1:]
    )
    # Where nothing is given, the name alone is too little to tell a port by.
    said = () if given else signature.return_annotation
    return inspect.iscoroutinefunction(method), given, said
