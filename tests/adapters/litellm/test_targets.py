from __future__ import annotations

import pytest

from adapters.litellm.targets import OPENAI_URL, ModelConfig, Target, resolve_model, resolve_targets
from core.errors import SettingError

PROXY = "https://proxy.example/v1"


@pytest.mark.parametrize(
    ("config", "target"),
    [
        (
            ModelConfig("gemini/gemini-2.5-flash", "k"),
            Target("gemini/gemini-2.5-flash", "k", "", "litellm"),
        ),
        (ModelConfig("openai/gpt-5", "k"), Target("openai/gpt-5", "k", OPENAI_URL, "lean")),
        (ModelConfig("gpt-5", "k"), Target("gpt-5", "k", OPENAI_URL, "lean")),
        (
            ModelConfig("openai/gpt-5", openai_api_key="env"),
            Target("openai/gpt-5", "env", OPENAI_URL, "lean"),
        ),
        (
            ModelConfig("claude-haiku-4-5", "k"),
            Target("claude-haiku-4-5", "k", "", "litellm"),
        ),
        (ModelConfig("openai/m", "k", PROXY + "/"), Target("openai/m", "k", PROXY, "lean")),
        (ModelConfig("m", "k", PROXY), Target("m", "k", PROXY, "lean")),
        (ModelConfig("meta-llama/L3", "", PROXY), Target("meta-llama/L3", "", PROXY, "lean")),
        (ModelConfig("anthropic/c", "k", PROXY), Target("anthropic/c", "k", PROXY, "litellm")),
        (
            ModelConfig("ollama/llama3", base_url="http://127.0.0.1:11434"),
            Target("ollama/llama3", "", "http://127.0.0.1:11434", "litellm"),
        ),
        (
            ModelConfig("ollama/llama3", base_url="http://127.0.0.1:11434/v1"),
            Target("ollama/llama3", "", "http://127.0.0.1:11434/v1", "lean"),
        ),
        (
            ModelConfig(
                provider="openai",
                base_model_id="gemini-3-flash",
                gemini_api_key="k",
                gemini_base_url=PROXY,
            ),
            Target("openai/gemini-3-flash", "k", PROXY, "lean"),
        ),
        (
            ModelConfig(provider="gemini", base_model_id="gemini-2.5-flash", gemini_api_key="k"),
            Target("gemini/gemini-2.5-flash", "k", "", "litellm"),
        ),
        (
            ModelConfig(
                "openai/gpt-5", "plain", PROXY, "gemini", "x", "earlier", "https://earlier.example"
            ),
            Target("openai/gpt-5", "plain", PROXY, "lean"),
        ),
        (ModelConfig(provider="demo"), Target("demo", lane="demo")),
        (ModelConfig("demo"), Target("demo", lane="demo")),
    ],
)
def test_settings_name_a_target(config: ModelConfig, target: Target) -> None:
    assert resolve_model(config) == target


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        ("openai/gpt-5", "gpt-5"),
        ("gpt-5", "gpt-5"),
        ("openrouter/openai/gpt-5", "openai/gpt-5"),
        ("meta-llama/Llama-3", "meta-llama/Llama-3"),
        ("hosted_vllm/meta-llama/Llama-3", "meta-llama/Llama-3"),
    ],
)
def test_the_endpoint_hears_its_own_name_for_the_model(model: str, wire: str) -> None:
    assert Target(model).wire_model == wire


@pytest.mark.parametrize(
    ("config", "named"),
    [
        (ModelConfig(), "LLM_MODEL"),
        (ModelConfig(provider="openai"), "BASE_MODEL_ID"),
        (ModelConfig("m", "k", "http://proxy.example/v1"), "LLM_BASE_URL"),
        (
            ModelConfig(base_model_id="m", gemini_base_url="http://proxy.example"),
            "GOOGLE_GEMINI_BASE_URL",
        ),
    ],
)
def test_a_wrong_setting_is_named(config: ModelConfig, named: str) -> None:
    with pytest.raises(SettingError, match=f"^{named}: "):
        resolve_model(config)


def test_a_key_of_the_earlier_form_goes_to_nobody_else() -> None:
    other = ModelConfig("openai/gpt-5", base_url="https://other.example", gemini_api_key="k")
    assert resolve_model(other).api_key == ""
    assert resolve_model(ModelConfig("anthropic/c", gemini_api_key="k")).api_key == ""


def test_models_of_the_same_provider_share_key_and_address_and_no_others_do() -> None:
    targets = resolve_targets(
        ModelConfig("openai/a", "k", PROXY), ["openai/b", "c", "anthropic/d", "openai/a", "demo"]
    )
    assert list(targets) == ["openai/a", "openai/b", "c", "anthropic/d", "demo"]
    assert targets["openai/b"] == Target("openai/b", "k", PROXY, "lean")
    assert targets["c"] == Target("c", "k", PROXY, "lean")
    assert targets["anthropic/d"] == Target("anthropic/d", "", "", "litellm")
    assert targets["demo"].lane == "demo"


def test_no_key_shows_in_a_log() -> None:
    assert "canary" not in repr(Target("m", "canary")) + repr(ModelConfig("m", "canary"))
