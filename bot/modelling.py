"""The model as a stack of wrappers: the order in which they are put around each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adapters.litellm.lanes import Lanes
from adapters.litellm.targets import ModelConfig, resolve_targets
from core.model.breaking import BreakingModel
from core.model.checking import CheckingModel
from core.model.falling_back import FallingBackModel
from core.model.limited import LimitedModel
from core.model.metered import Meter, MeteredModel
from core.model.retrying import RetryingModel
from core.model.timed import TimedModel
from core.text.clean import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable

    import aiohttp

    from adapters.litellm.targets import Target
    from bot.settings import Settings
    from core.ports import ChatModel, Clock, Completions, PriceList, TokenCounter


@dataclass(frozen=True, slots=True)
class ModelStack:
    """The model that answers, and what others need to know of it."""

    model: ChatModel
    """The outermost wrapper."""
    lanes: Lanes
    breaking: BreakingModel
    meter: Meter


def stack_model(
    settings: Settings,
    lanes: Lanes,
    completions: Completions,
    prices: PriceList,
    tokens: TokenCounter,
    clock: Clock,
) -> ModelStack:
    """From the call itself outwards. Limited stands around timed, as waiting for a place of our own
    is not the model's silence; metered around both, so that money is reserved while it waits."""
    meter = Meter()
    model: ChatModel = lanes
    model = TimedModel(model, settings.request_timeout, settings.request_timeout)
    model = LimitedModel(model, settings.llm_concurrency)
    model = MeteredModel(model, completions, prices, tokens, meter)
    model = CheckingModel(model, is_blank)
    model = breaking = BreakingModel(
        model, clock, settings.breaker_failures, settings.breaker_reset_s
    )
    model = RetryingModel(model, clock, settings.retry_attempts)
    model = FallingBackModel(model, settings.llm_fallback_models)
    return ModelStack(model, lanes, breaking, meter)


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
        plain_http_hosts=settings.allow_plain_http,
    )
    return resolve_targets(config, (*settings.llm_fallback_models, *settings.llm_allowed_models))
