"""The same teams as in the tests from end to end."""

from __future__ import annotations

from tests.e2e.conftest import model, shared, shared_model, socket_team, team

__all__ = ["model", "shared", "shared_model", "socket_team", "team"]
