"""Exemptions: what is accepted for a while, making one and ending one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from posture.bootstrap.access import Access
from posture.bootstrap.views import ExemptionLine
from posture.domain.exemption import EVERY_TENANT
from posture.domain.judgement import Value
from posture.errors import NotAllowed, NotThere, UsageError
from posture.web.current import CurrentAccess
from posture.web.frame import frame_of
from posture.web.pages.asked import SentForm, member_named, sent, value_of
from posture.web.pages.exports import FileKind, Table, table_file, time_cell
from posture.web.pages.going import done_at, gone_to
from posture.web.pages.last_days import end_of, latest_last_day, usual_last_day, wrong_fields
from posture.web.pages.told import sentence_of, status_of
from posture.web.render import render

router = APIRouter()

MOST_SHOWN: Final = 500
"""So many exemptions stand on the page at most; the files have all of them."""
_SOON: Final = timedelta(days=14)
_DONE: Final = {"exempted": "The exemption counts from now on.", "ended": "The exemption no longer counts."}
_COLUMNS: Final = (
    "number",
    "tenant",
    "check",
    "resource",
    "resource_name",
    "owner",
    "reason",
    "added_at",
    "until",
    "taken_back_at",
    "in_force",
    "findings",
    "origin",
)


class Shown(StrEnum):
    """Which exemptions a list shows."""

    IN_FORCE = "in_force"
    ENDING = "ending"
    ENDED = "ended"
    ALL = "all"


_WORDS: Final = {
    Shown.IN_FORCE: "In force",
    Shown.ENDING: "Ending within two weeks",
    Shown.ENDED: "Ended",
    Shown.ALL: "All",
}


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many exemptions stand how; those that end soon are in force as well."""

    in_force: int
    ending: int
    ended: int


@router.get("/exemptions")
def show_list(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show the exemptions that the address asks for, those that end first at the top."""
    now, shown = _now(request), _shown(request)
    everything = _of_tenant(access.exemptions(), value_of(request, "tenant"))
    lines = _matching(everything, request, now=now)
    return render(
        request,
        "exemptions/list.html",
        lines=lines[:MOST_SHOWN],
        more=len(lines) if len(lines) > MOST_SHOWN else None,
        ending=[line for line in lines if _stands(line, Shown.ENDING, now)],
        counts=Counts(
            in_force=sum(line.is_in_force for line in everything),
            ending=sum(_stands(line, Shown.ENDING, now) for line in everything),
            ended=sum(not line.is_in_force for line in everything),
        ),
        shows=[(each.value, words) for each, words in _WORDS.items()],
        show=shown.value,
        text=value_of(request, "text"),
        tenant=value_of(request, "tenant"),
        may_exempt=access.may("exempt"),
        may_end=access.may("end_exemption"),
        done=done_at(request, _DONE),
    )


@router.get("/exemptions.{kind}")
def export_list(request: Request, access: CurrentAccess, kind: FileKind) -> Response:
    """Send all exemptions that the address asks for."""
    everything = _of_tenant(access.exemptions(), value_of(request, "tenant"))
    lines = _matching(everything, request, now=_now(request))
    return table_file(Table(name="exemptions", columns=_COLUMNS), map(_row, lines), kind)


@router.get("/exemptions/new")
def show_form(request: Request, access: CurrentAccess) -> HTMLResponse:
    """Show an empty form, or one that the address fills."""
    until = usual_last_day(_now(request).date())
    given = {name: value_of(request, name) or "" for name in ("tenant", "check", "resource")}
    return _form_page(request, access, form={**given, "reason": "", "until": until, "owner": ""})


@router.post("/exemptions")
def exempt(request: Request, access: CurrentAccess, form: SentForm) -> Response:
    """Accept a resource until the end of a day, or say in the form why not."""
    typed = {name: sent(form, name) for name in ("tenant", "check", "resource", "reason", "until", "owner")}
    errors = _errors_of(typed)
    if errors:
        return _form_page(request, access, form=typed, errors=errors, status=422)
    try:
        access.exempt(
            tenant=typed["tenant"],
            resource=typed["resource"],
            check=typed["check"] or None,
            reason=typed["reason"],
            ends_at=end_of(typed["until"]),
            owner=typed["owner"] or None,
        )
    except (UsageError, NotAllowed) as refused:
        problem = sentence_of(refused)
        return _form_page(request, access, form=typed, problem=problem, status=status_of(refused))
    return gone_to("/exemptions", done="exempted")


@router.get("/exemptions/{number}/end")
def ask_to_end(request: Request, access: CurrentAccess, number: int) -> HTMLResponse:
    """Ask whether an exemption is to end."""
    line = next((line for line in access.exemptions() if line.number == number), None)
    if line is None:
        raise NotThere(f"there is no exemption {number}")
    return render(request, "exemptions/end.html", line=line)


@router.post("/exemptions/{number}/end")
def end(access: CurrentAccess, number: int) -> Response:
    """Let an exemption stop counting now."""
    access.end_exemption(number)
    return gone_to("/exemptions", done="ended")


def _form_page(
    request: Request,
    access: Access,
    *,
    form: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    problem: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    today = _now(request).date()
    return render(
        request,
        "exemptions/new.html",
        status=status,
        form=form,
        errors=errors or {},
        problem=problem,
        tenant_options=[(line.name, line.name) for line in access.tenants()],
        check_options=[("", "Every check"), *((id, id) for id in frame_of(request).application.titles)],
        earliest=str(today),
        latest=latest_last_day(today),
    )


def _errors_of(typed: Mapping[str, str]) -> dict[str, str]:
    needed = {"tenant": "Choose a tenant.", "resource": "Name the resource by its object id."}
    return {name: sentence for name, sentence in needed.items() if not typed[name]} | wrong_fields(typed)


def _now(request: Request) -> datetime:
    return frame_of(request).application.clock.now()


def _shown(request: Request) -> Shown:
    return member_named(Shown, value_of(request, "show") or Shown.IN_FORCE, "show")


def _of_tenant(lines: Sequence[ExemptionLine], tenant: str | None) -> Sequence[ExemptionLine]:
    return [line for line in lines if tenant is None or line.exemption.tenant in (tenant, EVERY_TENANT)]


def _matching(lines: Sequence[ExemptionLine], request: Request, *, now: datetime) -> Sequence[ExemptionLine]:
    shown, text = _shown(request), (value_of(request, "text") or "").casefold()
    found = [line for line in lines if _stands(line, shown, now) and text in _words_of(line)]
    return sorted(found, key=lambda line: (not line.is_in_force, line.exemption.ends_at))


def _stands(line: ExemptionLine, shown: Shown, now: datetime) -> bool:
    match shown:
        case Shown.ALL:
            return True
        case Shown.ENDED:
            return not line.is_in_force
        case Shown.ENDING:
            return line.is_in_force and line.exemption.ends_at <= now + _SOON
        case Shown.IN_FORCE:
            return line.is_in_force


def _words_of(line: ExemptionLine) -> str:
    exemption = line.exemption
    words = (exemption.resource_id, line.resource_name, exemption.owner, exemption.reason, exemption.check)
    return "\n".join(word for word in words if word).casefold()


def _row(line: ExemptionLine) -> Sequence[Value]:
    exemption = line.exemption
    return (
        line.number,
        exemption.tenant,
        exemption.check,
        exemption.resource_id,
        line.resource_name,
        exemption.owner,
        exemption.reason,
        time_cell(line.added_at),
        time_cell(exemption.ends_at),
        time_cell(line.ended_at),
        line.is_in_force,
        line.findings,
        exemption.origin,
    )
