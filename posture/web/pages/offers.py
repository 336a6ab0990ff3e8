"""What can be done about several findings at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from posture.bootstrap.access import Access
from posture.bootstrap.tenant_gates import in_force
from posture.config import Settings
from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import ApprovalRule
from posture.domain.check import CheckId, Parameter
from posture.domain.finding_pages import FindingQuery
from posture.domain.finding_view import FindingView, Standing
from posture.domain.page import LONGEST_PAGE
from posture.errors import NotThere

MOST_CHOSEN: Final = 100
"""How many findings can be ticked by hand: their fingerprints go into an address."""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Findings that somebody wants something done about. ``by_tenant`` has those of each tenant by its name, in the
    order of the list. ``total`` counts all that match; None if they were named one by one.
    """

    by_tenant: Mapping[str, Sequence[FindingView]]
    total: int | None
    total_is_more: bool

    @property
    def count(self) -> int:
        return sum(len(views) for views in self.by_tenant.values())

    @property
    def is_whole(self) -> bool:
        """Whether these are all that match."""
        return self.total is None or (self.count >= self.total and not self.total_is_more)


@dataclass(frozen=True, kw_only=True)
class Offer:
    """An action that a check of some chosen findings offers. ``fitting`` are the findings it fits, as many as a plan
    may have; ``same`` counts those about a resource that is in already, ``left`` those that are too many, ``unfit``
    those whose check does not offer it. ``impossible_because`` is a sentence; None if it can be proposed now.
    ``to_type`` are the parameters that no finding fills.
    """

    tenant: str
    loaded: LoadedAction
    rule: ApprovalRule
    limit: int
    fitting: Sequence[FindingView]
    same: int
    left: int
    unfit: int
    impossible_because: str | None
    to_type: Sequence[Parameter]


def these(access: Access, fingerprints: Iterable[str]) -> Chosen:
    """Return findings named by their fingerprints.

    Raises:
        NotThere: one is not there for the operator.
    """
    by_tenant: dict[str, list[FindingView]] = {}
    for fingerprint in fingerprints:
        detail = access.finding(fingerprint)
        by_tenant.setdefault(detail.tenant, []).append(detail.view)
    return Chosen(by_tenant=by_tenant, total=None, total_is_more=False)


def all_matching(access: Access, query: FindingQuery, *, tenant: str | None) -> Chosen:
    """Return the first open findings that match a list's query, as many as any plan may have; of one tenant, if it is
    named. If not all could be looked at, every tenant that may have some is there, those without any too."""
    wanted = query if tenant is None else replace(query, tenants=(tenant,))
    page = access.findings(replace(wanted, standings=(Standing.OPEN,), cursor=None, limit=LONGEST_PAGE))
    names = {line.tenant_id: line.name for line in access.tenants()}
    asked = [name for name in names.values() if not wanted.tenants or name in wanted.tenants]
    by_tenant: dict[str, list[FindingView]] = {name: [] for name in asked}
    for view in page.items:
        by_tenant[names[view.finding.tenant_id]].append(view)
    is_whole = page.next_cursor is None
    return Chosen(
        by_tenant={name: views for name, views in by_tenant.items() if views or not is_whole},
        total=page.total,
        total_is_more=page.total_is_more,
    )


def offers_of(access: Access, views: Sequence[FindingView], tenant: str, settings: Settings) -> Sequence[Offer]:
    """Return the actions that the checks of findings of one tenant offer: what is possible and fits most comes first.

    Raises:
        NotThere: the tenant is not in the settings any more.
    """
    by_check: dict[CheckId, list[FindingView]] = {}
    for view in views:
        by_check.setdefault(view.finding.check, []).append(view)
    fitting: dict[str, list[FindingView]] = {}
    loaded: dict[str, LoadedAction] = {}
    because: dict[str, str | None] = {}
    for of_check in by_check.values():
        # What holds for the tenant and the check holds for each of them: one is asked about, an open one if there is.
        asked = next((view for view in of_check if view.standing is Standing.OPEN), of_check[0])
        for each in access.finding(asked.finding.fingerprint).fitting:
            name = each.loaded.action.id
            loaded[name] = each.loaded
            if because.get(name, "") is not None:
                because[name] = each.impossible_because
            fitting.setdefault(name, []).extend(of_check)
    offers = [_offer(tenant, loaded[name], fitting[name], views, because[name], settings) for name in fitting]
    return sorted(offers, key=lambda one: (one.impossible_because is not None, one.unfit, one.loaded.action.id))


def _offer(
    tenant: str,
    loaded: LoadedAction,
    fitting: Sequence[FindingView],
    views: Sequence[FindingView],
    because: str | None,
    settings: Settings,
) -> Offer:
    tenant_settings = next((one for one in settings.tenants if one.name == tenant), None)
    if tenant_settings is None:
        raise NotThere(f'there is no tenant "{tenant}"')
    rule, limits = in_force(loaded, tenant_settings, settings)
    order = {view.finding.fingerprint: number for number, view in enumerate(views)}
    is_open = [view for view in fitting if view.standing is Standing.OPEN]
    in_order = sorted(is_open, key=lambda view: order[view.finding.fingerprint])
    once = in_order if loaded.sources else list(_by_resource(in_order))
    return Offer(
        tenant=tenant,
        loaded=loaded,
        rule=rule,
        limit=limits.per_run,
        fitting=once[: limits.per_run],
        same=len(in_order) - len(once),
        left=max(0, len(once) - limits.per_run),
        unfit=len(views) - len(in_order),
        impossible_because=because,
        to_type=[one for one in loaded.action.parameters if one.name not in loaded.sources],
    )


def _by_resource(views: Iterable[FindingView]) -> Iterator[FindingView]:
    """Yield the first finding of each resource: what no finding tells apart is done once."""
    seen: set[str] = set()
    for view in views:
        resource = view.finding.resource.id.lower()
        if resource not in seen:
            seen.add(resource)
            yield view
