"""Traces: to a real receiver of OTLP over HTTP, or nowhere."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from posture.telemetry.traces import start_traces


class _Collector(ThreadingHTTPServer):
    received: list[ExportTraceServiceRequest]


class _Answers(BaseHTTPRequestHandler):
    server: _Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.received.append(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[_Collector]:
    server = _Collector(("127.0.0.1", 0), _Answers)
    server.received = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_without_the_variables_nothing_is_traced_and_nothing_disturbed() -> None:
    traces = start_traces("posture-worker", environment={})

    with pytest.raises(ValueError, match="goes on"), traces.span("scan"):
        raise ValueError("goes on")


def test_the_standard_switch_turns_it_off() -> None:
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}

    with start_traces("posture-worker", environment=environment).span("scan"):
        pass


def test_spans_reach_the_collector_with_the_class_of_an_error_and_not_its_words(
    collector: _Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
    traces = start_traces("posture-worker")

    with pytest.raises(LookupError), traces.span("scan", tenant="contoso"):
        raise LookupError("ada@example.com was not found")
    traces.close()

    (request,) = collector.received
    (resource,) = request.resource_spans
    named = {each.key: each.value.string_value for each in resource.resource.attributes}
    (span,) = resource.scope_spans[0].spans
    attributes = {each.key: each.value.string_value for each in span.attributes}
    assert named["service.name"] == "posture-worker"
    assert (span.name, attributes) == ("scan", {"tenant": "contoso", "error.type": "LookupError"})
    assert b"ada@example.com" not in request.SerializeToString()
