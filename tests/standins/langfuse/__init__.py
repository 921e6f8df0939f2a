"""A Langfuse server on loopback that takes what the real one takes, and nothing else."""

from __future__ import annotations

from tests.standins.langfuse.standin import Fault, LangfuseStandIn
from tests.standins.langfuse.traces import Observation

__all__ = ["Fault", "LangfuseStandIn", "Observation"]
