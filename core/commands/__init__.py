"""What people can tell the bot to do besides answering: one file a command, one registry."""

from __future__ import annotations

from core.commands.command import Command, UsageError
from core.commands.registry import Commands

__all__ = ["Command", "Commands", "UsageError"]
