"""Metrics: read by the parser that Prometheus gives out."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from posture.domain.gauges import Gauges
from posture.errors import StoreError
from posture.telemetry.metrics import Metrics

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
NOTHING = Gauges(
    findings={}, checks={}, jobs={}, plans={}, deliveries={}, closed={}, scans={}, oldest_waiting=timedelta()
)


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.text().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_how_everything_stands_is_read_anew_at_each_look() -> None:
    asked: list[Gauges] = [
        replace(NOTHING, findings={("contoso", "high"): 3}, scans={("contoso", "complete"): MONDAY}),
        replace(NOTHING, findings={("contoso", "high"): 2}, oldest_waiting=timedelta(minutes=2)),
    ]
    metrics = Metrics(lambda: asked.pop(0))

    first, second = samples(metrics), samples(metrics)

    of_contoso = ("posture_findings_open", (("severity", "high"), ("tenant", "contoso")))
    assert (first[of_contoso], second[of_contoso]) == (3, 2)
    scanned = ("posture_last_scan_timestamp_seconds", (("state", "complete"), ("tenant", "contoso")))
    assert first[scanned] == MONDAY.timestamp()
    assert scanned not in second
    assert second["posture_oldest_waiting_job_seconds", ()] == 120


def test_making_metrics_asks_nothing_yet() -> None:
    def unavailable() -> Gauges:
        raise AssertionError("nobody has looked")

    Metrics(unavailable)


def test_without_the_database_what_this_process_did_is_told_and_nothing_that_may_be_wrong() -> None:
    def unavailable() -> Gauges:
        raise StoreError("the database does not answer")

    metrics = Metrics(unavailable)
    metrics.worked(kind="scan", state="done", seconds=12)

    found = samples(metrics)

    assert found["posture_database_up", ()] == 0
    assert found["posture_job_seconds_sum", (("kind", "scan"), ("state", "done"))] == 12
    assert ("posture_oldest_waiting_job_seconds", ()) not in found
    assert samples(Metrics(lambda: NOTHING))["posture_database_up", ()] == 1


def test_answers_and_jobs_are_counted_by_what_they_were() -> None:
    metrics = Metrics(lambda: NOTHING)

    metrics.answered(method="GET", route="/findings/{fingerprint}", status=200, seconds=0.03)
    metrics.answered(method="GET", route="/findings/{fingerprint}", status=200, seconds=7)
    metrics.worked(kind="scan", state="done", seconds=12)
    metrics.failed_unexpectedly()

    found = samples(metrics)
    labels = (("method", "GET"), ("route", "/findings/{fingerprint}"), ("status", "200"))
    assert found["posture_request_seconds_count", labels] == 2
    assert found["posture_request_seconds_bucket", (("le", "5.0"), *labels)] == 1
    assert found["posture_job_seconds_sum", (("kind", "scan"), ("state", "done"))] == 12
    assert found["posture_unexpected_errors_total", ()] == 1


@pytest.mark.parametrize("name", ['a "quoted" name', "back\\slash", "two\nlines"])
def test_a_hostile_name_stays_a_label(name: str) -> None:
    metrics = Metrics(lambda: replace(NOTHING, deliveries={(name,): 1}))

    assert samples(metrics)["posture_deliveries_waiting", (("channel", name),)] == 1


def test_a_worker_answers_on_an_address_of_its_own_until_it_stops() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stop = Metrics(lambda: NOTHING).serve("127.0.0.1", port)

    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        told = answer.read()
    stop()

    assert b"posture_oldest_waiting_job_seconds 0.0" in told
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)
