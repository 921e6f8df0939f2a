"""The same teams as in the tests from end to end."""

from __future__ import annotations

from tests.e2e.conftest import (
    hasty_team,
    hasty_tenant,
    model,
    shared,
    shared_model,
    shared_tenant,
    socket_team,
    team,
)

__all__ = [
    "hasty_team",
    "hasty_tenant",
    "model",
    "shared",
    "shared_model",
    "shared_tenant",
    "socket_team",
    "team",
]
