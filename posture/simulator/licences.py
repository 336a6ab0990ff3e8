"""What a tenant's licences open, and what stays hidden with the smaller ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from posture.simulator.graph_errors import missing_licence
from posture.simulator.tenant import Tenant

_LICENCES: Mapping[str, frozenset[str]] = {
    "premium": frozenset({"p1", "p2"}),
    "conditional_access": frozenset({"p1", "p2"}),
    "risk": frozenset({"p1", "p2"}),
    "pim": frozenset({"p2"}),
    "p2": frozenset({"p2"}),
    "workload": frozenset({"p2", "workload"}),
    "intune": frozenset({"intune"}),
}
# Source: learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
_PLANS: Mapping[str, str] = {
    "41781fb2-bc02-4b7c-bd55-b576c07bb09d": "premium",
    "eec0eb4f-6444-4f95-aba0-50c24d67f998": "p2",
}
_HIDDEN_WITHOUT_P2 = {"riskLevel": "hidden", "riskDetail": "hidden", "riskEventType": "generic"}


def check_licence(feature: str, tenant: Tenant) -> None:
    """Return if the tenant may use a feature; raise the refusal of that feature otherwise."""
    if not _LICENCES[feature] & tenant.licences:
        raise missing_licence(feature)


def without_plans(shown: dict[str, Any], tenant: Tenant) -> dict[str, Any]:
    """Return an answer about the organization without the plans that the tenant's licences do not include."""
    if isinstance(shown.get("value"), list):
        return shown | {"value": [without_plans(item, tenant) for item in shown["value"]]}
    if not isinstance(shown.get("assignedPlans"), list):
        return shown
    return shown | {"assignedPlans": [plan for plan in shown["assignedPlans"] if _is_held(plan, tenant)]}


def _is_held(plan: Mapping[str, Any], tenant: Tenant) -> bool:
    feature = _PLANS.get(plan.get("servicePlanId", ""))
    return feature is None or bool(_LICENCES[feature] & tenant.licences)


def without_risk_detail(shown: dict[str, Any], tenant: Tenant) -> dict[str, Any]:
    """Return an answer about risk as a tenant without P2 sees it: levels hidden, events generic."""
    if "p2" in tenant.licences:
        return shown
    if isinstance(shown.get("value"), list):
        return shown | {"value": [_hidden(item) for item in shown["value"]]}
    return _hidden(shown)


def _hidden(item: dict[str, Any]) -> dict[str, Any]:
    return item | {name: value for name, value in _HIDDEN_WITHOUT_P2.items() if name in item}
