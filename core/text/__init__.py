"""Pure functions over text that every platform shares; no I/O, no platform's own dialect."""

from __future__ import annotations
