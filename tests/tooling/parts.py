"""Names the real parts that a test run used, and those that it lacked."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
from importlib import metadata

from tests.tooling.command import load_run
from tests.tooling.postgres import installations

DISTRIBUTIONS = {
    "slack_bolt": "slack-bolt",
    "slack_sdk": "slack-sdk",
    "botbuilder.core": "botbuilder-core",
    "langfuse": "langfuse",
    "litellm": "litellm",
    "openai": "openai",
    "aiohttp": "aiohttp",
    "sqlalchemy": "sqlalchemy",
    "alembic": "alembic",
    "apscheduler": "apscheduler",
    "prometheus_client": "prometheus-client",
    "playwright": "playwright",
}

NOTHING: dict[str, dict[str, str]] = {"ran": {}, "left_out": {}}

_ran: dict[str, str] = {}
_left_out: dict[str, str] = {}
_run = load_run()


def record(name: str, version: str) -> None:
    """A fixture says that it started this part, for example PostgreSQL 18.1."""
    _ran[name] = version


def leave_out(name: str, reason: str) -> None:
    """A fixture says that this part may be missing, and is."""
    _left_out[name] = reason


def to_share() -> dict[str, dict[str, str]]:
    """For the process that reports what several have run."""
    return {"ran": {**_libraries(), **_ran}, "left_out": dict(_left_out)}


def take_over(shared: dict[str, dict[str, str]]) -> None:
    """What another process has shared."""
    _ran.update(shared["ran"])
    _left_out.update(shared["left_out"])


def left_out() -> list[str]:
    return [f"{name} ({reason})" for name, reason in _left_out.items()]


def that_ran() -> list[str]:
    found = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    return [f"{name} {version}" for name, version in {**found, **_ran, **_libraries()}.items()]


def missing() -> list[str]:
    """What REQUIRED_PARTS names and this machine lacks, ALLOW_MISSING aside."""
    present = {"chromium": find_chromium, "postgresql": installations}
    return [
        name
        for name in sorted(_listed("REQUIRED_PARTS") - _listed("ALLOW_MISSING"))
        if name not in map(str.lower, _ran) and not present.get(name, lambda: None)()
    ]


def may_be_missing(name: str) -> bool:
    return name.lower() in _listed("ALLOW_MISSING")


def find_chromium() -> str | None:
    path: str | None = _run.find_chromium()
    return path


def chromium_version(path: str) -> str:
    return str(_run.browser_version(path))


def find_agents_playground() -> str | None:
    path: str | None = _run.find_agents_playground()
    return path


def agents_playground_version() -> str:
    return str(_run.PLAYGROUND_VERSION)


def _libraries() -> dict[str, str]:
    loaded = (name for module, name in DISTRIBUTIONS.items() if module in sys.modules)
    return {name: metadata.version(name) for name in loaded}


def _listed(variable: str) -> set[str]:
    names = os.environ.get(variable, "").lower().split(",")
    return {name.strip() for name in names if name.strip()}
