"""The way to a Langfuse server: spans over OTLP, ratings over its API."""

from __future__ import annotations

import logging
import time
from base64 import b64encode
from typing import TYPE_CHECKING

import httpx
import requests
from langfuse import __version__ as sdk_version
from langfuse.api import CreateScoreBatchResults, LangfuseAPI
from langfuse.api.core.api_error import ApiError
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from adapters.langfuse.checking import ONCE, TIMEOUT_S, build_http, examine
from adapters.langfuse.scores import to_score
from adapters.langfuse.spans import SpanWriter
from adapters.wire.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from adapters.langfuse.backlog import Rated
    from adapters.langfuse.settings import LangfuseSettings
    from adapters.langfuse.texts import Texts
    from adapters.langfuse.trace import Trace

logger = logging.getLogger(__name__)

KEYS_REFUSED = frozenset({401, 403})
TALKATIVE = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.common.http",
)
"""They write some lines for each failed request; the tracer writes one for all of them."""


class Sender:
    """One project on one server. Every method blocks; one thread."""

    def __init__(self, settings: LangfuseSettings) -> None:
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._address = settings.address
        self.keys_refused = False
        """At the newest try to send ratings: somebody can mend that without a restart."""
        self._http = build_http(settings.address)
        self._api = LangfuseAPI(
            base_url=settings.address,
            username=settings.public_key,
            password=settings.secret_key,
            timeout=TIMEOUT_S,
            httpx_client=self._http,
        )
        self._exporter: SpanExporter = _build_exporter(settings)
        self._writer = SpanWriter(settings.public_key)

    def examine(self) -> tuple[bool, str]:
        return examine(self._api, self._address)

    def send_traces(self, traces: Sequence[Trace]) -> bool:
        """Whether the server took them."""
        spans: list[ReadableSpan] = []
        for trace in traces:
            try:
                spans += self._writer.write(trace)
            except Exception:
                logger.exception("a turn could not be traced")
            time.sleep(0)  # the event loop may have waited for the interpreter's lock
        return not spans or self._exporter.export(spans) is SpanExportResult.SUCCESS

    def send_ratings(self, ratings: Mapping[str, Rated], texts: Texts) -> bool:
        """By their score ids. False: they are worth another try."""
        scores = [to_score(key, rated, texts) for key, rated in ratings.items()]
        try:
            answer = self._api.scores.create(request=scores, request_options=ONCE)
        except ApiError as error:
            status = error.status_code or 0
            if status >= 500 or status == 429:
                return False
            if status in KEYS_REFUSED:
                self._say_refused(status)
                return False
            logger.warning("Langfuse refused %d ratings with status %d", len(scores), status)
            return True
        except httpx.TransportError:
            return False
        self.keys_refused = False
        if isinstance(answer, CreateScoreBatchResults) and answer.rejected:
            logger.warning("Langfuse refused %d of %d ratings", answer.rejected, len(scores))
        return True

    def _say_refused(self, status: int) -> None:
        if not self.keys_refused:
            logger.warning(
                "Langfuse takes no ratings with these keys (status %d); they wait until it does",
                status,
            )
        self.keys_refused = True

    def close(self) -> None:
        self._exporter.shutdown()
        self._http.close()


def _build_exporter(settings: LangfuseSettings) -> OTLPSpanExporter:
    """As the SDK builds its own, headers included, for a session of ours."""
    keys = f"{settings.public_key}:{settings.secret_key}".encode()
    session = requests.Session()
    session.trust_env = not is_loopback(settings.address)
    return OTLPSpanExporter(
        endpoint=f"{settings.address}/api/public/otel/v1/traces",
        headers={
            "Authorization": f"Basic {b64encode(keys).decode('ascii')}",
            "x-langfuse-sdk-name": "python",
            "x-langfuse-sdk-version": sdk_version,
            "x-langfuse-public-key": settings.public_key,
            "x-langfuse-ingestion-version": "4",
        },
        timeout=TIMEOUT_S,
        compression=Compression.Gzip,
        session=session,
    )
