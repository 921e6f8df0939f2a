"""Lets in what Slack signed, and nothing else: signature, age, size, shape, before any parser."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from adapters.wire.bodies import BODY_LIMIT_BYTES, Refused, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.ports import Clock

Json = dict[str, Any]

AGE_LIMIT_S: Final = 300
"""docs.slack.dev/authentication/verifying-requests-from-slack: older ones may be replays."""
FORM_FIELDS_LIMIT: Final = 100

_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}")


class Gate:
    """Checks HTTP requests. Socket Mode needs none: its socket was opened with our token."""

    def __init__(self, signing_secret: str, clock: Clock) -> None:
        if not signing_secret:
            raise ValueError("an empty signing secret would let everybody in")
        self._secret = signing_secret.encode()
        self._clock = clock

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Raises Refused with 401 (signature, age) or 413 (size)."""
        if len(body) > BODY_LIMIT_BYTES:
            raise Refused(413, "the body is too large")
        timestamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signature):
            raise Refused(401, "no signature")
        if abs(self._clock.now().timestamp() - int(timestamp)) > AGE_LIMIT_S:
            raise Refused(401, "the timestamp is too far off")
        signed = b"v0:" + timestamp.encode() + b":" + body
        expected = "v0=" + hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise Refused(401, "the signature is wrong")


def read_body(content_type: str, body: bytes) -> Json:
    """The payload of a verified request: an event's JSON, an interaction's, a command's fields.

    Raises Refused with 400.
    """
    match content_type:
        case "application/json":
            return read_json(body)
        case "application/x-www-form-urlencoded":
            fields = _read_form(body)
            if "payload" in fields:
                return read_json(fields["payload"].encode("utf-8", "surrogatepass"))
            if fields.get("command", "").startswith("/"):
                return dict(fields)
            raise Refused(400, "neither a payload nor a command")
        case _:
            raise Refused(400, "an unexpected content type")


def _read_form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=FORM_FIELDS_LIMIT
        )
    except ValueError as error:
        raise Refused(400, "not a form") from error
    return dict(pairs)
