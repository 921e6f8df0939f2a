from __future__ import annotations

import ast
import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.architecture.sources import PRODUCT, ROOT, name_of, python_files

if TYPE_CHECKING:
    from pathlib import Path

MAX_FILE_LINES = 300
LARGER = {
    "run": 440,  # has to be one file
}
MAX_FUNCTION_LINES = 60
MAX_FOLDER_FILES = 15
VAGUE = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
VAGUE_CLASS = re.compile(r"(Base|Helper|Helpers|Manager|Util|Utils)$")


def test_files_stay_small() -> None:
    sizes = {name_of(path): _lines(path) for path in (*python_files(*PRODUCT), ROOT / "run")}
    too_large = {n: size for n, size in sizes.items() if size > LARGER.get(n, MAX_FILE_LINES)}
    assert too_large == {}


def test_functions_stay_small() -> None:
    long = {
        f"{name_of(path)}:{node.lineno} {node.name}": lines
        for path in python_files(*PRODUCT)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not _is_table(node)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert long == {}


def test_folders_stay_small() -> None:
    files = [path for path in python_files(*PRODUCT) if path.name != "__init__.py"]
    counts = Counter(name_of(path.parent) for path in files)
    assert {name: n for name, n in counts.items() if n > MAX_FOLDER_FILES} == {}


def test_names_of_modules_and_classes_say_what_is_inside() -> None:
    files = python_files(*PRODUCT, "tests", "benchmarks")
    modules = {
        name_of(path)
        for path in files
        for part in path.relative_to(ROOT).with_suffix("").parts
        if VAGUE & set(part.lower().split("_"))
    }
    classes = {
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in files
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef) and VAGUE_CLASS.search(node.name)
    }
    assert modules | classes == set()


@pytest.mark.parametrize("top", [*PRODUCT, "tests"])
def test_every_folder_with_python_is_a_package(top: str) -> None:
    """Also a guard: some SDKs install top-level packages with the names of our folders."""
    folders = {
        folder
        for path in python_files(top)
        for folder in path.parents
        if folder.is_relative_to(ROOT / top)
    }
    assert [name_of(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def _is_table(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """One match from the first line to the last: long as its cases are many, and easy to read."""
    return isinstance(function.body[0], ast.Match) and len(function.body) == 1


def _lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())
