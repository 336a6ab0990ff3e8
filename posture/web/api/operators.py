"""The people who may look, propose, approve and administer; and the stop switches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from posture.domain.operator import Role, Scope
from posture.report.json_types import Schema, object_of
from posture.report.operator_json import operator_json, operator_schema
from posture.report.stop_json import stop_json, stop_schema
from posture.web.api.answering import answer, answer_list, answer_nothing, answers, whole_list_of
from posture.web.api.asking import MOST_NAMED, Body, Name, NoParameters, Text, body_of
from posture.web.api.current import CurrentAccess
from posture.web.api.once import keep_instead

router = APIRouter(tags=["operators"])

_LONGEST_DAYS: Final = 366


class OperatorBody(Body):
    """Who is added, and what the token is for."""

    name: Name
    role: Role
    account: Name | None = Field(None, description="Their own account in the tenants.")
    days: int = Field(90, ge=1, le=_LONGEST_DAYS, description="How long the token counts.")
    tenants: list[Name] | None = Field(
        None, max_length=MOST_NAMED, description="Names; null for all, those added later too."
    )
    scopes: list[Scope] | None = Field(None, max_length=len(Scope), description="null for all of the role.")


class NameBody(Body):
    """Whose."""

    name: Name


class StopBody(Body):
    """Where and why."""

    tenant: Name | None = Field(description="Name of a tenant; null stops everywhere.")
    reason: Text


class AllowBody(Body):
    """Where."""

    tenant: Name | None = Field(description="Name of a tenant; null lifts the stop that holds everywhere.")


@router.get("/operators", **answers("Operators"))
def operators(access: CurrentAccess, _: NoParameters) -> Response:
    """List the operators, those who ended too."""
    return answer_list(access.operators(), operator_json)


@router.post("/operators", **answers("AddedOperator", status=201, body=OperatorBody, names_things=True))
def add(
    request: Request,
    access: CurrentAccess,
    _: NoParameters,
    body: Annotated[OperatorBody, Depends(body_of(OperatorBody))],
) -> Response:
    """Add an operator. The token is in this one answer and never again: a repeat with the same key has null."""
    operator, token = access.add_operator(
        body.name,
        body.role,
        account=body.account,
        lasts=timedelta(days=body.days),
        tenants=None if body.tenants is None else frozenset(body.tenants),
        scopes=None if body.scopes is None else frozenset(body.scopes),
    )
    keep_instead(request, answer(operator_json(operator) | {"token": None}, status=201))
    return answer(operator_json(operator) | {"token": token}, status=201)


@router.post("/operators/revoke", **answers(None, status=204, body=NameBody, names_things=True))
def revoke(access: CurrentAccess, _: NoParameters, body: Annotated[NameBody, Depends(body_of(NameBody))]) -> Response:
    """End an operator's token and sign-ins at once."""
    access.revoke_operator(body.name)
    return answer_nothing()


@router.post("/operators/readmit", **answers("Operator", body=NameBody, names_things=True))
def readmit(
    access: CurrentAccess, _: NoParameters, body: Annotated[NameBody, Depends(body_of(NameBody))]
) -> Response:
    """Let somebody who came from an OpenID provider and was revoked sign in again."""
    return answer(operator_json(access.readmit_operator(body.name)))


@router.get("/stops", **answers("Stops"))
def stops(access: CurrentAccess, _: NoParameters) -> Response:
    """List the stops that hold: nothing is changed in a tenant while one does."""
    return answer_list(access.stops(), stop_json)


@router.post("/stops", **answers("Stop", status=201, body=StopBody, names_things=True))
def stop(access: CurrentAccess, _: NoParameters, body: Annotated[StopBody, Depends(body_of(StopBody))]) -> Response:
    """Stop all actions in a tenant or everywhere, from the next target on."""
    return answer(stop_json(access.stop(body.tenant, reason=body.reason)), status=201)


@router.post("/stops/lift", **answers(None, status=204, body=AllowBody, names_things=True))
def allow(
    access: CurrentAccess, _: NoParameters, body: Annotated[AllowBody, Depends(body_of(AllowBody))]
) -> Response:
    """Allow what was stopped."""
    access.allow(body.tenant)
    return answer_nothing()


BODIES: Final[Sequence[type[Body]]] = (
    OperatorBody,
    NameBody,
    StopBody,
    AllowBody,
)
SHAPES: Final[Mapping[str, Schema]] = {
    "Operator": operator_schema(),
    "Operators": whole_list_of("Operator"),
    "AddedOperator": object_of(
        **operator_schema()["properties"],
        token={"description": "null if this repeats an answer", "type": ["string", "null"]},
    ),
    "Stop": stop_schema(),
    "Stops": whole_list_of("Stop"),
}
