"""A scan as one JSON document, ``posture.scan/1``: written in a stream, a million judgements are never in memory."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from types import TracebackType
from typing import IO, Self

from posture.domain.finding import FindingChange
from posture.domain.judgement import CheckResult, Judgement
from posture.domain.outcome import TableOutcome
from posture.domain.run import RunSummary

SCHEMA = "posture.scan/1"
_COPY_BYTES = 1 << 16


def json_time(time: datetime) -> str:
    """Return an aware time as ISO 8601 in UTC, to the second, ending in Z."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ScanDocument:
    """Collects judgements on disk while a scan runs, because the document names the checks before them."""

    def __init__(self) -> None:
        self._judgements = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed by __exit__
        self._count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._judgements.close()

    def add(self, judgement: Judgement, change: FindingChange | None) -> None:
        """Keep one judgement."""
        if self._count:
            self._judgements.write(",")
        self._judgements.write(_json(judgement_json(judgement, change)))
        self._count += 1

    def write(self, summary: RunSummary, out: IO[str]) -> None:
        """Write the whole document as one line."""
        head = _json(summary_json(summary))
        out.write(f'{head[:-1]},"judgements":[')
        self._judgements.seek(0)
        while chunk := self._judgements.read(_COPY_BYTES):
            out.write(chunk)
        out.write("]}\n")


def summary_json(summary: RunSummary) -> dict[str, object]:
    """Return the document but for its judgements."""
    run = summary.run
    return {
        "schema": SCHEMA,
        "tenant": {
            "id": run.tenant_id,
            "name": run.tenant_name,
            "display_name": summary.tenant_display_name,
        },
        "run": {
            "id": run.id,
            "taken_at": json_time(run.taken_at),
            "finished_at": json_time(run.finished_at) if run.finished_at else None,
            "state": run.state.value,
            "aborted_because": run.aborted_because,
        },
        "tables": [_table_json(table) for table in summary.tables],
        "checks": [_check_json(check) for check in summary.checks],
    }


def _table_json(table: TableOutcome) -> dict[str, object]:
    return {
        "name": table.table,
        "outcome": table.outcome.value,
        "rows": table.rows,
        "requests": table.requests,
        "reason": table.reason,
    }


def _check_json(result: CheckResult) -> dict[str, object]:
    return {
        "id": result.check,
        "severity": result.severity.value,
        "outcome": result.outcome.value,
        "reason": _reason_json(result),
        "counts": _counts_json(result),
    }


def _reason_json(result: CheckResult) -> dict[str, str] | None:
    if result.skipped is not None:
        return {"kind": result.skipped.kind.value, "detail": result.skipped.detail}
    if result.error is not None:
        return {"kind": "broken", "detail": result.error}
    return None


def _counts_json(result: CheckResult) -> dict[str, int] | None:
    if result.counts is None:
        return None
    return {
        "pass": result.counts.passed,
        "fail": result.counts.failed,
        "unknown": result.counts.unknown,
        "not_applicable": result.counts.not_applicable,
        "exempted": result.counts.exempted,
    }


def judgement_json(judgement: Judgement, change: FindingChange | None) -> dict[str, object]:
    """Return one judgement; ``finding`` is null if there is no finding to speak of."""
    return {
        "check": judgement.check,
        "resource": {
            "type": judgement.resource.type,
            "id": judgement.resource.id,
            "name": judgement.resource.name,
        },
        "identity": dict(judgement.identity),
        "verdict": judgement.verdict.value,
        "severity": judgement.severity.value,
        "message": judgement.message,
        "evidence": dict(judgement.evidence),
        "fingerprint": judgement.fingerprint,
        "finding": change.value if change else None,
    }


def _json(value: object) -> str:
    """Return compact JSON. ASCII only: no terminal escape or direction override survives in a log."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
