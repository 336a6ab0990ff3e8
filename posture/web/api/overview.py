"""Who I am, which tenants there are, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import Response

from posture.bootstrap.views import TenantLine
from posture.domain.tenant import Cloud
from posture.report.examination_json import examination_json, examination_schema
from posture.report.job_json import job_json
from posture.report.json_types import TEXT, TEXT_OR_NULL, Schema, object_of, one_of
from posture.report.operator_json import operator_json
from posture.report.overview_json import overview_json, overview_schema
from posture.web.api.answering import answer, answer_list, answers, whole_list_of
from posture.web.api.asking import MOST_NAMED, WITHOUT_BODY, Body, Name, NoParameters, Parameters, PathName, body_of
from posture.web.api.current import CurrentAccess

router = APIRouter(tags=["tenants"])


class OfTenant(Parameters):
    """What is asked for of one tenant or of all."""

    tenant: Name | None = Field(None, description="Name of a tenant; without it, all of yours.")


class ScanBody(Body):
    """Which checks of a tenant are evaluated; none named: all."""

    tags: list[Name] = Field(default=[], max_length=MOST_NAMED)
    checks: list[Name] = Field(default=[], max_length=MOST_NAMED)


@router.get("/me", **answers("Operator"))
def me(access: CurrentAccess, _: NoParameters) -> Response:
    """Return the operator whose token this is."""
    return answer(operator_json(access.me()))


@router.get("/tenants", **answers("Tenants"))
def tenants(access: CurrentAccess, _: NoParameters) -> Response:
    """List your tenants."""
    return answer_list(access.tenants(), _tenant_json)


@router.get("/overview", **answers("Overview", names_things=True))
def overview(access: CurrentAccess, query: Annotated[OfTenant, Query()]) -> Response:
    """Return how the checks stand, what got worse in a week, and what waits for you."""
    return answer(overview_json(access.overview(query.tenant)))


@router.get("/examinations", **answers("Examinations"))
def examinations(access: CurrentAccess, _: NoParameters) -> Response:
    """List what each tenant allowed posture when it was last asked."""
    return answer_list(access.examinations(), examination_json)


@router.post("/tenants/{tenant}/scan", **answers("Job", status=202, body=ScanBody, names_things=True))
def scan(
    access: CurrentAccess, tenant: PathName, _: NoParameters, body: Annotated[ScanBody, Depends(body_of(ScanBody))]
) -> Response:
    """Ask for a scan. If the same one waits already, its job is returned."""
    return answer(job_json(access.scan_now(tenant, tags=body.tags, checks=body.checks)), status=202)


@router.post(
    "/tenants/{tenant}/examine", dependencies=[WITHOUT_BODY], **answers("Job", status=202, names_things=True)
)
def examine(access: CurrentAccess, tenant: PathName, _: NoParameters) -> Response:
    """Ask for an examination: what the reader and the remediator may do in the tenant."""
    return answer(job_json(access.examine_now(tenant)), status=202)


def _tenant_json(tenant: TenantLine) -> dict[str, object]:
    return {
        "id": tenant.tenant_id,
        "name": tenant.name,
        "display_name": tenant.display_name,
        "cloud": tenant.settings.cloud.value,
        "has_remediator": tenant.settings.remediator is not None,
        "remediation_enabled": tenant.settings.remediation_enabled,
    }


BODIES: Final[Sequence[type[Body]]] = (ScanBody,)
SHAPES: Final[Mapping[str, Schema]] = {
    "Tenant": object_of(
        id=TEXT,
        name=TEXT,
        display_name={"description": "what the directory calls itself; null before the first run", **TEXT_OR_NULL},
        cloud=one_of(Cloud),
        has_remediator={"type": "boolean"},
        remediation_enabled={"type": "boolean"},
    ),
    "Tenants": whole_list_of("Tenant"),
    "Overview": overview_schema(),
    "Examination": examination_schema(),
    "Examinations": whole_list_of("Examination"),
}
