"""The same teams as in the tests from end to end."""

from __future__ import annotations

from tests.e2e.conftest import hasty_team, model, shared, shared_model, socket_team, team

__all__ = ["hasty_team", "model", "shared", "shared_model", "socket_team", "team"]
