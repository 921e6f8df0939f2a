from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata

from tests.architecture.sources import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_import_contracts_hold() -> None:
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    outcome = subprocess.run(
        [sys.executable, "-c", lint, "--no-logo", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_nobody_waits_for_the_sdk_of_a_channel_that_is_not_used() -> None:
    """Microsoft's takes most of a second."""
    look = "import sys, bot.wiring; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"botbuilder", "msrest", "slack_bolt"} & set(loaded.stdout.split())


def test_every_dependency_is_named_by_a_contract_that_says_where_it_may_be_imported() -> None:
    """A new library cannot come in without deciding on its one place."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    placed = {module for contract in contracts for module in _restricted(contract)}
    modules_of: dict[str, set[str]] = {}
    for module, names in metadata.packages_distributions().items():
        for name in names:
            modules_of.setdefault(_normalised(name), set()).add(module)
    dependencies = [
        _normalised(re.split(r"[<>=;\[ ]", line)[0]) for line in PROJECT["project"]["dependencies"]
    ]
    assert {name for name in dependencies if not modules_of.get(name, {"-"}) & placed} <= {"tzdata"}


def _restricted(contract: dict[str, list[str]]) -> list[str]:
    return contract.get("forbidden_modules", []) + contract.get("protected_modules", [])


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
