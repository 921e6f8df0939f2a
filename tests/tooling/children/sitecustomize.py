"""Python runs this at the start of every child process of a test: the guard holds there too."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

spec = spec_from_file_location("outbound", Path(__file__).parents[1] / "outbound.py")
if spec and spec.loader:
    outbound = module_from_spec(spec)
    spec.loader.exec_module(outbound)
    outbound.install()
