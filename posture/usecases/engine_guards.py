"""The guards that no action file can switch off: what posture never acts on, whoever approved it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from posture.definitions.compiled import CompiledCheck
from posture.domain.check import CheckId
from posture.domain.exemption import Exemption, exemption_for, in_force
from posture.domain.judgement import Resource, Value
from posture.domain.plan import Plan, Target
from posture.errors import CheckBroken, LiveDataUnfit
from posture.tables import TABLES
from posture.tables.live import USER_TRANSITIVE_MEMBERSHIPS as MEMBERSHIPS
from posture.tables.live import LiveRead
from posture.tables.table import SourceTable, WantedTable
from posture.usecases.last_administrator import last_administrator
from posture.usecases.read_live import LiveSight, Unreadable, read_live
from posture.usecases.wanted import wanted_tables

_SOURCES: Final = {table.name: table for table in TABLES if isinstance(table, SourceTable)}


@dataclass(frozen=True, kw_only=True)
class TenantRules:
    """What holds for every action in a tenant. ``own_ids`` are the engine's own client and object ids, in lower case.

    ``accounts`` maps operators, by name in lower case, to their account in the tenant, if it is known.
    ``exemptions`` are all on record; when they count is asked at ``now``. ``compiled`` gives a check as it is
    compiled for the tenant, None if there is no such check any more.
    """

    tenant_name: str
    own_ids: frozenset[str]
    protected_users: tuple[str, ...]
    protected_groups: tuple[str, ...]
    accounts: Mapping[str, str]
    exemptions: Callable[[], Sequence[Exemption]]
    compiled: Callable[[CheckId], CompiledCheck | None]


def engine_refusal(
    plan: Plan,
    target: Target,
    *,
    rules: TenantRules,
    sight: LiveSight,
    now: datetime,
    unsettled: frozenset[str] = frozenset(),
) -> str | None:
    """Return why posture does not touch the target, as a sentence; None if nothing is in the way.

    ``unsettled`` are the ids, in lower case, of what was changed just now and may not show it yet.
    """
    refusal = _refused_as_exempted(plan, target, rules, now) or _refused_by_name(plan, target, {}, rules)
    if refusal is not None:
        return refusal
    described = _described(target.resource, sight)
    if isinstance(described, Unreadable):
        return described.because
    return _refused_by_name(plan, target, described, rules) or _refused_as_user(
        target, rules, sight, now, unsettled=unsettled
    )


def no_longer_failing(
    plan: Plan, target: Target, *, rules: TenantRules, sight: LiveSight, now: datetime
) -> str | None:
    """Return why the finding behind a target does not stand on live data; None if it still fails.

    Taking an action back is not about the finding: that may well be resolved.
    """
    if target.check is None or plan.undoes is not None:
        return None
    compiled = rules.compiled(target.check)
    if compiled is None:
        return f"there is no check {target.check} any more, so nobody can say whether the finding still stands"
    if compiled.reads.previous:
        return f"{target.check} compares two snapshots and cannot be judged on live data"
    reads = [LiveRead(wanted=wanted, parameter=None) for wanted in wanted_tables([compiled], TABLES)]
    rows = read_live(reads, resource=target.resource, parameters={}, sight=sight)
    if isinstance(rows, Unreadable):
        return f"{target.check} cannot be judged on live data: {rows.because}"
    try:
        judged = sight.desk.open_rows(rows, now=now).judge(compiled)
    except (CheckBroken, LiveDataUnfit) as error:
        return str(error)
    identity = dict(target.identity)
    mine = [
        row
        for row in judged
        if str(row["resource_id"]) == target.resource.id
        and {name: row[name] for name in compiled.check.identity} == identity
    ]
    verdict = str(mine[0]["_verdict"]) if mine else "gone"
    return None if verdict == "fail" else f"{target.check} does not fail on live data any more: {verdict}"


def _refused_as_exempted(plan: Plan, target: Target, rules: TenantRules, now: datetime) -> str | None:
    """An accepted finding is left alone; taking an action back is not about any finding."""
    if plan.undoes is not None:
        return None
    known, tenant, id = rules.exemptions(), rules.tenant_name, target.resource.id
    if target.check is not None:
        found = exemption_for(known, tenant=tenant, check=target.check, resource_id=id, now=now)
    else:
        whole = [one for one in in_force(known, tenant=tenant, now=now) if one.check is None]
        found = next((one for one in whole if one.resource_id.lower() == id.lower()), None)
    return None if found is None else f"it is exempted until {found.ends_at:%Y-%m-%d} by {found.owner}"


def _refused_by_name(plan: Plan, target: Target, described: dict[str, Value], rules: TenantRules) -> str | None:
    names = {str(value).lower() for value in described.values() if value} | {target.resource.id.lower()}
    if names & rules.own_ids:
        return "it is one of posture's own identities"
    if names & {user.lower() for user in rules.protected_users}:
        return "it is protected in the settings"
    people = {approval.by.lower() for approval in plan.approvals} | {plan.proposed_by.lower()}
    people |= {approval.account.lower() for approval in plan.approvals if approval.account}
    people |= {rules.accounts[person].lower() for person in people & rules.accounts.keys()}
    return "it is the account of somebody who proposed or approved this plan" if names & people else None


def _described(resource: Resource, sight: LiveSight) -> dict[str, Value] | Unreadable:
    """Return by which names the resource is known now, by column; empty if that cannot matter, or it is gone."""
    known = {
        "user": ("users", ("id", "user_principal_name")),
        "application": ("applications", ("id", "app_id")),
        "service_principal": ("service_principals", ("id", "app_id")),
    }
    if resource.type not in known:
        return {}
    name, columns = known[resource.type]
    rows = read_live([_read(name, columns)], resource=resource, parameters={}, sight=sight)
    if isinstance(rows, Unreadable):
        return rows
    return dict(rows[name][0]) if rows[name] else {}


def _refused_as_user(
    target: Target, rules: TenantRules, sight: LiveSight, now: datetime, *, unsettled: frozenset[str]
) -> str | None:
    if target.resource.type != "user":
        return None
    return _refused_as_member(target.resource, rules, sight) or last_administrator(
        target.resource, sight=sight, now=now, unsettled=unsettled
    )


def _refused_as_member(resource: Resource, rules: TenantRules, sight: LiveSight) -> str | None:
    if not rules.protected_groups:
        return None
    read = LiveRead(wanted=WantedTable(table=MEMBERSHIPS, columns=MEMBERSHIPS.columns), parameter=None)
    rows = read_live([read], resource=resource, parameters={}, sight=sight)
    if isinstance(rows, Unreadable):
        return f"whether it is in a protected group is not known: {rows.because}"
    groups = {str(row["id"]).lower() for row in rows[MEMBERSHIPS.name]}
    held = groups & {group.lower() for group in rules.protected_groups}
    return f"it is a member of the protected group {min(held)}" if held else None


def _read(table: str, columns: tuple[str, ...]) -> LiveRead:
    source = _SOURCES[table]
    wanted = tuple(column for column in source.columns if column.name in columns)
    return LiveRead(wanted=WantedTable(table=source, columns=wanted), parameter=None)
