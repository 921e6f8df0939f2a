from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.architecture.sources import ROOT, name_of, text_files

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"`((?:\.ci|adapters|benchmarks|bot|core|deploy|docs|prompts|tests)/[\w./-]*)`")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
SECRETS = {
    "Slack": r"xox[abeprs]-\d{8,}",
    "Slack app": r"xapp-\d-[A-Z0-9]{8,}",
    "OpenAI": r"sk-[A-Za-z0-9_-]{24,}",
    "Google": r"AIza[0-9A-Za-z_-]{30,}",
    "GitHub": r"gh[opsu]_[A-Za-z0-9]{30,}",
    "AWS": r"AKIA[0-9A-Z]{16}",
    "private key": "-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]",
    "Slack webhook": r"hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/\w{12,}",
}


def documents() -> list[Path]:
    return [path for path in text_files() if path.suffix == ".md" and "tests" not in path.parts]


def anchors(document: Path) -> set[str]:
    """The fragments of a page's headings, as the code hosts make them."""
    headings = HEADING.findall(FENCE.sub("", document.read_text("utf-8")))
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


def dead_links(document: Path) -> list[str]:
    dead = []
    for target in LINK.findall(FENCE.sub("", document.read_text("utf-8"))):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue
        path, _, fragment = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        if not linked.exists() or (
            fragment and linked.suffix == ".md" and fragment not in anchors(linked)
        ):
            dead.append(target)
    return dead


def test_documents_link_to_what_exists() -> None:
    dead = {name_of(document): links for document in documents() if (links := dead_links(document))}
    assert dead == {}


def test_a_dead_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A b\n[x](#a-b) [y](#c) [z](gone.md) [w](https://example.org)\n", "utf-8")
    assert dead_links(page) == ["#c", "gone.md"]


def missing_paths(text: str) -> list[str]:
    """Files and folders of ours, named in code spans, that are not there."""
    named = PATH.findall(FENCE.sub("", text))
    return [path for path in named if "NAME" not in path and not (ROOT / path).exists()]


def test_documents_name_files_that_exist() -> None:
    missing = {name_of(page): missing_paths(page.read_text("utf-8")) for page in documents()}
    assert {page: paths for page, paths in missing.items() if paths} == {}


def test_a_missing_file_is_noticed() -> None:
    text = "`core/turn.py`, `core/gone.py`, `core/text`, `bot/gone/`, `core/commands/NAME.py`"
    assert missing_paths(text) == ["core/gone.py", "bot/gone/"]


def test_no_file_holds_what_looks_like_a_secret() -> None:
    patterns = {name: re.compile(pattern) for name, pattern in SECRETS.items()}
    found = [
        f"{name_of(path)}: {name}"
        for path in text_files()
        for name, pattern in patterns.items()
        if pattern.search(path.read_text("utf-8", errors="replace"))
    ]
    assert found == []


def test_a_secret_is_noticed() -> None:
    planted = "xo" + "xb-" + "1" * 12
    assert re.search(SECRETS["Slack"], planted)


def test_the_tools_named_by_the_contract_exist() -> None:
    assert all((ROOT / name).exists() for name in ("run", "LICENSE", ".ci/run", "Makefile"))
