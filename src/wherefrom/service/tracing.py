"""Traces of requests by OpenTelemetry, where that is asked for: their addresses, times and statuses, and no keys."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

from wherefrom.core.extras import require

__all__ = ["trace"]

_EXTRA: Final = "telemetry"


def trace(app: FastAPI) -> None:
    """Have the requests of an app traced.

    Spans go where the program's own provider sends them; where none was set, to the collector that the environment
    variables of OpenTelemetry name (`OTEL_EXPORTER_OTLP_ENDPOINT`, by default this machine's port 4318).

    Raises:
        MissingExtra: when the extra `telemetry` is not installed.
    """
    instrumentation = require("opentelemetry.instrumentation.fastapi", _EXTRA)
    api, sdk = require("opentelemetry.trace", _EXTRA), require("opentelemetry.sdk.trace", _EXTRA)
    provider = api.get_tracer_provider()
    if not isinstance(provider, sdk.TracerProvider):
        provider = _to_collector(sdk)
    instrumentation.FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)


def _to_collector(sdk: Any) -> Any:
    """A provider whose spans go to a collector, in batches."""
    export = require("opentelemetry.sdk.trace.export", _EXTRA)
    exporter = require("opentelemetry.exporter.otlp.proto.http.trace_exporter", _EXTRA)
    resources = require("opentelemetry.sdk.resources", _EXTRA)
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": "wherefrom"}))
    provider.add_span_processor(export.BatchSpanProcessor(exporter.OTLPSpanExporter()))
    return provider
