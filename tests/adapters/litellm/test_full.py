"""What LiteLLM's errors mean when it never got as far as a provider."""

from __future__ import annotations

from adapters.litellm.full import to_core_error


class APIConnectionError(Exception):
    """Named and shaped like LiteLLM's."""

    status_code = 500


class InternalServerError(Exception):
    status_code = 500


def test_a_key_that_is_not_set_is_no_connection_to_try_again() -> None:
    error = to_core_error(APIConnectionError("Missing Gemini API key. Set GEMINI_API_KEY."))
    assert error.category == "auth"
    assert not error.retryable


def test_a_host_that_cannot_be_reached_is_a_failed_connection() -> None:
    text = "MistralException - Cannot connect to host api.example.com:443"
    assert to_core_error(InternalServerError(text)).category == "connection"


def test_a_traceback_in_a_librarys_text_is_not_passed_on() -> None:
    text = (
        "no route to host\nTraceback (most recent call last):\n  File x\nReport it at " + "x" * 999
    )
    assert str(to_core_error(APIConnectionError(text))) == "no route to host"
