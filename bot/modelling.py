"""The model as a stack of wrappers: the order in which they are put around each other."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.litellm.lanes import Lanes
from adapters.litellm.targets import ModelConfig, resolve_targets
from adapters.litellm.tokens import EstimatedTokens
from core.errors import SettingError
from core.model.breaking import BreakingModel
from core.model.checking import CheckingModel
from core.model.falling_back import FallingBackModel
from core.model.limited import LimitedModel
from core.model.metered import Meter, MeteredModel
from core.model.retrying import RetryingModel
from core.model.timed import TimedModel
from core.model.traced import TracedModel
from core.text.clean import is_blank
from core.turns.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adapters.litellm.targets import Target
    from bot.settings import Settings
    from core.ports import CallObserver, ChatModel, Clock, Completions, PriceList, TokenCounter

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelStack:
    """The model that answers, and what others need to know of it."""

    model: ChatModel
    """The outermost wrapper."""
    name: str
    """Who answers unless somebody has chosen another."""
    lanes: Lanes
    breaking: BreakingModel
    meter: Meter
    tokens: TokenCounter
    patience: Patience


def stack_model(
    settings: Settings,
    lanes: Lanes,
    completions: Completions,
    prices: PriceList,
    clock: Clock,
    name: str,
    observers: Sequence[CallObserver] = (),
) -> ModelStack:
    """From the call itself outwards. Limited stands around timed, as waiting for a place of our own
    is not the model's silence; metered around both, so that money is reserved while it waits;
    traced right around that, so that each call is told with what it cost."""
    meter, tokens = Meter(), EstimatedTokens()
    model: ChatModel = lanes
    model = TimedModel(model, settings.request_timeout, settings.request_timeout)
    model = LimitedModel(model, settings.llm_concurrency)
    model = MeteredModel(model, completions, prices, tokens, meter)
    if observers:
        model = TracedModel(model, meter, clock, observers)
    model = CheckingModel(model, is_blank)
    model = breaking = BreakingModel(
        model, clock, settings.breaker_failures, settings.breaker_reset_s
    )
    model = RetryingModel(model, clock, settings.retry_attempts)
    model = FallingBackModel(model, settings.llm_fallback_models)

    def away_s(model: str) -> float:
        return min(breaking.away_s(one) for one in (model, *settings.llm_fallback_models))

    patience = Patience(settings.wait_for_model_s, away_s)
    return ModelStack(model, name, lanes, breaking, meter, tokens, patience)


def read_targets(settings: Settings) -> dict[str, Target]:
    """Every model that may be asked, by name; the main one first. Raises SettingError."""
    config = ModelConfig(
        model=settings.llm_model,
        api_key=settings.llm_api_key.get_secret_value(),
        base_url=settings.llm_base_url,
        provider=settings.llm_provider,
        base_model_id=settings.base_model_id,
        gemini_api_key=settings.gemini_api_key.get_secret_value(),
        gemini_base_url=settings.google_gemini_base_url,
        openai_api_key=os.environ.get("OPENAI_API_KEY", ""),
        plain_http_hosts=settings.allow_plain_http,
    )
    return resolve_targets(config, (*settings.llm_fallback_models, *settings.llm_allowed_models))


def warn_of_unpriced(settings: Settings, models: Iterable[str], prices: PriceList) -> None:
    """Raises SettingError when a budget was set by hand that cannot hold for a configured model;
    a default budget is only warned of, so that an unknown model works out of the box."""
    unpriced = sorted(model for model in models if prices.price(model) is None)
    if not unpriced:
        return
    names = ", ".join(unpriced)
    for budget in ("budget_user_usd_day", "budget_workspace_usd_day"):
        if budget in settings.model_fields_set and getattr(settings, budget):
            raise SettingError(
                f"PRICES_FILE: {budget.upper()} cannot hold, as the price of {names} is not known; "
                "add it there, or set the budget to 0"
            )
    logger.warning("the price of %s is not known: budgets do not hold for it", names)
