"""Operators: who may do what, adding somebody, and ending somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.bootstrap.access import Access
from posture.domain.judgement import Value
from posture.domain.operator import Operator, Role, Scope
from posture.errors import NotAllowedToDecide, NotThere, UsageError
from posture.web.current import CurrentAccess
from posture.web.frame import frame_of
from posture.web.pages.asked import SentForm, all_sent, member_named, sent, value_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.going import done_at, gone_to
from posture.web.pages.told import sentence_of, status_of
from posture.web.render import render

router = APIRouter()

_LONGEST_DAYS: Final = 366
_DONE: Final = {"revoke": "The operator no longer counts.", "readmit": "The operator may sign in again."}
_OPERATORS: Final = Table(
    name="operators",
    columns=(
        "name", "role", "account", "tenants", "scopes", "signs_in_with", "added_at", "expires_at", "revoked_at"
    ),
)  # fmt: skip
_REFUSALS: Final = (UsageError, NotAllowedToDecide)


@router.get("/operators")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show the operators, those who ended too."""
    now, operators = frame_of(request).application.clock.now(), access.operators()
    return render(
        request,
        "operators/list.html",
        operators=[(one, one.is_active(now), _latest(operators, one.name) is one) for one in operators],
        scopes=list(Scope),
        may_add=access.may("add_operator"),
        may_revoke=access.may("revoke_operator"),
        may_readmit=access.may("readmit_operator"),
        done=done_at(request, _DONE),
    )


@router.get("/operators.{kind}")
def export_list(access: CurrentAccess, kind: FileKind) -> Response:
    """Send the operators."""
    return table_file(_OPERATORS, map(_row, access.operators()), kind)


@router.get("/operators/new")
def show_form(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show an empty form."""
    access.operators()
    return _form_page(request, access, typed={"role": Role.VIEWER.value, "days": "90"})


@router.post("/operators")
def add(request: Request, access: CurrentAccess, form: SentForm) -> Response:
    """Add an operator and show the token, this once; or say in the form why not."""
    typed = {name: sent(form, name) for name in ("name", "role", "account", "days")}
    tenants, scopes = all_sent(form, "tenant"), all_sent(form, "scope")
    errors = _errors_of(typed)
    if errors:
        return _form_page(request, access, typed=typed, tenants=tenants, scopes=scopes, errors=errors, status=422)
    try:
        added, token = access.add_operator(
            typed["name"],
            member_named(Role, typed["role"], "role"),
            account=typed["account"] or None,
            lasts=timedelta(days=int(typed["days"])),
            tenants=frozenset(tenants) or None,
            scopes=frozenset(member_named(Scope, scope, "scope") for scope in scopes) or None,
        )
    except _REFUSALS as refused:
        return _form_page(
            request,
            access,
            typed=typed,
            tenants=tenants,
            scopes=scopes,
            problem=sentence_of(refused),
            status=status_of(refused),
        )
    # Answered at once and not by leading to another address: nothing may keep the token, not even for a moment.
    return render(request, "operators/added.html", added=added, token=token)


@router.get("/operators/revoke")
def ask_to_revoke(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Ask whether an operator is to end."""
    return _ask(request, access, "revoke", value_of(request, "name") or "")


@router.get("/operators/readmit")
def ask_to_readmit(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Ask whether somebody of the provider may come back."""
    return _ask(request, access, "readmit", value_of(request, "name") or "")


@router.post("/operators/revoke")
def revoke(request: Request, access: CurrentAccess, form: SentForm) -> Response:
    """End an operator now, or say why not."""
    name = sent(form, "name")
    try:
        access.revoke_operator(name)
    except NotAllowedToDecide as refused:
        return _ask(request, access, "revoke", name, problem=sentence_of(refused), status=status_of(refused))
    return gone_to("/operators", done="revoke")


@router.post("/operators/readmit")
def readmit(access: CurrentAccess, form: SentForm) -> Response:
    """Let somebody of the provider come back."""
    access.readmit_operator(sent(form, "name"))
    return gone_to("/operators", done="readmit")


def _ask(
    request: Request, access: Access, what: str, name: str, *, problem: str | None = None, status: int = 200
) -> HTMLResponse:
    found = _latest(access.operators(), name)
    if found is None:
        raise NotThere(f'there is no operator "{name}"')
    return render(request, "operators/change.html", status=status, one=found, what=what, problem=problem)


def _latest(operators: Sequence[Operator], name: str) -> Operator | None:
    """Return the last record of a name: who was revoked and came back has several."""
    return next((one for one in reversed(operators) if one.is_called(name)), None)


def _form_page(
    request: Request,
    access: Access,
    *,
    typed: Mapping[str, str],
    tenants: Sequence[str] = (),
    scopes: Sequence[str] = (),
    errors: Mapping[str, str] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    empty = {"name": "", "role": "", "account": "", "days": ""}
    return render(
        request,
        "operators/new.html",
        status=status,
        form={**empty, **typed, "tenants": tenants, "scopes": scopes},
        errors=errors or {},
        problem=problem,
        tenant_options=[(line.name, line.name) for line in access.tenants()],
        may_all=access.me().sees_everything,
    )


def _errors_of(typed: Mapping[str, str]) -> dict[str, str]:
    errors = {}
    if not typed["name"]:
        errors["name"] = "Say how the operator is called."
    if typed["role"] not in list(Role):
        errors["role"] = "Choose a role."
    days = typed["days"]
    if not (days.isascii() and days.isdecimal() and len(days) < 4 and 1 <= int(days) <= _LONGEST_DAYS):
        errors["days"] = f"Between one day and {_LONGEST_DAYS}."
    return errors


def _row(one: Operator) -> Sequence[Value]:
    tenants: list[Value] | None = None if one.tenants is None else [*sorted(one.tenants)]
    return (
        one.name,
        one.role.value,
        one.account,
        tenants,
        [scope.value for scope in Scope if one.may(scope)],
        "token" if one.subject is None else "provider",
        time_cell(one.added_at),
        time_cell(one.expires_at),
        time_cell(one.revoked_at),
    )
