from __future__ import annotations

import io
import re
import tokenize

import pytest

from tests.architecture.sources import PRODUCT, ROOT, name_of, python_files

IGNORE = re.compile(r"#\s*(noqa|type:\s*ignore|ruff:|mypy:|pragma:)")
EXPLAINED = re.compile(
    r"# (noqa: [A-Z]+\d+(, [A-Z]+\d+)*|type: ignore\[[a-z-]+(, ?[a-z-]+)*\])"
    r"(  #| -|: ).*[A-Za-z]{2,}.*"
)


def unexplained_ignores(source: str) -> list[str]:
    """Ignores that do not name their rule, or give no reason on the line."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    return [
        f"{comment.start[0]}: {comment.string}"
        for comment in comments
        if IGNORE.search(comment.string) and not EXPLAINED.search(comment.string)
    ]


def test_every_ignore_names_its_rule_and_its_reason() -> None:
    found = {
        f"{name_of(path)}:{line}"
        for path in (*python_files(*PRODUCT, "tests", "benchmarks"), ROOT / "run")
        for line in unexplained_ignores(path.read_text("utf-8"))
    }
    assert found == set()


@pytest.mark.parametrize(
    "comment",
    ["# noqa", "# noqa: S101", "# type: ignore", "# type: ignore[misc]", "# ruff: noqa: E501"],
)
def test_a_bare_ignore_is_noticed(comment: str) -> None:
    assert unexplained_ignores(f"x = 1  {comment}\n")


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: S101 - the parser promised",
        "# noqa: S101, E501 - the parser promised",
        "# type: ignore[misc]  # its stubs are untyped",
        "# a comment about ignoring noise",
    ],
)
def test_an_ignore_with_a_reason_passes(comment: str) -> None:
    assert unexplained_ignores(f"x = 1  {comment}\n") == []
