from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.litellm.prices import SHIPPED, read_prices
from core.completion import Price, Usage
from core.errors import SettingError


@pytest.mark.parametrize(
    ("model", "price"),
    [
        ("openai/gpt-5", Price(1.25, 10, 0.125)),
        ("gemini/gemini-2.5-flash", Price(0.3, 2.5, 0.03)),
        ("openai/gemini-3-flash", Price(0.075, 0.30)),
        ("gemini-3-flash", Price(0.075, 0.30)),
        ("demo", Price(0, 0)),
        ("ollama/llama3.2", Price(0, 0)),
    ],
)
def test_the_shipped_table_knows_common_models(model: str, price: Price) -> None:
    assert read_prices().price(model) == price


def test_other_models_have_litellms_own_price() -> None:
    price = read_prices().price("gpt-4.1-nano")
    assert price is not None
    assert price.input_usd == pytest.approx(0.1)
    assert price.output_usd == pytest.approx(0.4)


@pytest.mark.parametrize("model", ["openai/no-such-model", "no-such-model", "", "/", "x/"])
def test_an_unknown_model_has_no_price_rather_than_none_to_pay(model: str) -> None:
    assert read_prices().price(model) is None


def test_what_litellm_lists_for_nothing_is_unknown() -> None:
    rows = json.loads((_package() / "model_prices_and_context_window_backup.json").read_text())
    free = [
        name
        for name, row in rows.items()
        if row.get("mode") == "chat" and row.get("input_cost_per_token") == 0
    ]
    known = [name for name in free if not name.startswith(("ollama", "lm_studio", "llamafile"))]
    assert known
    prices = read_prices()
    assert not [n for n in known[:25] if (p := prices.price(n)) and not p.input_usd]


def test_the_operators_table_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text('{"gpt-5": {"input": 1, "output": 2}, "own/*": {"input": 0, "output": 0}}')
    prices = read_prices(path)
    assert prices.price("openai/gpt-5") == Price(1, 2)
    assert prices.price("own/anything") == Price(0, 0)
    assert prices.price("openai/gpt-5-mini") == Price(0.25, 2, 0.025)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"m": 1}',
        '{"m": {"input": 1}}',
        '{"m": {"input": -1, "output": 1}}',
        '{"m": {"input": "1", "output": 1}}',
        '{"m": {"input": true, "output": 1}}',
        '{"m": {"input": NaN, "output": 1}}',
        '{"m": {"input": 1, "output": 1, "cached": -1}}',
    ],
)
def test_a_table_that_makes_no_sense_stops_the_start(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(SettingError, match="PRICES_FILE"):
        read_prices(path)


def test_a_missing_table_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="PRICES_FILE"):
        read_prices(tmp_path / "none.json")


def test_every_shipped_row_says_where_it_comes_from_and_when() -> None:
    for model, row in json.loads(SHIPPED.read_text("utf-8")).items():
        assert row["source"], model
        assert row["date"].startswith("20"), model


def test_looking_prices_up_does_not_import_litellm() -> None:
    code = (
        "import sys; from adapters.litellm.prices import read_prices;"
        "assert read_prices().price('gpt-4.1-nano'); sys.exit('litellm' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_cached_tokens_cost_less() -> None:
    price = read_prices().price("openai/gpt-5")
    assert price is not None
    assert price.cost_usd(Usage(1_000_000, 0, cached_tokens=1_000_000)) == pytest.approx(0.125)


def _package() -> Path:
    from importlib.util import find_spec

    spec = find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent
