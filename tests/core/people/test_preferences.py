from __future__ import annotations

import pytest

from core.people.preferences import ModelChoice, describe_temperature, read_temperature
from tests.core.people.asking import BEN, message
from tests.fakes.store import FakeStore

DEFAULT = ("openai/small", 0.7)


@pytest.fixture
def store():
    return FakeStore()


@pytest.fixture
def choice(store):
    return ModelChoice(store, *DEFAULT, allowed_models=["openai/large", "gemini/flash"])


async def set_for(store, scope, name, value):
    subject = {"person": "U1", "channel": "C1", "workspace": ""}[scope]
    await store.write(scope, "slack", "T1", subject, name, value)


async def test_the_narrowest_scope_wins_each_setting_for_itself(store, choice):
    await set_for(store, "workspace", "temperature", "0.1")
    await set_for(store, "workspace", "model", "gemini/flash")
    await set_for(store, "channel", "temperature", "0.2")
    await set_for(store, "person", "model", "openai/large")

    assert await choice.of(message()) == ("openai/large", 0.2)
    assert await choice.of(message(by=BEN)) == ("gemini/flash", 0.2)
    assert await choice.of(message(by=BEN, channel="C2")) == ("gemini/flash", 0.1)
    assert await choice.of(message(workspace="T2")) == DEFAULT


async def test_each_value_says_where_it_comes_from(store, choice):
    await set_for(store, "channel", "temperature", "0.2")

    model, temperature = await choice.in_force("slack", "T1", "C1", "U1")

    assert (model.value, model.scope) == ("openai/small", None)
    assert (temperature.value, temperature.scope) == (0.2, "channel")


async def test_a_stored_value_that_is_no_longer_valid_counts_as_not_there(store, choice):
    await set_for(store, "workspace", "model", "openai/large")
    await set_for(store, "person", "model", "openai/withdrawn")
    await set_for(store, "person", "temperature", "9")

    assert await choice.of(message()) == ("openai/large", 0.7)


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        ("openai/large", "openai/large"),
        ("LARGE", "openai/large"),
        ("small", "openai/small"),
        ("arge", None),
        ("gpt", None),
        ("", None),
    ],
)
def test_a_model_is_found_with_or_without_its_provider(choice, typed, model):
    assert choice.read_model(typed) == model


def test_a_short_name_that_fits_several_models_fits_none(store):
    choice = ModelChoice(store, "a/flash", 0.7, ["b/flash"])

    assert choice.read_model("flash") is None
    assert choice.read_model("b/flash") == "b/flash"


@pytest.mark.parametrize(
    ("text", "temperature"),
    [("0", 0.0), ("2", 2.0), ("0,3", 0.3), ("1e-1", 0.1)]
    + [(text, None) for text in ("2.1", "-0.1", "nan", "inf", "hot", "")],
)
def test_a_temperature_is_a_number_from_0_to_2(text, temperature):
    assert read_temperature(text) == temperature


def test_temperatures_have_the_names_people_know():
    names = [describe_temperature(value) for value in (0, 0.49, 0.5, 0.99, 1, 2)]

    assert names == ["focused"] * 2 + ["balanced"] * 2 + ["creative"] * 2


def test_a_default_outside_the_range_is_refused(store):
    with pytest.raises(ValueError, match="temperature"):
        ModelChoice(store, "m", float("nan"))
