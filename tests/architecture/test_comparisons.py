from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.sources import PRODUCT, name_of, python_files

SECRET_WORDS = {"password", "secret", "sig", "signature", "token"}


def compared_in_plain(source: str) -> list[str]:
    """Names of secrets compared with == or !=, which takes longer the more of it was guessed."""
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and any(_is_secret(side) for side in (node.left, *node.comparators))
    ]


def _is_secret(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case ast.Subscript(slice=ast.Constant(value=str(name))):
            pass
        case ast.Call(func=ast.Attribute(attr="hexdigest" | "digest")):
            return True
        case _:
            return False
    words = re.split(r"[_\W]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    return not SECRET_WORDS.isdisjoint(words)


def test_secrets_are_compared_in_constant_time() -> None:
    found = {
        f"{name_of(path)}:{line}"
        for path in python_files(*PRODUCT)
        for line in compared_in_plain(path.read_text("utf-8"))
    }
    assert found == set(), "use hmac.compare_digest"


@pytest.mark.parametrize(
    "source",
    [
        "signature == given",
        "given != self.signing_secret",
        "headers['X-Slack-Signature'] == expected",
        "mac.hexdigest() == given",
        "a < monitorToken == b",
    ],
)
def test_a_plain_comparison_is_noticed(source: str) -> None:
    assert compared_in_plain(source)


@pytest.mark.parametrize(
    "source",
    [
        "input_tokens == 0",
        "hmac.compare_digest(signature, given)",
        "token is None",
        "design == 'flat'",
    ],
)
def test_other_comparisons_are_left_alone(source: str) -> None:
    assert compared_in_plain(source) == []
