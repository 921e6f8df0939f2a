"""Every setting: its name, default and meaning; .env.example is printed from here."""

from __future__ import annotations

from bot.settings.example import to_env_example
from bot.settings.kinds import NO_SECRET
from bot.settings.reading import GROUPS, Settings, read_settings
from bot.settings.runnable import LOOPBACK, check_loopback, require_runnable

__all__ = [
    "GROUPS",
    "LOOPBACK",
    "NO_SECRET",
    "Settings",
    "check_loopback",
    "read_settings",
    "require_runnable",
    "to_env_example",
]
