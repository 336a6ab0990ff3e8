"""Checks and frameworks: what is judged, and how it stands in each tenant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import APIRouter
from starlette.responses import Response

from posture.bootstrap.views import CheckDetail, CheckLine
from posture.domain.check import Maturity, ParameterValue
from posture.domain.severity import Severity
from posture.report.check_json import check_json, check_line_json
from posture.report.check_schema import check_schema_of_api
from posture.report.framework_json import (
    framework_json,
    framework_line_json,
    framework_line_schema,
    framework_schema,
)
from posture.report.json_types import TEXT, TEXT_OR_NULL, Schema, list_of, object_of, one_of
from posture.report.numbers_json import check_in_tenant_json, check_in_tenant_schema
from posture.web.api.answering import answer, answer_list, answers, shape, whole_list_of
from posture.web.api.asking import Body, NoParameters, PathName
from posture.web.api.current import CurrentAccess

router = APIRouter(tags=["checks"])


@router.get("/checks", **answers("Checks"))
def checks(access: CurrentAccess, _: NoParameters) -> Response:
    """List the checks of the catalog, and how each stands in your tenants."""
    return answer_list(access.checks(), _line_json)


@router.get("/checks/{check}", **answers("CheckDetail", names_things=True))
def check(access: CurrentAccess, check: PathName, _: NoParameters) -> Response:
    """Return a check with its SQL, its parameters, and why and how to fix what it finds."""
    return answer(_detail_json(access.check(check)))


@router.get("/frameworks", **answers("Frameworks"))
def frameworks(access: CurrentAccess, _: NoParameters) -> Response:
    """List the frameworks that checks map to, and how many of their controls stand well."""
    return answer_list(access.frameworks(), framework_line_json)


@router.get("/frameworks/{framework}", **answers("Framework", names_things=True))
def framework(access: CurrentAccess, framework: PathName, _: NoParameters) -> Response:
    """Return a framework with each of its controls."""
    return answer(framework_json(access.framework(framework)))


def _line_json(line: CheckLine) -> dict[str, object]:
    return check_line_json(line.check) | _standing_json(line)


def _detail_json(detail: CheckDetail) -> dict[str, object]:
    check = detail.loaded.check
    return check_json(detail.loaded) | {
        **_standing_json(detail.line),
        "rows": check.rows,
        "applies_when": check.applies_when,
        "fail_when": check.fail_when,
        "actions": list(check.actions),
        "parameters_by_tenant": {
            tenant: {name: _value(value) for name, value in values.items()}
            for tenant, values in detail.parameters.items()
        },
    }


def _standing_json(line: CheckLine) -> dict[str, object]:
    return {
        "permissions": list(line.permissions),
        "licences": list(line.licences),
        "by_tenant": {tenant: check_in_tenant_json(check) for tenant, check in line.by_tenant.items()},
    }


def _value(value: ParameterValue) -> object:
    return list(value) if isinstance(value, tuple) else value


_TEXTS: Final = list_of(TEXT)
_STANDING: Final[Mapping[str, Schema]] = {
    "permissions": {"description": "application permissions that it needs by itself", **_TEXTS},
    "licences": _TEXTS,
    "by_tenant": {
        "description": "name of a tenant → how it stands there; not the tenants that never were asked about it",
        "type": "object",
        "additionalProperties": shape("CheckInTenant"),
    },
}
BODIES: Final[Sequence[type[Body]]] = ()
SHAPES: Final[Mapping[str, Schema]] = {
    "CheckInTenant": check_in_tenant_schema(),
    "CheckLine": object_of(
        id=TEXT,
        title={"description": "what is wrong", **TEXT},
        resource=TEXT,
        severity=one_of(Severity),
        critical_when=TEXT_OR_NULL,
        maturity=one_of(Maturity),
        tags=_TEXTS,
        frameworks={"type": "object", "additionalProperties": _TEXTS},
        is_local={"type": "boolean"},
        **_STANDING,
    ),
    "Checks": whole_list_of("CheckLine"),
    "CheckDetail": object_of(
        **check_schema_of_api()["properties"],
        **_STANDING,
        rows={"description": "SQL; null if the rows of the home table are judged", **TEXT_OR_NULL},
        applies_when={"description": "SQL condition", **TEXT},
        fail_when={"description": "SQL condition", **TEXT},
        actions={"description": "actions that it offers", **_TEXTS},
        parameters_by_tenant={
            "description": "the values in force",
            "type": "object",
            "additionalProperties": {"type": "object"},
        },
    ),
    "FrameworkLine": framework_line_schema(),
    "Frameworks": whole_list_of("FrameworkLine"),
    "Framework": framework_schema(),
}
