"""The files that the rules of this folder are about."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("bot", "adapters", "core")
WRITTEN = (*PRODUCT, "benchmarks", "deploy", "docs", "prompts", "tests")
BINARY = {".gif", ".ico", ".jpg", ".png", ".pyc", ".webp", ".woff2"}


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    return tuple(sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py")))


@cache
def text_files() -> tuple[Path, ...]:
    """Everything that is written by hand; not the lock files."""
    top = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".env"]
    hidden = [path for name in (".ci", ".github") for path in (ROOT / name).rglob("*")]
    below = [path for folder in WRITTEN for path in (ROOT / folder).rglob("*")]
    return tuple(
        path
        for path in sorted([*top, *hidden, *below])
        if path.is_file() and path.suffix not in {*BINARY, ".lock"}
    )


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
