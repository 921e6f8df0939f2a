from __future__ import annotations

import json
import re
from typing import NamedTuple

import pytest

from tests.architecture.sources import ROOT

SHELL_WORDS = ("sh", "bash", "/bin/sh", "/bin/bash")


class Instruction(NamedTuple):
    name: str
    text: str


@pytest.fixture
def dockerfile() -> list[Instruction]:
    source = (ROOT / "Dockerfile").read_text("utf-8")
    lines = [line for line in source.splitlines() if line and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    pairs = (line.split(None, 1) for line in joined.splitlines())
    return [Instruction(name, re.sub(r"\s+", " ", text)) for name, text in pairs]


def last_stage(dockerfile: list[Instruction]) -> list[Instruction]:
    start = max(i for i, step in enumerate(dockerfile) if step.name == "FROM")
    return dockerfile[start:]


def texts(steps: list[Instruction], name: str) -> list[str]:
    return [step.text for step in steps if step.name == name]


def test_bases_are_pinned_to_a_release_and_a_distribution(dockerfile: list[Instruction]) -> None:
    bases = [text.split()[0] for text in texts(dockerfile, "FROM")]
    pinned = re.compile(r"[\w./-]+:\d+\.\d+\.\d+-slim-[a-z]+(@sha256:[0-9a-f]{64})?")
    assert bases
    assert [base for base in bases if not pinned.fullmatch(base)] == []


def test_it_runs_as_a_numbered_user_without_rights(dockerfile: list[Instruction]) -> None:
    users = texts(last_stage(dockerfile), "USER")
    assert users == ["10001:10001"]
    after = last_stage(dockerfile)
    start = next(i for i, step in enumerate(after) if step.name == "USER")
    assert {step.name for step in after[start:]} <= {"USER", "HEALTHCHECK", "CMD"}


def test_no_step_needs_a_shell(dockerfile: list[Instruction]) -> None:
    commands = [step for step in dockerfile if step.name in {"RUN", "CMD", "ENTRYPOINT"}]
    checks = [text[text.index("CMD ") + 4 :] for text in texts(dockerfile, "HEALTHCHECK")]
    for text in [*(step.text for step in commands), *checks]:
        words = json.loads(text)
        assert words[0] not in SHELL_WORDS


def test_packages_come_from_the_lock_by_hash_and_run_no_setup_code(
    dockerfile: list[Instruction],
) -> None:
    installs = [json.loads(text) for text in texts(dockerfile, "RUN") if "pip" in json.loads(text)]
    assert len(installs) == 1
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(installs[0])
    assert installs[0][-2:] == ["-r", "/build/requirements.lock"]


def test_its_state_is_one_volume_and_its_health_is_readiness(dockerfile: list[Instruction]) -> None:
    stage = last_stage(dockerfile)
    environment = " ".join(texts(stage, "ENV"))
    assert texts(stage, "VOLUME") == ['["/data"]']
    assert "DATABASE_URL=sqlite+aiosqlite:////data/" in environment
    assert "/readyz" in texts(stage, "HEALTHCHECK")[0]
    assert json.loads(texts(stage, "CMD")[0]) == ["python", "-m", "bot", "run"]


def test_nothing_is_fetched_or_unpacked_on_the_way_in(dockerfile: list[Instruction]) -> None:
    assert texts(dockerfile, "ADD") == []
    assert "http" not in " ".join(texts(dockerfile, "RUN"))


def test_the_driver_of_postgresql_is_in_it() -> None:
    locked = (ROOT / "requirements.lock").read_text("utf-8")
    assert re.search(r"^asyncpg==", locked, re.MULTILINE)


def test_what_is_copied_exists_and_is_let_through(dockerfile: list[Instruction]) -> None:
    copied = {
        source.rstrip("/")
        for text in texts(dockerfile, "COPY")
        if not text.startswith("--from")
        for source in text.split()[:-1]
    }
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_through = {line[1:].rstrip("/") for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert copied == let_through
    assert [name for name in sorted(copied) if not (ROOT / name).exists()] == []
