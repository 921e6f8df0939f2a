"""Parts of Teams' payloads that more than one reader needs."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class WrongShape(Exception):
    """Signed by Teams, but not what its documents describe."""


def text_field(fields: Json, name: str) -> str:
    """A string field; empty where it is missing or something else."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def dict_field(fields: Json, name: str) -> Json:
    """An object; empty where it is missing or something else."""
    value = fields.get(name)
    return value if isinstance(value, dict) else {}


def dicts_field(fields: Json, name: str) -> list[Json]:
    """The objects of a list; none where it is missing or something else."""
    value = fields.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
