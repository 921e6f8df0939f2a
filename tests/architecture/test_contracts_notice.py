"""The import contracts, tried out on a tree that breaks one of them at a time."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.architecture.sources import ROOT

if TYPE_CHECKING:
    from pathlib import Path

MODULES = (
    "bot/wiring",
    *(f"adapters/{name}/app" for name in ("slack", "teams", "web", "litellm", "langfuse")),
    *(f"adapters/{name}/app" for name in ("sql", "prometheus", "wire")),
    *("core/turns/engine", "core/commands/stats", "core/reports/numbers"),
    *("core/model/retrying", "core/people/limits", "core/text/clean"),
    *("core/ports", "core/turn", "core/errors"),
)
GOOD = {
    "bot/wiring": "import apscheduler, pydantic_settings\nfrom adapters.slack import app",
    "adapters/slack/app": "import slack_bolt.async_app\nfrom core import ports",
    "adapters/teams/app": "import botbuilder.core, jwt",
    "adapters/langfuse/app": "import langfuse, opentelemetry",
    "adapters/litellm/app": "import litellm, openai\nfrom adapters.wire import app",
    "adapters/sql/app": "import sqlalchemy, alembic",
    "adapters/prometheus/app": "import prometheus_client",
    "core/turns/engine": "from core.model import retrying",
    "core/model/retrying": "import tenacity\nfrom core import ports",
    "core/text/clean": "import markdown_it",
    "core/ports": "from core import turn, errors",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for module in MODULES:
        path = tmp_path / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(GOOD.get(module, "") + "\n", "utf-8")
        for folder in path.parents:
            if folder.is_relative_to(tmp_path) and folder != tmp_path:
                (folder / "__init__.py").touch()
    return tmp_path


def broken_contracts(tree: Path) -> list[str]:
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    options = ["--no-logo", "--no-cache", "--config", str(ROOT / "pyproject.toml")]
    outcome = subprocess.run(
        [sys.executable, "-c", lint, *options],
        cwd=tree,
        env={"COLUMNS": "300"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts: " in outcome.stdout, outcome.stdout + outcome.stderr
    return [line for line in outcome.stdout.splitlines() if " BROKEN" in line]


def test_the_tree_is_good_as_it_is(tree: Path) -> None:
    assert broken_contracts(tree) == []


@pytest.mark.parametrize(
    ("module", "bad", "contract"),
    [
        ("core/turns/engine", "import adapters.slack", "bot knows adapters and core"),
        ("adapters/slack/app", "import bot.wiring", "bot knows adapters and core"),
        ("adapters/web/app", "import adapters.slack.app", "Adapters do not know each other"),
        ("adapters/wire/app", "import adapters.web.app", "Adapters do not know each other"),
        ("core/model/retrying", "import core.turns.engine", "core is arranged by concept"),
        ("core/turn", "import core.ports", "core is arranged by concept"),
        ("core/stray", "import core.ports", "core is arranged by concept"),
        ("core/turns/engine", "import core.commands.stats", "No import cycles"),
        ("adapters/web/app", "import slack_sdk", "Slack's SDK"),
        ("bot/wiring", "import botbuilder.schema", "Microsoft's SDK"),
        ("adapters/slack/app", "import jwt", "Microsoft's SDK"),
        ("core/turns/engine", "import langfuse", "The tracing SDK"),
        ("bot/wiring", "import litellm", "Model SDKs"),
        ("adapters/web/app", "import openai", "Model SDKs"),
        ("bot/wiring", "from sqlalchemy import text", "The database toolkit"),
        ("adapters/web/app", "import prometheus_client", "The metrics client"),
        ("adapters/web/app", "import apscheduler", "Clock and settings libraries"),
        ("core/turns/engine", "import pydantic", "Clock and settings libraries"),
        ("core/turns/engine", "import aiohttp", "core does no I/O"),
        ("core/people/limits", "import tenacity", "core does no I/O"),
        ("core/commands/stats", "import markdown_it", "core does no I/O"),
    ],
)
def test_a_forbidden_import_is_noticed(tree: Path, module: str, bad: str, contract: str) -> None:
    with (tree / f"{module}.py").open("a", encoding="utf-8") as file:
        file.write(bad + "\n")
    if contract == "No import cycles":
        (tree / "core/commands/stats.py").write_text("import core.turns.engine\n", "utf-8")
    assert any(line.startswith(contract) for line in broken_contracts(tree))
