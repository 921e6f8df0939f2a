"""Loads `run`, which has no suffix, as a module."""

from __future__ import annotations

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]


def load_run(path: Path = ROOT / "run") -> ModuleType:
    """A module whose paths are those of the checkout that `path` lies in."""
    loader = SourceFileLoader("run", str(path))
    spec = spec_from_loader("run", loader)
    if spec is None:
        raise ImportError(path)
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module
