from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.tooling.checkout import Checkout, build_checkout

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def fresh(tmp_path: Path) -> Checkout:
    return build_checkout(tmp_path / "checkout")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A checkout whose environment has been made; its tests leave it complete."""
    checkout = build_checkout(tmp_path_factory.mktemp("made") / "checkout")
    outcome = checkout.call("setup")
    assert outcome.returncode == 0, outcome.stderr
    return checkout


def test_setup_installs_the_lock(made: Checkout) -> None:
    assert made.installed_version() == "1.0"
    assert made.run.is_current(["requirements.lock"])


def test_a_second_start_installs_nothing(made: Checkout) -> None:
    outcome = made.call("setup", PIP_FIND_LINKS=os.devnull)
    assert (outcome.returncode, outcome.stderr) == (0, "")


def test_the_test_tools_count_as_missing_until_they_are_asked_for(made: Checkout) -> None:
    assert not made.run.is_current(["requirements.lock", "requirements-dev.lock"])


def test_a_changed_lock_is_installed(made: Checkout) -> None:
    made.lock("1.1")
    outcome = made.call("setup")
    assert outcome.returncode == 0, outcome.stderr
    assert made.installed_version() == "1.1"


def test_a_package_with_another_hash_is_refused_and_the_environment_stays(made: Checkout) -> None:
    before = made.installed_version()
    stamp = made.run.read_stamp()
    made.lock("6.6")
    wheel = made.root / "wheels" / "tiny_package-6.6-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes() + b"tampered")
    outcome = made.call("setup")
    assert outcome.returncode == 1
    assert "DO NOT MATCH THE HASHES" in outcome.stderr
    assert "could not be installed" in outcome.stderr
    assert made.installed_version() == before
    assert made.run.read_stamp() == stamp
    made.lock("1.2")
    assert made.call("setup").returncode == 0


def test_an_interrupted_installation_is_made_anew(made: Checkout) -> None:
    made.run.write_stamp({})
    leftover = made.root / ".venv" / "half-unpacked"
    leftover.touch()
    assert not made.run.is_current(["requirements.lock"])
    assert made.call("setup").returncode == 0
    assert not leftover.exists()
    assert made.run.is_current(["requirements.lock"])


def test_another_python_behind_the_environment_is_noticed(made: Checkout) -> None:
    stamp = made.run.read_stamp()
    made.run.write_stamp({**stamp, "python": "/usr/bin/python3.10"})
    assert not made.run.is_current(["requirements.lock"])
    made.run.write_stamp(stamp)
    assert made.run.is_current(["requirements.lock"])


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_a_broken_stamp_counts_as_none(fresh: Checkout, content: str) -> None:
    (fresh.root / ".venv").mkdir()
    (fresh.root / ".venv" / "installed.json").write_text(content, "utf-8")
    assert fresh.run.read_stamp() == {}


def test_no_registry_is_explained(made: Checkout, free_port: int) -> None:
    made.lock("9.9")
    nobody = f"http://127.0.0.1:{free_port}/simple"
    outcome = made.call(
        "setup", PIP_NO_INDEX="0", PIP_INDEX_URL=nobody, PIP_FIND_LINKS=os.devnull, PIP_RETRIES="0"
    )
    assert outcome.returncode == 1
    assert "Is the package registry reachable" in outcome.stderr
    assert made.call("setup").returncode == 0


def test_a_python_without_venv_is_explained(fresh: Checkout, tmp_path: Path) -> None:
    """What Debian's python3 says as long as python3-venv is not installed."""
    (tmp_path / "stripped").mkdir()
    (tmp_path / "stripped" / "ensurepip.py").write_text("raise ImportError", "utf-8")
    outcome = fresh.call("setup", PYTHONPATH=str(tmp_path / "stripped"))
    assert outcome.returncode == 1
    assert "without venv or ensurepip" in outcome.stderr
    assert "apt-get install python3-venv" in outcome.stderr
    assert not (fresh.root / ".venv").exists()


def test_a_place_that_cannot_be_written_is_explained(fresh: Checkout) -> None:
    (fresh.root / ".venv").write_text("in the way", "utf-8")
    outcome = fresh.call("setup")
    assert outcome.returncode == 1
    assert "could not be written" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_missing_lock_is_explained(fresh: Checkout) -> None:
    (fresh.root / "requirements.lock").unlink()
    outcome = fresh.call("demo")
    assert outcome.returncode == 1
    assert outcome.stderr == "requirements.lock is missing. ./run lock writes it anew.\n"


def test_what_does_not_start_has_no_version(fresh: Checkout) -> None:
    assert fresh.run.python_version(str(fresh.root / "nothing")) == ()
    assert fresh.run.python_version(sys.executable) == sys.version_info[:2]


def test_the_bot_gets_the_remaining_arguments_and_its_status_is_passed_on(made: Checkout) -> None:
    bot = made.root / "bot"
    bot.mkdir()
    (bot / "__main__.py").write_text("import sys; print(sys.argv[1:]); sys.exit(7)", "utf-8")
    outcome = made.call("demo", "--port", "0")
    assert outcome.returncode == 7
    assert outcome.stdout == "['demo', '--port', '0']\n"
