"""What a million tokens cost: the operator's table, the shipped one, then LiteLLM's own."""

from __future__ import annotations

import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.completion import Price
from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHIPPED = Path(__file__).with_name("prices.json")
MAP_NAME = "model_prices_and_context_window_backup.json"


class Prices:
    """Looks a name up as it is, then without its provider, then as `provider/*`, table by table.

    A price of 0 counts only where a person wrote it down: LiteLLM's zeros are gaps.
    """

    def __init__(self, tables: Iterable[Mapping[str, Price]]) -> None:
        self._tables = tuple(tables)
        self._known: dict[str, Price | None] = {}

    def price(self, model: str) -> Price | None:
        """The first question about a model that no table has takes some 30 ms; see `prefetch`."""
        if model not in self._known:
            self._known[model] = self._look_up(model)
        return self._known[model]

    def prefetch(self, models: Iterable[str]) -> None:
        """Look models up now, e.g. in a thread at the start."""
        for model in models:
            self.price(model)

    def _look_up(self, model: str) -> Price | None:
        for table in self._tables:
            for name in _spellings(model):
                if name in table:
                    return table[name]
        return _of_litellm(model)


def read_prices(path: Path | None = None) -> Prices:
    """PRICES_FILE, where given, over the shipped table. Reads files; raises SettingError."""
    shipped = _read_table(SHIPPED.read_text("utf-8"), SHIPPED.name)
    if path is None:
        return Prices([shipped])
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"PRICES_FILE: {path} cannot be read") from error
    return Prices([_read_table(text, f"PRICES_FILE: {path}"), shipped])


def _read_table(text: str, where: str) -> dict[str, Price]:
    """`{"model": {"input": 0.5, "output": 1.5, "cached": 0.1}}`, US dollars a million tokens."""
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise SettingError(f"{where} is no JSON") from error
    if not isinstance(rows, dict):
        raise SettingError(f"{where} must be an object of models")
    return {model: _read_row(row, f"{where}, {model}") for model, row in rows.items()}


def _read_row(row: object, where: str) -> Price:
    fields = row if isinstance(row, dict) else {}
    try:
        cached = fields.get("cached")
        return Price(
            _amount(fields.get("input")),
            _amount(fields.get("output")),
            None if cached is None else _amount(cached),
        )
    except ValueError as error:
        message = f"{where}: write input, output and perhaps cached, in US dollars"
        raise SettingError(message) from error


def _amount(number: object) -> float:
    """Raises ValueError for what is no amount of money."""
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError("no number")
    if not math.isfinite(number) or number < 0:
        raise ValueError("no amount")
    return float(number)


def _spellings(model: str) -> tuple[str, ...]:
    provider, slash, name = model.partition("/")
    return (model, name, f"{provider}/*") if slash else (model,)


def read_litellm_row(model: str) -> dict[str, Any]:
    """What LiteLLM's list says of a model, in its own words; empty: it is not there. Takes some
    30 ms: keep what you need of it."""
    rows = _read_map()
    names = [*_spellings(model)[:2], f"gemini/{model.rpartition('/')[2]}"]
    return next((rows[name] for name in names if name in rows), {})


def _of_litellm(model: str) -> Price | None:
    row = read_litellm_row(model)
    try:
        price = Price(
            1_000_000 * _amount(row.get("input_cost_per_token")),
            1_000_000 * _amount(row.get("output_cost_per_token")),
            1_000_000 * _amount(row.get("cache_read_input_token_cost") or 0) or None,
        )
    except ValueError:
        return None
    return price if price.input_usd and price.output_usd else None


def _read_map() -> dict[str, dict[str, Any]]:
    """LiteLLM's map as it is on disk: its package is found, not imported. Not kept: 20 MB."""
    spec = find_spec("litellm")
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / MAP_NAME
        if path.is_file():
            rows: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
            return rows
    return {}
