"""Findings: the list, one of them, and accepting one for a while."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse

from posture.bootstrap.access import Access
from posture.domain.finding_pages import FindingQuery
from posture.domain.finding_view import FindingView
from posture.domain.judgement import Value
from posture.errors import UsageError
from posture.web.current import CurrentAccess
from posture.web.frame import frame_of
from posture.web.pages.asked import SentForm, conditions_of, sent
from posture.web.pages.exports import FileKind, Table, streamed_file, time_cell
from posture.web.pages.finding_filters import PAGE_LENGTHS, filter_choices, finding_query, has_filters
from posture.web.pages.going import done_at, gone_to
from posture.web.pages.last_days import end_of, latest_last_day, usual_last_day, wrong_fields
from posture.web.pages.told import sentence_of
from posture.web.render import render

router = APIRouter()

_LIST = Table(
    name="findings",
    columns=(
        "fingerprint", "tenant", "check", "title", "severity", "standing", "resource_type", "resource_id",
        "resource_name", "message", "evidence", "first_failed_at", "last_failed_at", "times_opened",
        "exempted_until", "exempted_by", "exempted_because",
    ),
)  # fmt: skip
_DONE = {"exempted": "The exemption counts from now on."}
_NO_WORDS: dict[str, str] = {}


@router.get("/findings")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show one page of the findings that the address asks for."""
    query = finding_query(request)
    # From the catalog, which is the same for everybody: how each check stands is not asked here.
    checks = [loaded.check for loaded in frame_of(request).application.catalog.checks]
    titles = {str(check.id): check.title for check in checks}
    tenant_of = _tenant_names(access)
    return render(
        request,
        "findings/list.html",
        query=query,
        page=access.findings(query),
        titles=titles,
        tenant_of=tenant_of,
        choices=filter_choices(checks, tuple(tenant_of.values())),
        lengths=PAGE_LENGTHS,
        has_filters=has_filters(request),
        may_propose=access.may("propose"),
        may_scan=access.may("scan_now"),
        conditions=conditions_of(
            request,
            {
                "tenant": _NO_WORDS,
                "severity": _NO_WORDS,
                "check": titles,
                "tag": _NO_WORDS,
                "framework": _NO_WORDS,
                "standing": {"any": "open, exempted and resolved"},
                "text": _NO_WORDS,
            },
        ),
    )


@router.get("/findings.{kind}")
def export_list(request: Request, access: CurrentAccess, kind: FileKind) -> StreamingResponse:
    """Send all findings that the address asks for, not only one page."""
    titles = {str(check): title for check, title in frame_of(request).application.titles.items()}
    return streamed_file(_LIST, _rows(access, finding_query(request), titles), kind)


@router.get("/findings/{fingerprint}")
def show_one(request: Request, access: CurrentAccess, fingerprint: str) -> HTMLResponse:
    """Show one finding."""
    return _page_of(request, access, fingerprint)


@router.post("/findings/{fingerprint}/exempt")
def exempt(request: Request, access: CurrentAccess, fingerprint: str, form: SentForm) -> Response:
    """Accept the finding's resource for its check, or for every check, until the end of a day."""
    detail = access.finding(fingerprint)
    typed = {name: sent(form, name) for name in ("reason", "until", "owner", "what")}
    errors = _errors_of(typed)
    if not errors:
        try:
            access.exempt(
                tenant=detail.tenant,
                resource=detail.view.finding.resource.id,
                check=None if typed["what"] == "resource" else detail.view.finding.check,
                reason=typed["reason"],
                ends_at=end_of(typed["until"]),
                owner=typed["owner"] or None,
            )
        except UsageError as refused:
            errors = {"until": sentence_of(refused)}
    if errors:
        return _page_of(request, access, fingerprint, typed=typed, errors=errors, status=422)
    return gone_to(f"/findings/{fingerprint}", done="exempted")


def _page_of(
    request: Request,
    access: Access,
    fingerprint: str,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HTMLResponse:
    today = frame_of(request).application.clock.now().date()
    return render(
        request,
        "findings/one.html",
        status=status,
        detail=access.finding(fingerprint),
        may_propose=access.may("propose"),
        may_exempt=access.may("exempt"),
        typed=typed or {"reason": "", "until": usual_last_day(today), "owner": "", "what": "check"},
        errors=errors or {},
        done=done_at(request, _DONE),
        first_day=str(today),
        last_day=latest_last_day(today),
    )


def _errors_of(typed: dict[str, str]) -> dict[str, str]:
    errors = wrong_fields(typed)
    if typed["what"] not in ("check", "resource"):
        errors["what"] = "Choose what is accepted."
    return errors


def _tenant_names(access: Access) -> dict[str, str]:
    return {line.tenant_id: line.name for line in access.tenants()}


@contextmanager
def _rows(access: Access, query: FindingQuery, titles: dict[str, str]) -> Iterator[Iterator[Sequence[Value]]]:
    names = _tenant_names(access)
    with access.every_finding(query) as views:
        yield (_row(view, names, titles) for view in views)


def _row(view: FindingView, names: dict[str, str], titles: dict[str, str]) -> Sequence[Value]:
    finding, exemption = view.finding, view.exemption
    return (
        finding.fingerprint,
        names.get(finding.tenant_id, finding.tenant_id),
        finding.check,
        titles.get(finding.check),
        finding.severity.value,
        view.standing.value,
        finding.resource.type,
        finding.resource.id,
        finding.resource.name,
        finding.message,
        dict(finding.evidence),
        time_cell(finding.first_failed_at),
        time_cell(finding.last_failed_at),
        finding.times_opened,
        time_cell(exemption.ends_at) if exemption else None,
        exemption.owner if exemption else None,
        exemption.reason if exemption else None,
    )
