from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from tests.tooling.command import ROOT

RUN = ROOT / "run"


def call(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RUN), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_without_a_command_it_shows_them_all() -> None:
    outcome = call()
    assert outcome.returncode == 2
    assert all(
        f"  {name} " in outcome.stderr
        for name in ("demo", "test", "check", "bench", "chaos", "replicas", "setup", "lock")
    )


def test_a_wrong_command_is_named_and_the_right_ones_are_shown() -> None:
    outcome = call("tset")
    assert outcome.returncode == 2
    assert outcome.stderr.startswith("unknown command: tset\n")
    assert "usage: ./run COMMAND" in outcome.stderr


@pytest.mark.parametrize("argument", ["help", "-h", "--help"])
def test_asked_for_help_it_helps_and_succeeds(argument: str) -> None:
    outcome = call(argument)
    assert outcome.returncode == 0
    assert outcome.stdout.startswith("usage: ./run COMMAND")


@pytest.mark.parametrize("arguments", [("check", "core"), ("setup", "--all")])
def test_arguments_that_mean_nothing_are_refused(arguments: tuple[str, ...]) -> None:
    outcome = call(*arguments)
    assert outcome.returncode == 1
    assert "takes no arguments" in outcome.stderr


def test_it_can_be_started_as_a_program() -> None:
    assert os.access(RUN, os.X_OK)
    assert RUN.read_text("utf-8").startswith("#!/usr/bin/env python3\n")


def test_a_python_too_old_for_the_bot_can_still_read_it() -> None:
    ast.parse(RUN.read_text("utf-8"), feature_version=(3, 8))


def test_it_imports_the_standard_library_only() -> None:
    tree = ast.parse(RUN.read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported <= sys.stdlib_module_names
