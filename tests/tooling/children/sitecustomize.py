"""Python runs this at the start of every child process of a test: the guard holds there too."""

from __future__ import annotations

import os
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

HERE = Path(__file__).parent


def load(path: Path) -> ModuleType:
    """Without the packages around it, which the child may not have on its path."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


load(HERE.parent / "outbound.py").install()
if clock := os.environ.get("SHIFTED_CLOCK"):
    load(HERE / "shifting.py").install(Path(clock))
