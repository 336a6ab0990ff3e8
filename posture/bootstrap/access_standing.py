"""How tenants, checks and frameworks stand, as an operator sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from posture.bootstrap.access_limits import LimitedAccess
from posture.bootstrap.access_now import Present
from posture.bootstrap.views import CheckDetail, CheckLine, TenantLine
from posture.config import TenantSettings
from posture.definitions.loaded import LoadedCheck
from posture.domain.check import Check, CheckId
from posture.domain.frameworks import Framework, FrameworkLine, Marks, framework_of
from posture.domain.numbers import CheckInTenant, Numbers, NumbersAt, numbers_of
from posture.domain.overview import TREND_LASTS, TREND_POINTS, WORSE_SINCE, Overview, TenantOverview, numbers_before
from posture.domain.page import LONGEST_PAGE
from posture.domain.plan import Plan, PlanState
from posture.domain.switch import Stop
from posture.errors import NotThere
from posture.usecases.plan_refusals import not_approve
from posture.usecases.standing_now import Failing, by_severity, checks_now, failing_now, judged_before, worsenings

if TYPE_CHECKING:
    from posture.domain.run_line import RunLine
    from posture.store.reader import Reader

_ByTenant = Mapping[str, Mapping[CheckId, CheckInTenant]]


class AccessStanding(LimitedAccess):
    """Tenants are named by their names, checks by their ids."""

    def tenants(self) -> Sequence[TenantLine]:
        """Return the tenants that the operator is for, in the order of the settings."""
        self._require("tenants")
        visible = self._visible_tenants()
        with self._application.store.reading() as reader:
            names = reader.run_pages.display_names([tenant.tenant_id for tenant in visible])
        return [TenantLine(settings=tenant, display_name=names.get(tenant.tenant_id)) for tenant in visible]

    def overview(self, tenant: str | None = None) -> Overview:
        """Return how one tenant stands, or all of them.

        Raises:
            NotThere: no such tenant.
        """
        self._require("overview")
        application = self._application
        tenants = self._tenants_named(tenant)
        ids = [one.tenant_id for one in tenants]
        with application.store.reading() as reader:
            present = Present(application, tenants, reader)
            since = present.now - WORSE_SINCE
            failing = _failing(reader, present)
            standings = reader.overview.standings(ids)
            opened = reader.overview.opened_since({id for id, _ in judged_before(standings, since)}, since)
            trends = reader.overview.trends(ids, since=present.now - TREND_LASTS, every=TREND_LASTS / TREND_POINTS)
            runs = reader.run_pages.latest(ids)
            waiting = self._waiting(reader, ids, now=present.now)
            stops = reader.acting.stops()
        now = checks_now(standings, failing, self._checks, is_wanted=present.is_wanted)
        return Overview(
            tenants=tuple(
                _tenant_overview(
                    one,
                    now.get(one.tenant_id, {}),
                    failing,
                    trend=trends.get(one.tenant_id, ()),
                    before=numbers_before(trends.get(one.tenant_id, ()), since),
                    latest_run=runs.get(one.tenant_id),
                )
                for one in tenants
            ),
            open_by_severity=by_severity(failing, ids),
            worse=worsenings(
                opened, standings, failing, since=since, tenants=present.names, titles=application.titles
            ),
            waiting_plans=waiting,
            stops=_stops_in(stops, ids),
        )

    def waiting_plans(self, tenant: str | None = None) -> Sequence[Plan]:
        """Return the plans that wait for this operator's yes, in one tenant or in all.

        Raises:
            NotThere: no such tenant.
        """
        self._require("waiting_plans")
        ids = [one.tenant_id for one in self._tenants_named(tenant)]
        with self._application.store.reading() as reader:
            return self._waiting(reader, ids, now=self._application.clock.now())

    def stops(self) -> Sequence[Stop]:
        """Return what is stopped everywhere or in a tenant that the operator is for."""
        self._require("stops")
        with self._application.store.reading() as reader:
            return _stops_in(reader.acting.stops(), [one.tenant_id for one in self._visible_tenants()])

    def checks(self) -> Sequence[CheckLine]:
        """Return the checks of the catalog, by id."""
        self._require("checks")
        now = self._now(None)
        return [self._line(loaded, now) for loaded in self._application.catalog.checks]

    def check(self, check_id: str) -> CheckDetail:
        """Return one check.

        Raises:
            NotThere: there is none of this id.
        """
        self._require("check")
        application = self._application
        if check_id not in application.catalog.ids:
            raise NotThere(f'there is no check "{check_id}"')
        loaded = application.catalog.check(check_id)
        return CheckDetail(
            line=self._line(loaded, self._now(loaded.check.id)),
            loaded=loaded,
            parameters={
                tenant.name: {**loaded.defaults, **application.settings.parameters_of(tenant, check_id)}
                for tenant in self._visible_tenants()
            },
        )

    def frameworks(self) -> Sequence[FrameworkLine]:
        """Return the frameworks that checks name, by name."""
        self._require("frameworks")
        marks, checks = self._marks(), list(self._checks.values())
        return [framework_of(name, checks, marks).line for name in self._framework_names]

    def framework(self, name: str) -> Framework:
        """Return one framework with its controls.

        Raises:
            NotThere: no check names it.
        """
        self._require("framework")
        if name not in self._framework_names:
            raise NotThere(f'there is no framework "{name}"')
        return framework_of(name, self._checks.values(), self._marks())

    def _tenants_named(self, name: str | None) -> Sequence[TenantSettings]:
        return self._visible_tenants() if name is None else (self._tenant(name),)

    def _waiting(self, reader: Reader, tenant_ids: Sequence[str], *, now: datetime) -> tuple[Plan, ...]:
        proposed = reader.acting.page(
            tenant_ids=tenant_ids, states=[PlanState.PROPOSED], cursor=None, limit=LONGEST_PAGE
        ).items
        operators = reader.acting.operators()
        return tuple(plan for plan in proposed if not_approve(plan, self._operator, operators, now=now) is None)

    @property
    def _checks(self) -> Mapping[CheckId, Check]:
        return {loaded.check.id: loaded.check for loaded in self._application.catalog.checks}

    @property
    def _framework_names(self) -> Sequence[str]:
        return sorted({name for check in self._checks.values() for name in check.frameworks})

    def _now(self, check: CheckId | None) -> _ByTenant:
        """Return how one check stands, or with None every one, by tenant's id."""
        with self._application.store.reading() as reader:
            present = Present(self._application, self._visible_tenants(), reader)
            failing = _failing(reader, present, check=check)
            standings = reader.overview.standings(present.names, check=check)
        return checks_now(standings, failing, self._checks, is_wanted=present.is_wanted)

    def _marks(self) -> Marks:
        now = self._now(None)
        return {
            tenant.name: {id: one.mark for id, one in now.get(tenant.tenant_id, {}).items()}
            for tenant in self._visible_tenants()
        }

    def _line(self, loaded: LoadedCheck, now: _ByTenant) -> CheckLine:
        id = loaded.check.id
        needs = self._application.needs_of_checks[id]
        return CheckLine(
            check=loaded.check,
            permissions=needs.permissions,
            licences=needs.licences,
            by_tenant={
                tenant.name: now[tenant.tenant_id][id]
                for tenant in self._visible_tenants()
                if id in now.get(tenant.tenant_id, {})
            },
        )


def _failing(reader: Reader, present: Present, *, check: CheckId | None = None) -> Failing:
    counts = reader.overview.open_counts(present.names, check=check)
    exempted = (finding for finding, _ in present.exempted.values() if check in (None, finding.check))
    return failing_now(counts, exempted)


def _stops_in(stops: Sequence[Stop], tenant_ids: Sequence[str]) -> tuple[Stop, ...]:
    return tuple(stop for stop in stops if stop.tenant_id is None or stop.tenant_id in tenant_ids)


def _tenant_overview(
    tenant: TenantSettings,
    checks: Mapping[CheckId, CheckInTenant],
    failing: Failing,
    *,
    trend: tuple[NumbersAt, ...],
    before: Numbers | None,
    latest_run: RunLine | None,
) -> TenantOverview:
    return TenantOverview(
        name=tenant.name,
        tenant_id=tenant.tenant_id,
        numbers=numbers_of(one.mark for one in checks.values()) if checks else None,
        before=before,
        trend=trend,
        latest_run=latest_run,
        open_by_severity=by_severity(failing, [tenant.tenant_id]),
    )
