"""The way to a Langfuse server: the SDK with a provider, an exporter and a patience of our own."""

from __future__ import annotations

import logging
import threading
import time
from base64 import b64encode
from typing import TYPE_CHECKING

import httpx
import requests
from langfuse import Langfuse
from langfuse import __version__ as sdk_version
from langfuse.api import CreateScoreBatchResults
from langfuse.api.core.api_error import ApiError
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from adapters.langfuse.checking import ONCE, TIMEOUT_S, build_http, examine
from adapters.langfuse.scores import to_score
from adapters.langfuse.spans import SpanWriter, TurnIds
from adapters.wire.urls import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adapters.langfuse.backlog import Rated
    from adapters.langfuse.settings import LangfuseSettings
    from adapters.langfuse.texts import Texts
    from adapters.langfuse.trace import Trace

logger = logging.getLogger(__name__)

NEVER_S = 3_600.0
"""Spans leave when we say so: whether they were taken has to be known."""
LETTING_GO_S = 0.2
"""How long the SDK gets to take its hook off the end of the process."""
TALKATIVE = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.exporter.otlp.common.http",
    "opentelemetry.sdk.trace",
)
"""They write some lines for each failed request; the tracer writes one for all of them."""


class Sender:
    """One project on one server. Every method blocks; one thread. One in a process for each public
    key: the SDK gives a second one the first one's client, closed or not."""

    def __init__(self, settings: LangfuseSettings) -> None:
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._address = settings.address
        ids = TurnIds()
        # Not the process's provider: other libraries' spans are none of Langfuse's business, and
        # ours none of theirs. Its own hook at the end of the process would wait without a limit.
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,  # what is not sampled never comes here
            resource=Resource({"service.name": "chatbot"}),
            shutdown_on_exit=False,
            id_generator=ids,
        )
        self._http = build_http(settings.address)  # ours, as the SDK never closes its own
        self._exporter = KeptExporter(_build_exporter(settings))
        self._client = Langfuse(
            public_key=settings.public_key,
            secret_key=settings.secret_key,
            base_url=settings.address,
            timeout=TIMEOUT_S,
            httpx_client=self._http,
            flush_interval=NEVER_S,
            sample_rate=1.0,
            tracing_enabled=True,
            should_export_span=lambda span: True,  # noqa: ARG005 - the provider is ours alone
            tracer_provider=self._provider,
            span_exporter=self._exporter,
        )
        self._writer = SpanWriter(self._provider, ids, settings.public_key)

    def examine(self) -> tuple[bool, str]:
        return examine(self._client.api, self._address)

    def send_traces(self, traces: Sequence[Trace]) -> bool:
        """Whether the server took them."""
        for trace in traces:
            try:
                self._writer.write(trace)
            except Exception:
                logger.exception("a turn could not be traced")
            time.sleep(0)  # the event loop may have waited for the interpreter's lock
        self._exporter.took = True
        self._provider.force_flush()
        return self._exporter.took

    def send_ratings(self, ratings: Mapping[str, Rated], texts: Texts) -> bool:
        """By their score ids. False: they are worth another try."""
        scores = [to_score(key, rated, texts) for key, rated in ratings.items()]
        try:
            answer = self._client.api.scores.create(request=scores, request_options=ONCE)
        except ApiError as error:
            status = error.status_code or 0
            if status >= 500 or status == 429:
                return False
            logger.warning("Langfuse refused %d ratings with status %d", len(scores), status)
            return True
        except httpx.TransportError:
            return False
        if isinstance(answer, CreateScoreBatchResults) and answer.rejected:
            logger.warning("Langfuse refused %d of %d ratings", answer.rejected, len(scores))
        return True

    def close(self) -> None:
        """Waits for what is on its way; without a limit."""
        self._client.shutdown()
        self._provider.shutdown()
        self._http.close()

    def let_go(self) -> None:
        """Returns at once and leaves what is on its way: what the SDK does when it is shut down,
        first it takes its hook off the end of the process, waits in a thread that ends with it."""
        ending = threading.Thread(target=self.close, name="langfuse-ending", daemon=True)
        ending.start()
        ending.join(LETTING_GO_S)


class KeptExporter(SpanExporter):
    """Remembers whether what was sent was taken."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self.took = True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        before, self.took = self.took, False  # what raises was not taken either
        result = self._inner.export(spans)
        self.took = before and result is SpanExportResult.SUCCESS
        return result

    def shutdown(self) -> None:
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._inner.force_flush(timeout_millis)


def _build_exporter(settings: LangfuseSettings) -> OTLPSpanExporter:
    """As the SDK builds its own, headers included."""
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
