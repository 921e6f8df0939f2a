"""Microsoft's local client is run only if it is the very one that `run` names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.tooling.command import load_run

if TYPE_CHECKING:
    from pathlib import Path

RUN = load_run()
NAME = f"node_modules/{RUN.PLAYGROUND}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which the client is installed, and a node on the PATH that is never started."""
    node = tmp_path / "bin" / "node"
    node.parent.mkdir()
    node.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    node.chmod(0o755)
    monkeypatch.setenv("PATH", str(node.parent))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    script = RUN.playground_folder() / NAME / "cli.js"
    script.parent.mkdir(parents=True)
    script.touch()
    note(RUN.playground_folder(), {NAME: {"integrity": RUN.PLAYGROUND_HASH}})
    return tmp_path


def note(folder: Path, packages: dict[str, Any]) -> None:
    """What npm writes down of what it installed."""
    lock = folder / "node_modules" / ".package-lock.json"
    lock.write_text(json.dumps({"packages": packages}), "utf-8")


def test_the_client_is_found_in_the_cache(cache: Path) -> None:
    found = RUN.find_agents_playground()
    assert found == str(RUN.playground_folder() / NAME / "cli.js")
    assert found.startswith(str(cache))


@pytest.mark.parametrize(
    "packages", [{NAME: {"integrity": "sha512-other"}}, {NAME: {}}, {}, {NAME: None}]
)
def test_another_package_of_its_name_is_none(cache: Path, packages: dict[str, Any]) -> None:
    note(RUN.playground_folder(), packages)
    assert RUN.find_agents_playground() is None


def test_a_half_installed_one_and_one_without_node_are_none(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert RUN.find_agents_playground() is None
    RUN.install_agents_playground()  # without npm nothing happens
    monkeypatch.setenv("PATH", str(cache / "bin"))
    (RUN.playground_folder() / NAME / "cli.js").unlink()
    assert RUN.find_agents_playground() is None


def test_a_registry_that_refuses_is_said_and_nothing_else_fails(
    cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    npm = cache / "bin" / "npm"
    npm.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    npm.chmod(0o755)
    note(RUN.playground_folder(), {})
    RUN.install_agents_playground()
    assert "could not be installed: its test is skipped" in capsys.readouterr().err
