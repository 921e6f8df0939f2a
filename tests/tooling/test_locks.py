from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tooling.command import ROOT

LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def entries(lock: str) -> dict[str, str]:
    """Each locked requirement with everything that belongs to it."""
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    logical = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    blocks = logical.replace("\\\n", " ").splitlines()
    return {canonicalize_name(block.split("==")[0]): block for block in blocks if block.strip()}


def version(block: str) -> str:
    return re.split(r"[ ;]", block.split("==")[1])[0]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_one_version_with_hashes(lock: str) -> None:
    loose = [
        name
        for name, block in entries(lock).items()
        if not re.fullmatch(
            r"[a-z0-9._-]+==[\w.!+]+( ; [^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", block
        )
    ]
    assert len(entries(lock)) > 20
    assert loose == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_says_where_to_download(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    assert re.findall(r"://|--index|--find-links| @ ", text) == []


@pytest.mark.parametrize(
    ("lock", "extras"), [("requirements.lock", ()), ("requirements-dev.lock", ("dev",))]
)
def test_the_locks_answer_what_the_project_asks_for(lock: str, extras: tuple[str, ...]) -> None:
    asked = [
        *PROJECT["dependencies"],
        *(line for extra in extras for line in PROJECT["optional-dependencies"][extra]),
    ]
    locked = entries(lock)
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(version(locked[canonicalize_name(requirement.name)]))


def test_the_tests_run_with_what_the_bot_runs_with() -> None:
    dev = entries("requirements-dev.lock")
    assert {name: dev.get(name) for name in entries("requirements.lock")} == entries(
        "requirements.lock"
    )


def test_withdrawn_releases_and_the_proxy_server_stay_out() -> None:
    litellm = next(line for line in PROJECT["dependencies"] if line.startswith("litellm"))
    allowed = Requirement(litellm)
    assert allowed.extras == set()
    assert not any(allowed.specifier.contains(bad) for bad in ("1.82.7", "1.82.8", "1.107.0"))
