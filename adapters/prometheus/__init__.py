"""Prometheus: what is counted and measured, in its text format; nothing else is known to it."""

from __future__ import annotations

from adapters.prometheus.metrics import CONTENT_TYPE, Metrics

__all__ = ["CONTENT_TYPE", "Metrics"]
