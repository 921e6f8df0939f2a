"""Adaptive Cards as Teams takes them: `check_card` lists what is wrong, with its place."""

from __future__ import annotations

from tests.standins.teams.cards.card import check_card

__all__ = ["check_card"]
