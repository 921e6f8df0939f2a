"""Settings, wiring, server, schedule, lifecycle: the only place that knows everything."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
"""As in pyproject.toml; here too, as the image runs the sources and has no package metadata."""
