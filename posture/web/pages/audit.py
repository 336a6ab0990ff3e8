"""The audit: who did what when, and whether somebody rewrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.bootstrap.access import Access
from posture.domain.audit import AuditKind, ChainedEvent
from posture.domain.judgement import Value
from posture.domain.page import LONGEST_PAGE, Page
from posture.web.current import CurrentAccess
from posture.web.pages.asked import conditions_of, member_named, value_of
from posture.web.pages.exports import FileKind, Table, table_file
from posture.web.pages.paged import every
from posture.web.render import render

router = APIRouter()

_PAGE: Final = 50
_EVENTS: Final = Table(
    name="audit",
    columns=(
        "number", "at", "actor", "kind", "tenant", "tenant_id", "plan_id", "details", "previous_hash", "hash"
    ),
)  # fmt: skip
_NO_WORDS: Final[Mapping[str, str]] = {}


@router.get("/audit")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show one page of events, the newest first."""
    kinds = {kind.value: kind.value.replace("_", " ") for kind in AuditKind}
    plan = value_of(request, "plan")
    page = _events(request, access, cursor=value_of(request, "cursor"), limit=_PAGE)
    return render(
        request,
        "audit/list.html",
        page=page,
        events=[(link, _details(link)) for link in page.items],
        kinds=[("", "Everything"), *kinds.items()],
        kind=value_of(request, "kind") or "",
        tenant=value_of(request, "tenant"),
        plan=plan,
        names={line.tenant_id: line.name for line in access.tenants()},
        conditions=conditions_of(
            request,
            {
                "kind": kinds,
                "tenant": _NO_WORDS,
                "plan": {plan: f"plan {plan[:8]}"} if plan else _NO_WORDS,
            },
        ),
        may_check=access.may("audit_chain"),
    )


@router.get("/audit.{kind}")
def export_list(request: Request, access: CurrentAccess, kind: FileKind) -> Response:
    """Send all events that the address asks for."""
    names = {line.tenant_id: line.name for line in access.tenants()}
    events = every(lambda cursor: _events(request, access, cursor=cursor, limit=LONGEST_PAGE))
    return table_file(_EVENTS, (_row(link, names) for link in events), kind)


@router.get("/audit/chain")
def show_chain(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Read all events and say whether the chain holds. It only reads."""
    return render(request, "audit/chain.html", chain=access.audit_chain())


def _events(request: Request, access: Access, *, cursor: str | None, limit: int) -> Page[ChainedEvent]:
    kind = value_of(request, "kind")
    return access.audit(
        kind=member_named(AuditKind, kind, "kind") if kind else None,
        tenant=value_of(request, "tenant"),
        plan=value_of(request, "plan"),
        cursor=cursor,
        limit=limit,
    )


def _details(link: ChainedEvent) -> list[tuple[str, Value]]:
    """Return the details as people read them: without what was not given, and words in one line."""
    return [
        (name.replace("_", " "), _in_line(value))
        for name, value in link.event.details.items()
        if value is not None and value != []
    ]


def _in_line(value: Value) -> Value:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(map(str, value))
    return value


def _row(link: ChainedEvent, names: Mapping[str, str]) -> Sequence[Value]:
    event = link.event
    return (
        link.number,
        # To the microsecond, which the hash covers.
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.actor,
        event.kind.value,
        names.get(event.tenant_id or ""),
        event.tenant_id,
        event.plan_id,
        dict(event.details),
        link.previous_hash,
        link.hash,
    )
