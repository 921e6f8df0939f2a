"""What goes wrong on request: a script of faults for each method and path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.standins.slack.api.faults import (
    Fault,
    Rule,
    black_hole,
    html,
    http_status,
    inflict,
    latency,
    reset,
    reset_after,
    reset_before,
)

if TYPE_CHECKING:
    from collections.abc import Callable

Json = dict[str, Any]
__all__ = [
    "Fault",
    "Faults",
    "Rule",
    "black_hole",
    "error",
    "garbage",
    "html",
    "http_status",
    "inflict",
    "latency",
    "reset",
    "reset_after",
    "reset_before",
    "throttled",
]


def error(status: int, code: str, message: str = "On request.") -> Fault:
    return Fault(code, status, {"error": {"code": code, "message": message}})


def throttled(retry_after: str | None = "1") -> Fault:
    """429; `retry_after` may be what no number is ("soon") or missing (None)."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    body: Json = {"error": {"code": "Throttled", "message": "Too many requests."}}
    return Fault("throttled", 429, body, headers)


def garbage(status: int = 200) -> Fault:
    return Fault("garbage", status, "\ufffd{not json")


class Faults:
    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def on(
        self,
        method: str,
        path: str,
        fault: Fault,
        *,
        times: int | None = 1,
        skip: int = 0,
        every: int = 1,
        where: Callable[[Json], bool] | None = None,
    ) -> Rule:
        """Both may be patterns: `POST`, `/v3/conversations/*/activities`; `*`, `/v1/*`. Paths are
        below the service URL and decoded. `times=None`: until cleared. `every=10`: each tenth
        call. `where` looks at the body. The first rule that strikes wins and counts its `hits`."""
        rule = Rule(f"{method} {path}", fault, times, skip, every, where)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        self.rules.clear()

    def strike(self, method: str, path: str, body: Any) -> Fault | None:
        args = body if isinstance(body, dict) else {}
        for rule in self.rules:
            if rule.strikes(f"{method} {path}", args):
                return rule.fault
        return None
