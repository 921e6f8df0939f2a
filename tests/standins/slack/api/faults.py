"""What goes wrong on request: a script of faults for each method."""

from __future__ import annotations

import asyncio
import socket
import struct
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Json = dict[str, Any]
HTML_PAGE = "<!DOCTYPE html><html><body><h1>Server Error</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """`before` hits a call that is then not carried out, `after` one that was."""

    name: str
    status: int | None = None
    body: str | Json | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    latency_s: float = 0.0
    reset: bool = False
    hang: bool = False
    after: bool = False

    @property
    def only_delays(self) -> bool:
        return not (self.reset or self.hang) and self.status is None


def rate_limited(retry_after: str | None = "1") -> Fault:
    """429; `retry_after` may be what no number is ("soon") or missing (None)."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Fault("rate_limited", 429, {"ok": False, "error": "ratelimited"}, headers)


def html(status: int = 200) -> Fault:
    return Fault("html", status, HTML_PAGE)


def http_status(status: int) -> Fault:
    return Fault(f"http_{status}", status, "")


def error(code: str, **extra: Any) -> Fault:
    return Fault(code, 200, {"ok": False, "error": code, **extra})


def latency(seconds: float, *, after: bool = False) -> Fault:
    """The call is carried out late; with `after`, at once, and only the answer is late."""
    return Fault("latency", latency_s=seconds, after=after)


def reset_before() -> Fault:
    """The connection is reset before the call is carried out."""
    return Fault("reset_before", reset=True)


def reset_after() -> Fault:
    """The call is carried out; the connection is reset in place of an answer."""
    return Fault("reset_after", reset=True, after=True)


def black_hole(*, after: bool = False) -> Fault:
    """No answer ever comes and the connection stays open."""
    return Fault("black_hole", hang=True, after=after)


@dataclass(slots=True)
class Rule:
    pattern: str
    fault: Fault
    times: int | None
    skip: int
    every: int
    where: Callable[[Json], bool] | None
    seen: int = 0
    hits: int = 0

    def strikes(self, method: str, args: Json) -> bool:
        if not fnmatchcase(method, self.pattern):
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        if self.where is not None and not self.where(args):
            return False
        self.seen += 1
        strikes = self.seen > self.skip and (self.seen - self.skip - 1) % self.every == 0
        self.hits += strikes
        return strikes


class Faults:
    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def on(
        self,
        method: str,
        fault: Fault,
        *,
        times: int | None = 1,
        skip: int = 0,
        every: int = 1,
        where: Callable[[Json], bool] | None = None,
    ) -> Rule:
        """`method` may be a pattern (`chat.*`, `response_url`, `files.download`). `times=None`:
        until cleared. `every=10`: each tenth call. `where` looks at the arguments. The first rule
        that strikes wins. The returned rule counts its `hits`."""
        rule = Rule(method, fault, times, skip, every, where)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        self.rules.clear()

    def strike(self, method: str, args: Json) -> Fault | None:
        for rule in self.rules:
            if rule.strikes(method, args):
                return rule.fault
        return None


async def inflict(fault: Fault, request: web.Request) -> web.Response | None:
    """The answer that the fault gives; None when it only delays."""
    if fault.latency_s:
        await asyncio.sleep(fault.latency_s)
    if fault.only_delays:
        return None
    if fault.hang:
        await asyncio.Event().wait()
    if fault.reset:
        reset(request)
        return web.Response()
    if isinstance(fault.body, dict):
        return web.json_response(fault.body, status=fault.status or 200, headers=fault.headers)
    return web.Response(
        text=fault.body, status=fault.status or 200, content_type="text/html", headers=fault.headers
    )


def reset(request: web.BaseRequest) -> None:
    """Close the connection with RST, so that the caller sees a reset and no answer."""
    transport = request.transport
    if transport is None:
        return
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
