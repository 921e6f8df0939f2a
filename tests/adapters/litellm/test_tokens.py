from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.litellm.tokens import EstimatedTokens

ROOT = Path(__file__).parents[3]
TEXTS = {
    "English": (ROOT / "docs/operating.md").read_text("utf-8"),
    "Python": (ROOT / "core/model/breaking.py").read_text("utf-8"),
    "JSON": json.dumps([{"id": n, "name": f"user {n}", "value": n * 3.7} for n in range(50)]),
    "numbers": "1234567890 3.14159 2026-03-02 12:00:00 " * 10,
    "German": "Der Bot beantwortet Fragen im Kanal und merkt sich, was gesagt wurde. Größeres "
    "muss vorher besprochen werden; wer möchte, kann die Einstellungen ändern.",
    "French": "Le robot répond aux questions et se souvient de ce qui a été dit. Les élèves "
    "étaient très étonnés, mais ça n’a pas duré longtemps.",
    "Russian": "Бот отвечает на вопросы в канале и помнит, что было сказано раньше.",
    "Chinese": "机器人在频道中回答问题，并记住之前所说的话。费用按照每次调用计算。",
    "Japanese": "ボットはチャンネルで質問に答え、以前に言われたことを覚えています。",
    "Korean": "봇은 채널에서 질문에 답하고 이전에 말한 내용을 기억합니다.",
    "Arabic": "يجيب الروبوت على الأسئلة في القناة ويتذكر ما قيل من قبل.",
    "Hindi": "बॉट चैनल में प्रश्नों का उत्तर देता है और पहले कही गई बातों को याद रखता है।",
    "emoji": "🎉🦊👍🏽 done ✅ 🚀🚀 " * 5,
}


@pytest.fixture(scope="module")
def real_count() -> Callable[[str], int]:
    """OpenAI's own tokenizer, from the file that LiteLLM brings along."""
    spec = find_spec("litellm")
    assert spec is not None
    assert spec.origin is not None
    os.environ["TIKTOKEN_CACHE_DIR"] = str(
        Path(spec.origin).parent / "litellm_core_utils" / "tokenizers"
    )
    import tiktoken

    encoding = tiktoken.get_encoding("o200k_base")
    return lambda text: len(encoding.encode_ordinary(text))


@pytest.mark.parametrize("kind", TEXTS)
def test_the_estimate_is_within_a_third_of_a_real_tokenizer(
    kind: str, real_count: Callable[[str], int]
) -> None:
    real = real_count(TEXTS[kind])
    assert real * 0.7 <= EstimatedTokens().count(TEXTS[kind], "any") <= real * 1.34


@given(st.text(st.characters(exclude_categories=[])), st.text())
def test_any_text_counts_and_more_text_never_counts_less(text: str, more: str) -> None:
    tokens = EstimatedTokens()
    assert tokens.count(text, "m") <= tokens.count(text + more, "m")
    assert (tokens.count(text, "m") > 0) == bool(text.strip(" \t\n\r"))
