"""The first page: how the tenants stand, what got worse, what waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, StreamingResponse

from posture.bootstrap.access import Access
from posture.domain.judgement import Value
from posture.domain.numbers import Numbers
from posture.domain.overview import Overview, TenantOverview
from posture.domain.severity import Severity
from posture.web.current import CurrentAccess
from posture.web.frame import frame_of
from posture.web.pages.asked import member_named, value_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.trends import spark_of, summed, trend_of_all
from posture.web.render import render

router = APIRouter()

TENANTS_SHOWN: Final = 50
_LIST: Final = Table(
    name="tenants",
    columns=(
        "tenant", "tenant_id", "passed", "failed", "unknown", "not_judged", "score", "failed_a_week_ago",
        *(f"open_{severity}" for severity in Severity), "latest_run", "latest_run_at", "latest_run_state",
    ),
)  # fmt: skip


class TenantSort(StrEnum):
    """What the tenants are ordered by."""

    WORST = "worst"
    NAME = "name"
    SCORE = "score"
    RUN = "run"


_FIRST_ORDER: Final = {TenantSort.WORST: "desc", TenantSort.RUN: "desc"}


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the latest runs of tenants ended: how many each way, and those that somebody has to look at."""

    good: int
    troubled: tuple[TenantOverview, ...]
    never: tuple[TenantOverview, ...]


@router.get("/")
def show(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show how one tenant stands, or all of them."""
    overview = access.overview(_tenant(request, access))
    sort = member_named(TenantSort, value_of(request, "sort") or TenantSort.WORST, "sort")
    descending = (value_of(request, "order") or _FIRST_ORDER.get(sort, "asc")) == "desc"
    in_order = _in_order(overview.tenants, sort, descending=descending)
    shows_all = len(in_order) <= TENANTS_SHOWN or value_of(request, "tenants") == "all"
    shown = in_order if shows_all else in_order[:TENANTS_SHOWN]
    return render(
        request,
        "overview.html",
        overview=overview,
        numbers=summed(each.numbers for each in overview.tenants),
        before=summed(each.before for each in overview.tenants),
        trend=trend_of_all([each.trend for each in overview.tenants]),
        health=_health(overview),
        tenants=shown,
        hidden=len(in_order) - len(shown),
        sparks={each.tenant_id: spark_of(each.trend) for each in shown},
        sort=sort,
        descending=descending,
        stalled=access.stalled_queues(),
        titles=frame_of(request).action_titles,
        may_scan=access.may("scan_now"),
    )


@router.get("/tenants.{kind}")
def export(request: Request, access: CurrentAccess, kind: FileKind) -> StreamingResponse:
    """Send how each tenant stands."""
    overview = access.overview(_tenant(request, access))
    return table_file(_LIST, _rows(overview.tenants), kind)


def _tenant(request: Request, access: Access) -> str | None:
    """Return the tenant that is looked at; None for all. One that is not there is as if nobody had asked for it."""
    asked = value_of(request, "tenant")
    return asked if asked in {line.name for line in access.tenants()} else None


def _in_order(tenants: Sequence[TenantOverview], sort: TenantSort, *, descending: bool) -> Sequence[TenantOverview]:
    by_name = sorted(tenants, key=lambda each: each.name.casefold())
    match sort:
        case TenantSort.NAME:
            return by_name[::-1] if descending else by_name
        case TenantSort.SCORE:
            known = [each for each in by_name if each.numbers is not None]
            unknown = [each for each in by_name if each.numbers is None]
            return [*sorted(known, key=lambda each: _score(each.numbers), reverse=descending), *unknown]
        case TenantSort.RUN:
            return sorted(by_name, key=_run_at, reverse=descending)
        case TenantSort.WORST:
            return sorted(by_name, key=_badness, reverse=descending)


def _score(numbers: Numbers | None) -> float:
    return (numbers.score if numbers else None) or 0.0


def _run_at(tenant: TenantOverview) -> float:
    return tenant.latest_run.taken_at.timestamp() if tenant.latest_run else 0.0


def _badness(tenant: TenantOverview) -> tuple[int, ...]:
    return tuple(tenant.open_by_severity[severity] for severity in reversed(tuple(Severity)))


def _health(overview: Overview) -> Health:
    runs = [(each, each.latest_run) for each in overview.tenants]
    good = sum(1 for _, run in runs if run is not None and run.state in ("complete", "running"))
    troubled = tuple(each for each, run in runs if run is not None and run.state in ("incomplete", "aborted"))
    return Health(good=good, troubled=troubled, never=tuple(each for each, run in runs if run is None))


def _rows(tenants: Sequence[TenantOverview]) -> Iterator[Sequence[Value]]:
    for each in tenants:
        numbers, run = each.numbers, each.latest_run
        score = None if numbers is None or numbers.score is None else round(numbers.score, 4)
        counts: tuple[Value, ...] = (None,) * 4
        if numbers is not None:
            counts = (numbers.passed, numbers.failed, numbers.unknown, numbers.not_judged)
        yield (
            each.name,
            each.tenant_id,
            *counts,
            score,
            None if each.before is None else each.before.failed,
            *(each.open_by_severity[severity] for severity in Severity),
            run.id if run else None,
            time_cell(run.taken_at if run else None),
            run.state.value if run else None,
        )
