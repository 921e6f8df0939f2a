"""Makes the links of an answer honest, in a whole text and in a stream."""

from __future__ import annotations
