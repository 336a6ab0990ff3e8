"""Metrics for Prometheus: what this process does, and how the whole of posture stands when somebody asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from posture.domain.gauges import Gauges
from posture.errors import StoreError

_LOG: Final = logging.getLogger(__name__)
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
_REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
_JOB_SECONDS: Final = (0.1, 1, 5, 15, 60, 300, 900, 3600, 14_400)


class Metrics:
    """The metrics of one process. ``gauges`` is asked at each look, and not before."""

    def __init__(self, gauges: Callable[[], Gauges]) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Standing(gauges))
        self._requests = Histogram(
            "posture_request_seconds",
            "How long answers of the page and the API took.",
            ("method", "route", "status"),
            buckets=_REQUEST_SECONDS,
            registry=self._registry,
        )
        self._jobs = Histogram(
            "posture_job_seconds",
            "How long jobs took in this worker, until they ended or were put back.",
            ("kind", "state"),
            buckets=_JOB_SECONDS,
            registry=self._registry,
        )
        self._errors = Counter(
            "posture_unexpected_errors_total",
            "Requests and jobs that ended with an error that nobody had foreseen.",
            registry=self._registry,
        )

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer; ``route`` is the pattern of the path, so that ids make no labels."""
        self._requests.labels(method=method, route=route, status=str(status)).observe(seconds)

    def worked(self, *, kind: str, state: str, seconds: float) -> None:
        """Count a job that ended, or was put back, in this process."""
        self._jobs.labels(kind=kind, state=state).observe(seconds)

    def failed_unexpectedly(self) -> None:
        self._errors.inc()

    def text(self) -> bytes:
        """Return everything in the format of Prometheus."""
        return generate_latest(self._registry)

    def serve(self, host: str, port: int) -> Callable[[], None]:
        """Answer on an address of its own, to everybody who reaches it, until the returned function is called.

        Raises:
            OSError: the address cannot be used.
        """
        server, thread = start_http_server(port, addr=host, registry=self._registry)

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop


class _Standing(Collector):
    """How everything stands, read from the database."""

    def __init__(self, gauges: Callable[[], Gauges]) -> None:
        self._gauges = gauges

    def describe(self) -> Iterator[Metric]:
        """Return nothing: else the database would be asked when the process begins."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("posture_database_up", "1 if the database answers; else the rest of it is left out.")
        try:
            gauges = self._gauges()
        except StoreError as error:
            # What this process did is told all the same: it is wanted most while something is wrong.
            _LOG.warning("Metrics leave out what the database knows: %s", error, extra={"action": "metrics_partial"})
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield _family("findings_open", "Open findings, exempted ones too.", ("tenant", "severity"), gauges.findings)
        yield _family("checks", "Checks by how they stand.", ("tenant", "standing"), gauges.checks)
        yield _family("jobs", "Jobs on record.", ("kind", "state"), gauges.jobs)
        yield _family("plans", "Plans that have not ended.", ("tenant", "state"), gauges.plans)
        yield _family("deliveries_waiting", "Messages that wait to be sent.", ("channel",), gauges.deliveries)
        yield _family(
            "channel_closed", "1 for a channel to which nothing is sent any more.", ("channel",), gauges.closed
        )
        yield _family(
            "last_scan_timestamp_seconds",
            "When the latest snapshot of a tenant was taken whose scan ended so.",
            ("tenant", "state"),
            {key: _seconds(at) for key, at in gauges.scans.items()},
        )
        oldest = GaugeMetricFamily(
            "posture_oldest_waiting_job_seconds", "How long the job waits that should have begun first; 0 if none."
        )
        oldest.add_metric([], gauges.oldest_waiting.total_seconds())
        yield oldest


def _family(
    name: str,
    help: str,
    labels: tuple[str, ...],
    values: Mapping[tuple[str, ...], int] | Mapping[tuple[str, ...], float],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"posture_{name}", help, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family


def _seconds(at: datetime) -> float:
    return at.timestamp()
