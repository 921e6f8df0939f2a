"""What every test has: loopback only, counts that grow with --long, and named real parts."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import hypothesis
import pytest

from tests.tooling import outbound, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

OWN_SETTINGS = (
    "ALERT_",
    "ANTHROPIC_",
    "AZURE_",
    "DATABASE_URL",
    "DIGEST_",
    "GEMINI_",
    "GOOGLE_",
    "LANGFUSE_",
    "LLM_",
    "MICROSOFT_",
    "OPENAI_",
    "SLACK_",
    "SMTP_",
    "TEAMS_",
)
"""Settings of the person who runs the tests: no test may find a real token by accident."""


class Count(Protocol):
    """How many rounds a test makes: few by default, all of them with --long."""

    def __call__(self, *, short: int, long: int) -> int: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="full counts: takes many minutes")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: only with --long")
    slow_is_fine = [hypothesis.HealthCheck.too_slow]  # a shared machine says little about a test
    hypothesis.settings.register_profile(
        "short",
        max_examples=100,
        deadline=None,
        derandomize=True,
        suppress_health_check=slow_is_fine,
    )
    hypothesis.settings.register_profile(
        "long",
        max_examples=10_000,
        deadline=None,
        print_blob=True,
        suppress_health_check=slow_is_fine,
    )
    hypothesis.settings.load_profile("long" if config.getoption("--long") else "short")
    for name in list(os.environ):
        if name.startswith(OWN_SETTINGS) or name.lower().endswith("_proxy"):
            del os.environ[name]
    if not _only_spreads(config):
        folder = tempfile.TemporaryDirectory(prefix="outbound-")
        config.add_cleanup(folder.cleanup)
        outbound.guard_children(Path(folder.name) / "refusals.txt")
        outbound.install()
    # With none set, looptime asks for a loop before a synchronous test, and nobody closes it.
    asyncio.set_event_loop(None)


def _only_spreads(config: pytest.Config) -> bool:
    """Whether others run the tests: those guard themselves, and must not find it done."""
    return not hasattr(config, "workerinput") and bool(config.getoption("numprocesses", None))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="only with --long"))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """One of several processes is done: its parts are named with those of the others."""
    parts.take_over(getattr(node, "workeroutput", {}).get("parts") or parts.NOTHING)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    worker_output = getattr(session.config, "workeroutput", None)
    if worker_output is not None:
        worker_output["parts"] = parts.to_share()
    elif parts.missing():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Generator[None, None, None]:
    """Last of all, below the list of failures and above the line that counts."""
    yield
    for name in parts.missing():
        terminalreporter.write_sep("!", f"MISSING: {name.upper()}", red=True, bold=True)
        terminalreporter.write_line(
            f"Without {name} the suite is not complete, so this run fails. Install it, or set "
            f"ALLOW_MISSING={name} to do without."
        )
    for part in parts.left_out():
        terminalreporter.write_line(f"Did not run, and may be missing: {part}", yellow=True)
    terminalreporter.write_line(f"Real parts that ran: {', '.join(parts.that_ran())}")


@pytest.fixture(autouse=True)
def loopback_only() -> Iterator[Callable[[], list[str]]]:
    """Fails a test that asked for another host, even if the code under test hid the error."""
    yield outbound.take_refusals
    if refused := outbound.take_refusals():
        pytest.fail(f"asked for other hosts than loopback: {', '.join(refused)}")


@pytest.fixture(scope="session")
def count(pytestconfig: pytest.Config) -> Count:
    def choose(*, short: int, long: int) -> int:
        return long if pytestconfig.getoption("--long") else short

    return choose


@pytest.fixture
def free_port() -> int:
    """A loopback port that nobody listens on: for child processes; in-process servers take 0."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real Chromium, for `launch(executable_path=...)`."""
    path = parts.find_chromium()
    if path is None:
        if parts.may_be_missing("chromium"):
            pytest.skip("ALLOW_MISSING names chromium")
        pytest.fail("no Chromium here: install one, or set CHROMIUM to its path")
    parts.record("Chromium", parts.chromium_version(path))
    return path


@pytest.fixture(scope="session")
def agents_playground() -> str:
    """The script of Microsoft's local client, which node runs; skips where there is none."""
    path = parts.find_agents_playground()
    if path is None:
        has_npm = shutil.which("node") and shutil.which("npm")
        reason = "not installed: `./run test` fetches it by npm" if has_npm else "no node and npm"
        parts.leave_out("Agents Playground", reason)
        pytest.skip(f"no Agents Playground here: {reason}")
    parts.record("Agents Playground", parts.agents_playground_version())
    return path
