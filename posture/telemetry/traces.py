"""Traces by OpenTelemetry, if somebody set its standard variables and installed the extra ``telemetry``.

https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from posture.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Traces:
    """Where spans go: to a collector, or nowhere."""

    def __init__(self, provider: TracerProvider | None) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("posture") if provider else None

    @contextmanager
    def span(self, name: str, **attributes: str) -> Iterator[None]:
        """Hold a span while a request or a job goes on; an exception that leaves it is noted by its class alone."""
        if self._tracer is None:
            yield
            return
        # Messages of exceptions may quote the directory; a collector is not the place for it.
        with self._tracer.start_as_current_span(
            name, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException as error:
                span.set_attribute("error.type", type(error).__qualname__)
                raise

    def close(self) -> None:
        """Send what has not been sent yet."""
        if self._provider is not None:
            self._provider.shutdown()


def start_traces(service: str, *, environment: Mapping[str, str] = os.environ) -> Traces:
    """Return where spans go; ``service`` names the process unless ``OTEL_SERVICE_NAME`` does.

    Raises:
        SettingsError: the variables ask for traces, and the packages are not installed.
    """
    wanted = next((name for name in _ENDPOINTS if environment.get(name)), None)
    if wanted is None or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return Traces(None)
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingsError(
            f"{wanted} asks for traces, but OpenTelemetry is not installed. "
            "Install posture[telemetry], or unset the variable."
        ) from error
    name = environment.get("OTEL_SERVICE_NAME") or service
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)
