"""Runs: what every scan read, what it cost, and what it could not see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.domain.judgement import CheckOutcome, CheckResult, Value
from posture.domain.outcome import TableOutcome
from posture.domain.page import LONGEST_PAGE
from posture.domain.run import RunSummary
from posture.domain.run_line import RunLine
from posture.web.current import CurrentAccess
from posture.web.pages.asked import SentForm, sent, value_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.going import gone_to
from posture.web.pages.paged import every
from posture.web.pages.run_changes import changes_of
from posture.web.render import render

router = APIRouter()

_PAGE: Final = 50
_RUNS: Final = Table(
    name="runs",
    columns=(
        "id", "tenant", "tenant_id", "taken_at", "finished_at", "state", "aborted_because", "requests", "rows",
        "seconds", "pass", "fail", "unknown", "not_judged",
    ),
)  # fmt: skip
_TABLES: Final = Table(
    name="run-tables", columns=("table", "outcome", "rows", "requests", "seconds", "as_of", "reason", "missing")
)
_CHECKS: Final = Table(
    name="run-checks",
    columns=(
        "check", "severity", "outcome", "skipped_because", "detail", "pass", "fail", "unknown", "not_applicable",
        "exempted",
    ),
)  # fmt: skip


@router.get("/runs")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show one page of runs, the newest first."""
    tenant = value_of(request, "tenant")
    return render(
        request,
        "runs/list.html",
        page=access.runs(tenant=tenant, cursor=value_of(request, "cursor"), limit=_PAGE),
        tenant=tenant,
        tenant_options=[(line.name, line.name) for line in access.tenants()],
        may_scan=access.may("scan_now"),
    )


@router.get("/runs.{kind}")
def export_list(request: Request, access: CurrentAccess, kind: FileKind) -> Response:
    """Send all runs."""
    tenant = value_of(request, "tenant")
    runs = every(lambda cursor: access.runs(tenant=tenant, cursor=cursor, limit=LONGEST_PAGE))
    return table_file(_RUNS, map(_run_row, runs), kind)


@router.post("/runs")
def scan_now(access: CurrentAccess, form: SentForm) -> Response:
    """Ask a worker for a scan, and go to the job."""
    job = access.scan_now(sent(form, "tenant"))
    return gone_to(f"/jobs/{job.id}")


@router.get("/runs/{run_id}")
def show_run(request: Request, access: CurrentAccess, run_id: str) -> HTMLResponse:
    """Show one run and how it differs from the one before."""
    detail = access.run(run_id)
    before = detail.before
    return render(
        request,
        "runs/run.html",
        detail=detail,
        changes=changes_of(detail.summary, before) if before else [],
        before_words=f"of {before.run.taken_at:%-d %b %Y, %H:%M} UTC" if before else None,
        tables=_with_earlier_tables(detail.summary.tables, before),
        checks=_with_earlier_checks(detail.summary.checks, before),
    )


@router.get("/runs/{run_id}/tables.{kind}")
def export_tables(access: CurrentAccess, run_id: str, kind: FileKind) -> Response:
    """Send the tables of one run."""
    return table_file(_TABLES, map(_table_row, access.run(run_id).summary.tables), kind)


@router.get("/runs/{run_id}/checks.{kind}")
def export_checks(access: CurrentAccess, run_id: str, kind: FileKind) -> Response:
    """Send the checks of one run."""
    return table_file(_CHECKS, map(_check_row, access.run(run_id).summary.checks), kind)


def _with_earlier_tables(
    tables: Sequence[TableOutcome], before: RunSummary | None
) -> list[tuple[TableOutcome, TableOutcome | None]]:
    """Return the tables by name, those that are not complete first, each as it was in the run before."""
    earlier = {table.table: table for table in before.tables} if before else {}
    ordered = sorted(tables, key=lambda table: (table.reason is None, table.table))
    return [(table, earlier.get(table.table)) for table in ordered]


_WORST_FIRST: Final[Mapping[CheckOutcome, int]] = {
    CheckOutcome.BROKEN: 0,
    CheckOutcome.EVALUATED: 1,
    CheckOutcome.SKIPPED: 2,
}


def _with_earlier_checks(
    checks: Sequence[CheckResult], before: RunSummary | None
) -> list[tuple[CheckResult, CheckResult | None]]:
    """Return the checks, broken ones first and skipped ones last, each as it was in the run before."""
    earlier = {result.check: result for result in before.checks} if before else {}
    ordered = sorted(checks, key=lambda result: (_WORST_FIRST[result.outcome], result.check))
    return [(result, earlier.get(result.check)) for result in ordered]


def _run_row(line: RunLine) -> Sequence[Value]:
    return list(_run_cells(line))


def _run_cells(line: RunLine) -> Iterator[Value]:
    numbers = line.numbers
    yield from (line.id, line.tenant, line.tenant_id, time_cell(line.taken_at), time_cell(line.finished_at))
    yield from (line.state.value, line.aborted_because, line.requests, line.rows, line.seconds)
    yield from ((numbers.passed, numbers.failed, numbers.unknown, numbers.not_judged) if numbers else (None,) * 4)


def _table_row(table: TableOutcome) -> Sequence[Value]:
    return (
        table.table,
        table.outcome.value,
        table.rows,
        table.requests,
        table.seconds,
        time_cell(table.as_of),
        table.reason,
        table.missing,
    )


def _check_row(result: CheckResult) -> Sequence[Value]:
    counts, skipped = result.counts, result.skipped
    told: list[Value] = [None] * 5
    if counts is not None:
        told = [counts.passed, counts.failed, counts.unknown, counts.not_applicable, counts.exempted]
    return (
        result.check,
        result.severity.value,
        result.outcome.value,
        skipped.kind.value if skipped else None,
        skipped.detail if skipped else result.error,
        *told,
    )
