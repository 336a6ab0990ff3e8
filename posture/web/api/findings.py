"""Findings: a page of them, and everything about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.responses import Response

from posture.bootstrap.views import FindingDetail
from posture.domain.check import CheckId
from posture.domain.finding_pages import FindingQuery, FindingSort
from posture.domain.finding_view import Standing
from posture.domain.severity import Severity
from posture.report.action_json import fitting_json, fitting_schema
from posture.report.finding_json import exemption_json, finding_json, history_json
from posture.report.finding_schema import exemption_schema, finding_schema, history_schema
from posture.report.json_types import COUNT, TEXT, TEXT_OR_NULL, Schema, list_of, object_of
from posture.report.plan_json import plan_line_json
from posture.web.api.answering import answer, answers, page_of, shape
from posture.web.api.asking import Body, Name, NoParameters, Paged
from posture.web.api.current import CurrentAccess

router = APIRouter(tags=["findings"])

_MOST = 100


class FindingsQuery(Paged):
    """Which findings; several values of one parameter are alternatives, several parameters must all hold."""

    tenant: list[Name] = Field(default=[], max_length=_MOST, description="Names of tenants.")
    check: list[Name] = Field(default=[], max_length=_MOST, description="Ids of checks.")
    severity: list[Severity] = Field(default=[], max_length=len(Severity))
    tag: list[Name] = Field(default=[], max_length=_MOST, description="Tags of checks.")
    framework: list[Name] = Field(default=[], max_length=_MOST, description="Frameworks that checks map to.")
    standing: list[Standing] = Field(default=[], max_length=len(Standing))
    text: Name | None = Field(None, description="In the resource's name or id, or in the message; in any case.")
    sort: FindingSort = Field(FindingSort.SEVERITY)
    order: Annotated[str, Field(pattern="^(ascending|descending)$")] = "descending"

    def asked(self) -> FindingQuery:
        """Return what is asked of the store."""
        return FindingQuery(
            tenants=tuple(self.tenant),
            checks=tuple(CheckId(check) for check in self.check),
            severities=tuple(self.severity),
            tags=tuple(self.tag),
            frameworks=tuple(self.framework),
            standings=tuple(self.standing),
            text=self.text,
            sort=self.sort,
            descending=self.order == "descending",
            cursor=self.cursor,
            limit=self.limit,
        )


@router.get("/findings", **answers("FindingPage", names_things=True))
def findings(access: CurrentAccess, query: Annotated[FindingsQuery, Query()]) -> Response:
    """List findings, one page at a time."""
    page = access.findings(query.asked())
    return answer(
        {
            "items": [finding_json(view) for view in page.items],
            "next": page.next_cursor,
            "previous": page.previous_cursor,
            "total": page.total,
            "total_is_more": page.total_is_more,
        }
    )


@router.get("/findings/{fingerprint}", **answers("FindingDetail", names_things=True))
def finding(
    access: CurrentAccess, fingerprint: Annotated[str, Path(pattern="^[0-9a-f]{32}$")], _: NoParameters
) -> Response:
    """Return a finding with its history, how to fix it, the actions that fit, and the plans in which it is."""
    return answer(_detail_json(access.finding(fingerprint)))


def _detail_json(detail: FindingDetail) -> dict[str, object]:
    check = detail.check.check if detail.check else None
    return finding_json(detail.view) | {
        "tenant": detail.tenant,
        "history": history_json(detail.history),
        "why": check.why if check else None,
        "fix": check.fix if check else None,
        "actions": [
            fitting_json(each.loaded.action, impossible_because=each.impossible_because) for each in detail.fitting
        ],
        "plans": [plan_line_json(plan) for plan in detail.plans],
        "exemptions": [exemption_json(exemption) for exemption in detail.exemptions],
    }


BODIES: Final[Sequence[type[Body]]] = ()
SHAPES: Final[Mapping[str, Schema]] = {
    "Finding": finding_schema(),
    "FindingPage": object_of(
        **page_of("Finding")["properties"],
        previous={"description": "cursor of the page before; null before the first", **TEXT_OR_NULL},
        total={"description": "on all pages; null if nobody counted", "anyOf": [COUNT, {"type": "null"}]},
        total_is_more={"description": "true if there are more than total", "type": "boolean"},
    ),
    "FindingDetail": object_of(
        **finding_schema()["properties"],
        tenant={"description": "its name", **TEXT},
        history={"description": "the oldest first", **history_schema()},
        why={"description": "null if the check left the catalog", **TEXT_OR_NULL},
        fix={"description": "null if the check left the catalog", **TEXT_OR_NULL},
        actions=list_of(fitting_schema()),
        plans={"description": "the newest first", **list_of(shape("PlanLine"))},
        exemptions={"description": "all on record that are about it", **list_of(exemption_schema())},
    ),
}
