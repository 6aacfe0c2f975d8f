"""Traces say which address was asked and what came of it, and hold no key and no image's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.unit.service.making import app_of, files, noise


def test_requests_are_traced_without_keys_and_names(profiles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    client = TestClient(app_of(profiles, telemetry=True))
    sent = {"Authorization": "Bearer a-key-that-nobody-should-see"}
    assert client.post("/v1/jobs?profile=a", files=files(("secret.png", noise(1))), headers=sent).status_code == 202
    spans = kept.get_finished_spans()
    assert "POST /v1/jobs" in [span.name for span in spans]
    said = " ".join(span.to_json() for span in spans)
    assert "nobody-should-see" not in said
    assert "secret" not in said
    assert '"http.status_code": 202' in said
