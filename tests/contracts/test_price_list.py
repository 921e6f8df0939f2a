"""What core relies on when it adds up money: a price that is one, or None."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from adapters.litellm.prices import Prices, read_prices
from core.completion import Price, Usage
from tests.core.model.test_metered import Prices as FakePrices
from tests.core.turns.office import NoPrices

if TYPE_CHECKING:
    from core.ports import PriceList

LISTS = {
    "shipped": (read_prices(), "openai/gpt-4o-mini"),
    "operator's": (Prices([{"own/*": Price(1.0, 2.0, 0.5)}]), "own/model"),
    "fake": (FakePrices(), "fake/model"),
    "none": (NoPrices(), None),
}
UNKNOWN = ["", "/", "*", "a/b/c/d", "no such model", "\ud800", "sample_spec", "x" * 10_000]


@pytest.fixture(params=LISTS)
def prices(request: pytest.FixtureRequest) -> tuple[PriceList, str | None]:
    return LISTS[request.param]


def test_a_known_price_makes_costs_that_are_amounts(
    prices: tuple[PriceList, str | None],
) -> None:
    listed, known = prices
    if known is None:
        return
    price = listed.price(known)
    assert price is not None
    cost_usd = price.cost_usd(Usage(1_000, 1_000, 500, 100))
    assert math.isfinite(cost_usd)
    assert cost_usd > 0
    assert listed.price(known) == price


@pytest.mark.parametrize("model", UNKNOWN, ids=range(len(UNKNOWN)))
def test_of_an_unknown_model_no_price_is_made_up(
    prices: tuple[PriceList, str | None], model: str
) -> None:
    listed, _ = prices
    assert listed.price(model) is None
    assert listed.price(model) is None
