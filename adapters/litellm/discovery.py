"""Models that are within reach: keys in the environment, servers on this machine, a pasted key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import aiohttp

from adapters.litellm.targets import OPENAI_URL, ModelConfig, Target, resolve_model
from adapters.wire.sessions import proxy_for
from adapters.wire.urls import check_url
from core.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

Source = Literal["configured", "environment", "this_machine", "pasted", "demo"]

PROBE_S = 0.5
"""A server on this machine that takes longer to list its models is busy with something else."""
MODELS_PER_SERVER = 12
LARGEST_LIST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Offer:
    """A model that could answer. The key inside is kept in memory only and never shown."""

    target: Target
    source: Source
    label: str


@dataclass(frozen=True, slots=True)
class _Service:
    model: str
    """A small, current model of theirs, to begin with."""
    base_url: str = ""
    key_prefix: str = ""


SERVICES = {
    "OPENAI_API_KEY": _Service("openai/gpt-5-mini", OPENAI_URL),
    "ANTHROPIC_API_KEY": _Service("anthropic/claude-haiku-4-5", key_prefix="sk-ant-"),
    "GEMINI_API_KEY": _Service("gemini/gemini-2.5-flash", key_prefix="AIza"),
    "MISTRAL_API_KEY": _Service("mistral/mistral-small-latest", "https://api.mistral.ai/v1"),
    "DEEPSEEK_API_KEY": _Service("deepseek/deepseek-chat", "https://api.deepseek.com/v1"),
    "OPENROUTER_API_KEY": _Service(
        "openrouter/openai/gpt-5-mini", "https://openrouter.ai/api/v1", "sk-or-"
    ),
}
"""By the variable that the provider's own documentation names."""

LOCAL_SERVERS = {
    "Ollama": ("ollama", "http://127.0.0.1:11434/v1"),
    "LM Studio": ("lm_studio", "http://127.0.0.1:1234/v1"),
    "llama.cpp": ("llamacpp", "http://127.0.0.1:8080/v1"),
}
"""At the ports that they listen on unless told otherwise."""


async def discover(
    session: aiohttp.ClientSession,
    environ: Mapping[str, str],
    servers: Mapping[str, tuple[str, str]] | None = None,
) -> list[Offer]:
    """What is there now. Asks this machine's own ports only; no key leaves it, none is tried."""
    local = LOCAL_SERVERS if servers is None else servers
    found = await asyncio.gather(
        *(_list_local(session, name, *where) for name, where in local.items())
    )
    return [*find_keys(environ), *(offer for offers in found for offer in offers)]


def find_keys(environ: Mapping[str, str]) -> list[Offer]:
    offers: list[Offer] = []
    for name, service in SERVICES.items():
        key = environ.get(name, "").strip()
        # With an address beside it, this one is the key of a company's proxy, not of Google.
        if key and not (name == "GEMINI_API_KEY" and environ.get("GOOGLE_GEMINI_BASE_URL")):
            offers.append(Offer(_target(service, key), "environment", f"{service.model} ({name})"))
    return offers


async def paste(
    session: aiohttp.ClientSession,
    api_key: str,
    base_url: str = "",
    model: str = "",
    plain_http_hosts: Collection[str] = (),
) -> Offer:
    """An offer out of what a person pasted; without a model, the first that the endpoint lists.

    Raises SettingError with a line to show.
    """
    api_key, model = api_key.strip(), model.strip()
    if base_url.strip():
        url = check_url(base_url, "Address", plain_http_hosts)
        if not model:
            names = await list_models(session, url, api_key, 10.0)
            if not names:
                raise SettingError("Model: the endpoint lists none; name the one to use")
            model = f"openai/{names[0]}"
        config = ModelConfig(model, api_key, url, plain_http_hosts=tuple(plain_http_hosts))
        target = resolve_model(config)
    elif api_key:
        target = _by_key(api_key, model)
    else:
        raise SettingError("Key: paste one, or the address of an endpoint that needs none")
    return Offer(target, "pasted", target.model)


async def list_models(
    session: aiohttp.ClientSession, base_url: str, api_key: str = "", limit_s: float = PROBE_S
) -> list[str]:
    """What GET /models names, without embedding models; empty when nothing sensible answers."""
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        async with (
            asyncio.timeout(limit_s),
            session.get(
                f"{base_url}/models",
                headers=headers,
                proxy=proxy_for(base_url),
                allow_redirects=False,
            ) as response,
        ):
            body = await response.json(content_type=None)
    except (aiohttp.ClientError, OSError, ValueError, RecursionError):
        return []
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        return []
    names = [row.get("id") for row in rows if isinstance(row, dict)]
    return [name for name in names if isinstance(name, str) and "embed" not in name.lower()]


async def _list_local(
    session: aiohttp.ClientSession, name: str, provider: str, base_url: str
) -> list[Offer]:
    names = (await list_models(session, base_url))[:MODELS_PER_SERVER]
    targets = [Target(f"{provider}/{model}", "", base_url, "lean") for model in names]
    return [Offer(target, "this_machine", f"{target.wire_model} ({name})") for target in targets]


def _by_key(api_key: str, model: str) -> Target:
    service = next(
        (s for s in SERVICES.values() if s.key_prefix and api_key.startswith(s.key_prefix)),
        SERVICES["OPENAI_API_KEY"],
    )
    if model and "/" in model and model.split("/", maxsplit=1)[0] != service.model.split("/")[0]:
        return resolve_model(ModelConfig(model, api_key))
    provider = service.model.split("/")[0]
    named = model if "/" in model else f"{provider}/{model}"
    return _target(service, api_key, named if model else service.model)


def _target(service: _Service, api_key: str, model: str = "") -> Target:
    lane: Literal["lean", "litellm"] = "lean" if service.base_url else "litellm"
    return Target(model or service.model, api_key, service.base_url, lane)
