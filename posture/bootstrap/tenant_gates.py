"""What the settings say about acting in a tenant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from posture.bootstrap.connection import connection_of
from posture.config import Settings, TenantSettings
from posture.definitions.check_sql import compile_check
from posture.definitions.compiled import CompiledCheck
from posture.definitions.loaded_action import LoadedAction
from posture.domain.action import ApprovalRule, Limits
from posture.domain.approval import effective_limits, effective_rule
from posture.domain.check import CheckId
from posture.usecases.action_permissions import permissions_of
from posture.usecases.engine_guards import TenantRules

if TYPE_CHECKING:
    from posture.bootstrap.application import Application


def closed_because(loaded: LoadedAction, tenant: TenantSettings) -> str | None:
    """Return why nothing can be done in a tenant, whoever asks, as a sentence; None if something can."""
    if tenant.remediator is None:
        needed = ", ".join(permissions_of(loaded))
        role = loaded.action.directory_role
        also = f" Graph also wants a directory role: {role}" if role else ""
        return (
            f"{tenant.name} is read-only: it has no remediator in the settings. Register a second application with "
            f"{needed} and add it as the tenant's remediator.{also}"
        )
    return None if tenant.remediation_enabled else f"remediation is switched off for {tenant.name} in the settings"


def in_force(loaded: LoadedAction, tenant: TenantSettings, settings: Settings) -> tuple[ApprovalRule, Limits]:
    """Return the rule and limits of an action in a tenant: the strictest of file, risk and settings."""
    action = loaded.action
    rule = effective_rule(action.approval, action.risk, *settings.rule_overrides(tenant, action.id))
    limits = effective_limits(action.limits, *settings.limit_overrides(tenant, action.id))
    # There is one tenant: a share of it says nothing about how many things may be made in it.
    return rule, replace(limits, share=action.limits.share) if action.resource == "tenant" else limits


def tenant_rules(application: Application, tenant: TenantSettings, *, own_ids: frozenset[str]) -> TenantRules:
    """Return what holds for every action in a tenant; ``own_ids`` are the remediator's, the reader's is added."""
    reader = connection_of(tenant, http=application.settings.http)
    own = {reader.client_id.lower()} if reader.client_id else set()
    with application.store.reading() as store:
        accounts = {one.name.lower(): one.account for one in store.acting.operators() if one.account}
    return TenantRules(
        tenant_name=tenant.name,
        own_ids=own_ids | own,
        protected_users=tenant.protected_users,
        protected_groups=tenant.protected_groups,
        accounts=accounts,
        exemptions=application.exemptions,
        compiled=lambda check: _compiled(application, tenant, check),
    )


def _compiled(application: Application, tenant: TenantSettings, check: CheckId) -> CompiledCheck | None:
    if check not in application.catalog.ids:
        return None
    return compile_check(application.catalog.check(check), application.settings.parameters_of(tenant, check))
