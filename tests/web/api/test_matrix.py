"""Who may do what: every route of the API, asked by everybody, from one table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import pytest
from fastapi.routing import iter_route_contexts

from posture.domain.operator import Role, Scope
from tests.web.api.conformance import require_documented
from tests.web.api.recorded import ACTION, CHECK, MILD_CHECK, RecordedOffice
from tests.web.office import Client

V, H, A = Role.VIEWER, Role.HELPDESK, Role.ADMIN
READ, PROPOSE, DECIDE, EXECUTE, ADMINISTER = Scope

Names = Mapping[str, Any]
"""What stands in braces in a path or a body → what is on record."""
ALWAYS: Final[Names] = {
    "tenant": "contoso",
    "check": CHECK,
    "framework": "cis_m365",
    "schedule": "scan",
    "channel": "siem",
}
_FRESH: Final = count(1_000)


def nothing(office: RecordedOffice) -> Names:
    return {}


def a_finding(office: RecordedOffice) -> Names:
    return {"fingerprint": office.of["contoso"].finding.fingerprint}


def a_plan(office: RecordedOffice) -> Names:
    plan = office.new_plan()
    return {"plan": plan.id, "digest": plan.digest}


def a_run(office: RecordedOffice) -> Names:
    return {"run": office.of["contoso"].run}


def a_job(office: RecordedOffice) -> Names:
    return {"job": office.of["contoso"].job}


def a_waiting_job(office: RecordedOffice) -> Names:
    return {"job": office.new_job()}


def an_exemption(office: RecordedOffice) -> Names:
    return {"number": office.new_exemption()}


def a_pause(office: RecordedOffice) -> Names:
    access = office.application.access(office.operator()[0])
    access.pause_schedule("scan", tenant="contoso", reason="maintenance")
    return {}


def a_delivery(office: RecordedOffice) -> Names:
    return {"delivery": office.new_delivery(next(_FRESH)).id}


def a_new_name(office: RecordedOffice) -> Names:
    return {"name": f"new-{next(_FRESH)}"}


def an_operator(office: RecordedOffice) -> Names:
    name = f"leaving-{next(_FRESH)}"
    office.operator(V, ("contoso",), name=name)
    return {"name": name}


def somebody_revoked(office: RecordedOffice) -> Names:
    return {"name": office.new_from_provider().name}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One route. ``role`` and ``scope`` None: anybody with a token. ``of`` is what the request is about: a tenant's
    name, "all" where it concerns all tenants (who is limited may not), or None where everybody gets their own part.
    ``answer`` is the status for whoever may.
    """

    route: str
    role: Role | None
    scope: Scope | None
    of: str | None
    answer: int
    body: Mapping[str, Any] | None = None
    names: Callable[[RecordedOffice], Names] = nothing
    query: str = ""


def look(route: str, of: str | None = None, **more: Any) -> Row:
    return Row(route=f"GET {route}", role=V, scope=READ, of=of, answer=200, **more)


def change(route: str, role: Role, scope: Scope, answer: int = 200, of: str | None = "contoso", **more: Any) -> Row:
    return Row(route=route, role=role, scope=scope, of=of, answer=answer, **more)


REASON: Final = {"reason": "asked for by phone"}
IN_CONTOSO: Final = {"tenant": "contoso"}
PROPOSAL: Final = {"action": ACTION, "tenant": "contoso", "findings": ["{fingerprint}"], "parameters": {}, **REASON}
ROWS: Final = (
    Row(route="GET /me", role=None, scope=None, of=None, answer=200),
    look("/tenants"),
    look("/overview"),
    look("/overview", "contoso", query="tenant=contoso"),
    look("/examinations"),
    look("/findings"),
    look("/findings/{fingerprint}", "contoso", names=a_finding),
    look("/checks"),
    look("/checks/{check}"),
    look("/frameworks"),
    look("/frameworks/{framework}"),
    look("/plans"),
    look("/plans", "contoso", query="tenant=contoso"),
    look("/plans/{plan}", "contoso", names=a_plan),
    look("/exemptions"),
    look("/runs"),
    look("/runs", "contoso", query="tenant=contoso"),
    look("/runs/{run}", "contoso", names=a_run),
    look("/audit"),
    look("/audit", "contoso", query="tenant=contoso"),
    look("/audit/chain", "all"),
    look("/schedules"),
    look("/jobs"),
    look("/jobs/{job}", "contoso", names=a_job),
    look("/stalled-queues"),
    look("/channels", "all"),
    look("/deliveries", "all"),
    look("/stops"),
    change("GET /operators", A, ADMINISTER, of=None),
    # The finding has no snapshot to count in: whoever may propose is refused by a gate, not by a right.
    change("POST /plans", H, PROPOSE, 409, names=a_finding, body=PROPOSAL),
    change(
        "POST /plans/{plan}/approve", H, DECIDE, names=a_plan, body={"digest": "{digest}", "note": "agreed by phone"}
    ),
    change("POST /plans/{plan}/reject", H, DECIDE, names=a_plan, body={"note": "not now"}),
    # Nobody approved it.
    change("POST /plans/{plan}/execute", H, EXECUTE, 403, names=a_plan),
    change("POST /plans/{plan}/undo", H, PROPOSE, 409, names=a_plan, body=REASON),
    change(
        "POST /exemptions",
        H,
        PROPOSE,
        201,
        body={"resource": "u1", "check": MILD_CHECK, "until": "2199-01-01T00:00:00Z", **IN_CONTOSO, **REASON},
    ),
    change("DELETE /exemptions/{number}", H, PROPOSE, names=an_exemption),
    change("POST /tenants/{tenant}/scan", H, EXECUTE, 202, body={}),
    change("POST /tenants/{tenant}/examine", H, EXECUTE, 202),
    change("POST /schedules/{schedule}/run", A, ADMINISTER, 202, body=IN_CONTOSO),
    change("POST /schedules/{schedule}/run", A, ADMINISTER, 202, of="all", body={}),
    change("POST /schedules/{schedule}/pause", A, ADMINISTER, body={**IN_CONTOSO, **REASON}),
    change("POST /schedules/{schedule}/pause", A, ADMINISTER, of="all", body=REASON),
    change("POST /schedules/{schedule}/resume", A, ADMINISTER, 204, body=IN_CONTOSO, names=a_pause),
    change("POST /jobs/{job}/cancel", A, ADMINISTER, names=a_waiting_job),
    change("POST /channels/{channel}/test", A, ADMINISTER, 202, of="all"),
    change("POST /deliveries/retry", A, ADMINISTER, of="all", body={"deliveries": ["{delivery}"]}, names=a_delivery),
    change(
        "POST /operators",
        A,
        ADMINISTER,
        201,
        names=a_new_name,
        body={"name": "{name}", "role": "admin", "tenants": ["contoso"], "scopes": ["administer"]},
    ),
    change("POST /operators/revoke", A, ADMINISTER, 204, names=an_operator, body={"name": "{name}"}),
    change("POST /operators/readmit", A, ADMINISTER, names=somebody_revoked, body={"name": "{name}"}),
    change("POST /stops", H, PROPOSE, 201, body={**IN_CONTOSO, **REASON}),
    change("POST /stops", H, PROPOSE, 201, of="all", body={"tenant": None, **REASON}),
    change("POST /stops/lift", A, ADMINISTER, 204, body=IN_CONTOSO),
    change("POST /stops/lift", A, ADMINISTER, 204, of="all", body={"tenant": None}),
)
PUBLIC: Final = frozenset({"GET /openapi.json"})

ASKERS: Final = (
    "nobody",
    "viewer",
    "helpdesk",
    "admin",
    "admin without the scope",
    "admin with only the scope",
    "admin of contoso",
    "admin of fabrikam",
    "helpdesk of fabrikam",
)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedOffice]:
    opened = RecordedOffice(tmp_path_factory.mktemp("matrix"))
    yield opened
    opened.close()


def expected(row: Row, asker: str) -> int:
    """Return the status that this table promises."""
    if asker == "nobody":
        return 401
    role = Role(asker.split()[0])
    if row.role is not None and not role.covers(row.role):
        return 403
    if row.scope is not None and asker == "admin without the scope":
        return 403
    if row.of == "all" and " of " in asker:
        return 403
    if row.of == "contoso" and "fabrikam" in asker:
        return 404
    return row.answer


def asking(office: RecordedOffice, row: Row, asker: str) -> Client:
    client = office.client()
    if asker == "nobody":
        return client
    others = tuple(scope for scope in Scope if scope is not row.scope)
    scopes = {"admin without the scope": others, "admin with only the scope": (row.scope or READ,)}.get(asker)
    tenants = (asker.split(" of ")[1],) if " of " in asker else None
    token = office.script(Role(asker.split()[0]), tenants=tenants, scopes=scopes)
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def filled(template: Any, names: Names) -> Any:
    """Return a path or a body with its braces filled."""
    if isinstance(template, Mapping):
        return {key: filled(value, names) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, names) for value in template]
    return template.format(**names) if isinstance(template, str) else template


@pytest.mark.parametrize("asker", ASKERS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.route}?{row.query}" if row.query else row.route)
def test_everybody_gets_what_the_table_says(office: RecordedOffice, row: Row, asker: str) -> None:
    names = {**ALWAYS, **row.names(office)}
    method, path = filled(row.route, names).split()

    answer = asking(office, row, asker).request(
        method, f"/api/v1{path}?{row.query}".rstrip("?"), json=None if row.body is None else filled(row.body, names)
    )

    assert answer.status_code == expected(row, asker), answer.text
    require_documented(row.route, answer)
    if answer.status_code in (403, 404) and "fabrikam" in asker:
        assert office.of["contoso"].finding.resource.id not in answer.text


def test_the_table_has_every_route_of_the_api(office: RecordedOffice) -> None:
    """A route that is not in the table is one that nobody thought about."""
    mounted = next(route.app for route in office.app.routes if getattr(route, "path", "") == "/api/v1")
    routes = [context.route for context in iter_route_contexts(mounted.routes)]

    there = {f"{method} {route.path}" for route in routes for method in route.methods}

    assert {row.route for row in ROWS} == there - PUBLIC


def test_lists_leave_out_what_is_of_other_tenants(office: RecordedOffice) -> None:
    token = office.script(Role.ADMIN, tenants=("fabrikam",))
    client = office.client(headers={"Authorization": f"Bearer {token}"})
    lists = ("tenants", "overview", "examinations", "findings", "checks", "frameworks", "plans", "exemptions")

    for name in (*lists, "runs", "audit", "schedules", "jobs", "operators", "stops"):
        text = client.get(f"/api/v1/{name}?limit=500" if name in ("findings", "plans") else f"/api/v1/{name}").text
        assert "contoso" not in text, name
        assert "11111111-1111" not in text, name
    assert client.get("/api/v1/tenants").json()["items"][0]["name"] == "fabrikam"
