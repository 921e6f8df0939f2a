"""Which model is asked where: from settings to targets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from adapters.wire.urls import check_url
from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

Lane = Literal["lean", "litellm", "demo"]

OPENAI_URL = "https://api.openai.com/v1"
DEMO_MODEL = "demo"

# fmt: off
OWN_PROTOCOL = frozenset({
    "anthropic", "azure", "azure_ai", "bedrock", "cohere", "cohere_chat", "databricks", "gemini",
    "github_copilot", "huggingface", "oci", "ollama", "ollama_chat", "replicate", "sagemaker",
    "sagemaker_chat", "vertex_ai", "vertex_ai_beta", "watsonx",
})
"""Providers that LiteLLM speaks to in their own protocol, also at an address of one's own:
https://docs.litellm.ai/docs/providers"""
# fmt: on


@dataclass(frozen=True, slots=True)
class Target:
    """A model and the way to it. For the demo lane, whoever starts the server fills `base_url`."""

    model: str
    """The name that people, prices and records use, e.g. `openai/gpt-5`."""
    api_key: str = field(default="", repr=False)
    base_url: str = ""
    """Empty: the provider's own address."""
    lane: Lane = "litellm"

    @property
    def wire_model(self) -> str:
        """The name that an OpenAI-compatible endpoint knows: without the LiteLLM provider."""
        provider, slash, name = self.model.partition("/")
        return name if slash and provider in _PREFIXES else self.model


# fmt: off
_PREFIXES = frozenset({
    "openai", "custom_openai", "openai_like", "hosted_vllm", "lm_studio", "litellm_proxy",
    "llamafile", "ollama", "llamacpp", "openrouter", "deepseek", "groq", "mistral", "xai",
    "together_ai", "fireworks_ai", "perplexity", "cerebras", "nvidia_nim", "deepinfra",
})
"""What stands before the slash as a provider's name; anything else is part of the model's own."""
# fmt: on


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """The settings that name a model; the plain names win over the earlier ones."""

    model: str = ""
    api_key: str = field(default="", repr=False)
    base_url: str = ""
    provider: str = ""
    base_model_id: str = ""
    gemini_api_key: str = field(default="", repr=False)
    gemini_base_url: str = ""
    openai_api_key: str = field(default="", repr=False)
    """OPENAI_API_KEY, as LiteLLM itself would find it in the environment."""
    plain_http_hosts: tuple[str, ...] = ()


def resolve_model(config: ModelConfig) -> Target:
    """The model that answers unless somebody chooses another. Raises SettingError."""
    if (config.model or config.provider) == DEMO_MODEL:
        return Target(DEMO_MODEL, lane="demo")
    model = _model_name(config)
    setting = "LLM_BASE_URL" if config.base_url else "GOOGLE_GEMINI_BASE_URL"
    base_url = config.base_url or (config.gemini_base_url if _is_earlier_form(config) else "")
    if base_url:
        base_url = check_url(base_url, setting, config.plain_http_hosts)
    api_key = config.api_key or (config.gemini_api_key if _takes_gemini_key(config, model) else "")
    return _target(model, api_key, base_url, config)


def resolve_targets(config: ModelConfig, others: Sequence[str]) -> dict[str, Target]:
    """The main model first, then LLM_FALLBACK_MODELS and LLM_ALLOWED_MODELS, each by its name.

    A model of the main one's provider shares its key and address. Any other goes to its own
    provider, with the key that LiteLLM finds in the environment: no key is sent to a stranger.
    """
    main = resolve_model(config)
    targets = {main.model: main}
    for name in others:
        if name in targets:
            continue
        if name == DEMO_MODEL:
            targets[name] = Target(DEMO_MODEL, lane="demo")
        elif main.lane != "demo" and ("/" not in name or _provider(name) == _provider(main.model)):
            targets[name] = _target(name, main.api_key, main.base_url, config)
        else:
            targets[name] = _target(name, "", "", config)
    return targets


def _model_name(config: ModelConfig) -> str:
    if config.model:
        return config.model
    if config.provider and not config.base_model_id:
        raise SettingError("BASE_MODEL_ID: set it too, or set LLM_MODEL and leave LLM_PROVIDER out")
    if not config.base_model_id:
        raise SettingError(
            "LLM_MODEL: no model is configured; set it (and LLM_API_KEY), "
            "or LLM_PROVIDER=demo to run with the demo model"
        )
    return f"{config.provider or 'openai'}/{config.base_model_id}"


def _is_earlier_form(config: ModelConfig) -> bool:
    return not config.model or "gemini" in config.model


def _takes_gemini_key(config: ModelConfig, model: str) -> bool:
    """The key of the earlier form belongs to its address, or to Google itself."""
    if config.base_url:
        return False
    return _is_earlier_form(config) or _provider(model) == "gemini"


def _provider(model: str) -> str:
    provider, slash, _ = model.partition("/")
    return provider if slash else "openai"


def _target(model: str, api_key: str, base_url: str, config: ModelConfig) -> Target:
    provider = _provider(model)
    if base_url:
        # Ollama's own API lives beside its OpenAI-compatible one, which ends with /v1.
        compatible = provider not in OWN_PROTOCOL or (
            provider == "ollama" and base_url.endswith("/v1")
        )
        return Target(model, api_key, base_url, "lean" if compatible else "litellm")
    if provider == "openai" and (model.startswith("openai/") or _is_openai_name(model)):
        return Target(model, api_key or config.openai_api_key, OPENAI_URL, "lean")
    return Target(model, api_key, "", "litellm")


def _is_openai_name(model: str) -> bool:
    """A bare name goes to OpenAI only if it looks like one of theirs; LiteLLM knows the others."""
    return model.startswith(("gpt-", "chatgpt-", "o1", "o3", "o4"))
