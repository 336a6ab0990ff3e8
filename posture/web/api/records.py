"""What is on record: exemptions, runs, the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AfterValidator, AwareDatetime, Field
from starlette.responses import Response

from posture.bootstrap.views import AuditChain, ExemptionLine
from posture.domain.audit import AuditKind
from posture.domain.exemption import RecordedExemption
from posture.report.audit_json import event_json, event_schema
from posture.report.finding_json import exemption_json
from posture.report.finding_schema import exemption_schema
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, TIME, Schema, object_of, or_null
from posture.report.run_json import run_line_json, run_line_schema
from posture.report.scan_json import json_time
from posture.web.api.answering import answer, answer_list, answer_page, answers, page_of, whole_list_of
from posture.web.api.asking import Body, Name, NoParameters, Paged, PathName, Text, body_of
from posture.web.api.current import CurrentAccess
from posture.web.api.run_detail import run_detail_json, run_detail_schema

router = APIRouter(tags=["records"])

_HIGHEST_NUMBER: Final = 2**31 - 1


class RunsQuery(Paged):
    """Which runs."""

    tenant: Name | None = Field(None, description="Name of a tenant.")


class AuditQuery(Paged):
    """Which events."""

    kind: AuditKind | None = None
    tenant: Name | None = Field(None, description="Name of a tenant.")
    plan: Name | None = Field(None, description="Id of a plan.")


def _in_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC.

    Raises:
        ValueError: the calendar has no such moment in UTC: the offset leads past its first or last day.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("there is no such time in UTC") from None


class ExemptionBody(Body):
    """What is accepted, by whom, why, and until when."""

    tenant: Name
    resource: Name = Field(description="Object id of the resource.")
    check: Name | None = Field(description="Id of a check; null for every check.")
    reason: Text
    until: Annotated[AwareDatetime, AfterValidator(_in_utc)] = Field(description="It counts until then, exclusive.")
    owner: Name | None = Field(None, description="Who answers for it; null: you.")


@router.get("/exemptions", **answers("Exemptions"))
def exemptions(access: CurrentAccess, _: NoParameters) -> Response:
    """List the exemptions on record, of the file and of the database, those that ended too."""
    return answer_list(access.exemptions(), _line_json)


@router.post("/exemptions", **answers("RecordedExemption", status=201, body=ExemptionBody, names_things=True))
def exempt(
    access: CurrentAccess, _: NoParameters, body: Annotated[ExemptionBody, Depends(body_of(ExemptionBody))]
) -> Response:
    """Accept a resource for a check, or for every check, for a while."""
    recorded = access.exempt(
        tenant=body.tenant,
        resource=body.resource,
        check=body.check,
        reason=body.reason,
        ends_at=body.until,
        owner=body.owner,
    )
    return answer(_recorded_json(recorded), status=201)


@router.delete("/exemptions/{number}", **answers("RecordedExemption", names_things=True))
def end_exemption(
    access: CurrentAccess, number: Annotated[int, Path(ge=1, le=_HIGHEST_NUMBER)], _: NoParameters
) -> Response:
    """Let an exemption stop counting now. It stays on record."""
    return answer(_recorded_json(access.end_exemption(number)))


@router.get("/runs", **answers("Runs", names_things=True))
def runs(access: CurrentAccess, query: Annotated[RunsQuery, Query()]) -> Response:
    """List runs, the newest first."""
    return answer_page(access.runs(tenant=query.tenant, cursor=query.cursor, limit=query.limit), run_line_json)


@router.get("/runs/{run}", **answers("RunDetail", names_things=True))
def run(access: CurrentAccess, run: PathName, _: NoParameters) -> Response:
    """Return a run with its tables and checks."""
    return answer(run_detail_json(access.run(run)))


@router.get("/audit", **answers("AuditEvents", names_things=True))
def audit(access: CurrentAccess, query: Annotated[AuditQuery, Query()]) -> Response:
    """List who did what, the newest first."""
    page = access.audit(kind=query.kind, tenant=query.tenant, plan=query.plan, cursor=query.cursor, limit=query.limit)
    return answer_page(page, event_json)


@router.get("/audit/chain", **answers("AuditChain"))
def audit_chain(access: CurrentAccess, _: NoParameters) -> Response:
    """Find out whether somebody changed, removed or moved an event. It reads all of them."""
    return answer(_chain_json(access.audit_chain()))


def _line_json(line: ExemptionLine) -> dict[str, object]:
    return {
        "number": line.number,
        **exemption_json(line.exemption),
        "resource_name": line.resource_name,
        "added_at": json_time(line.added_at) if line.added_at else None,
        "ended_at": json_time(line.ended_at) if line.ended_at else None,
        "is_in_force": line.is_in_force,
        "findings": line.findings,
    }


def _recorded_json(recorded: RecordedExemption) -> dict[str, object]:
    return {
        "number": recorded.number,
        **exemption_json(recorded.exemption),
        "added_at": json_time(recorded.added_at),
        "ended_at": json_time(recorded.ended_at) if recorded.ended_at else None,
    }


def _chain_json(chain: AuditChain) -> dict[str, object]:
    return {"holds": chain.broken is None, "problem": chain.broken, "events": chain.events, "head": chain.hash}


_EXEMPTION: Final = exemption_schema()["properties"]
_ENDED: Final = {"description": "set if somebody took it back", **or_null(TIME)}
BODIES: Final[Sequence[type[Body]]] = (ExemptionBody,)
SHAPES: Final[Mapping[str, Schema]] = {
    "Exemption": object_of(
        **_EXEMPTION,
        number={"description": "null for one of the file, which is taken back there", "type": ["integer", "null"]},
        resource_name={"description": "as findings call it; null if none does", **TEXT_OR_NULL},
        added_at=or_null(TIME),
        ended_at=_ENDED,
        is_in_force={"type": "boolean"},
        findings={"description": "open findings that it covers now", **COUNT},
    ),
    "Exemptions": whole_list_of("Exemption"),
    "RecordedExemption": object_of(**_EXEMPTION, number=COUNT, added_at=TIME, ended_at=_ENDED),
    "RunLine": run_line_schema(),
    "Runs": page_of("RunLine"),
    "RunDetail": run_detail_schema(),
    "AuditEvent": event_schema(),
    "AuditEvents": page_of("AuditEvent"),
    "AuditChain": object_of(
        holds={"type": "boolean"},
        problem={"description": "where it does not hold; null if it does", **TEXT_OR_NULL},
        events=COUNT,
        head={"description": "hash of the last event, to keep elsewhere", **TEXT},
    ),
}
