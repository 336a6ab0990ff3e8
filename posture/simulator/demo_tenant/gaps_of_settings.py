"""What is wrong with the settings and conditional access of a tenant, in plain Python."""

from __future__ import annotations

from typing import Final

from posture.simulator.demo_tenant.builtin_roles import BUILTIN_ROLES
from posture.simulator.demo_tenant.role_holders import members_below
from posture.simulator.tenant import Entity, Tenant

POLICIES: Final = "identity/conditionalAccess/policies"
ADMIN14: Final = (
    "Global Administrator", "Application Administrator", "Authentication Administrator", "Billing Administrator",
    "Cloud Application Administrator", "Conditional Access Administrator", "Exchange Administrator",
    "Helpdesk Administrator", "Password Administrator", "Privileged Authentication Administrator",
    "Privileged Role Administrator", "Security Administrator", "SharePoint Administrator", "User Administrator",
)  # fmt: skip
OPEN_CONSENT: Final = frozenset(
    f"ManagePermissionGrantsForSelf.microsoft-user-default-{kind}" for kind in ("legacy", "recommended")
)
MFA_CONTROLS: Final = frozenset({"mfa"})


def gaps_of_settings(tenant: Tenant) -> dict[str, frozenset[str]]:
    """Return plain fact → ids: policy or role ids, or the tenant's id where a setting of it is wrong."""
    enforced = [policy for policy in tenant.collections[POLICIES] if policy["state"] == "enabled"]
    unguarded = [policy for policy in enforced if _requires_mfa(policy) and _covers_all_apps(policy)]
    facts = _settings(tenant) | {
        "mfa_not_enforced_for_all_users": not any(_includes_all(policy) for policy in unguarded),
        "device_code_flow_not_blocked": not any(_blocks_device_code(policy) for policy in enforced),
        "legacy_authentication_not_blocked": not any(_blocks_legacy(policy) for policy in enforced),
        "no_baseline": not enforced and not _security_defaults(tenant),
    }
    gaps = {name: frozenset({tenant.tenant_id} if wrong else ()) for name, wrong in facts.items()}
    return gaps | {
        "admin_roles_without_mfa_policy": frozenset(
            BUILTIN_ROLES[role] for role in ADMIN14 if not any(_reaches(policy, role) for policy in unguarded)
        ),
        "policies_without_emergency_exit": frozenset(
            policy["id"] for policy in enforced if _locks_out_everybody(tenant, policy)
        ),
        "emergency_accounts": _emergency_accounts(tenant),
    }


def _settings(tenant: Tenant) -> dict[str, bool]:
    authorization = tenant.singletons["policies/authorizationPolicy"]
    defaults = authorization["defaultUserRolePermissions"]
    methods = tenant.singletons["policies/authenticationMethodsPolicy"]
    invites = ("everyone", "adminsGuestInvitersAndAllMembers")
    return {
        "guest_invites_open": authorization["allowInvitesFrom"] in invites,
        "users_may_create_apps": defaults["allowedToCreateApps"] is True,
        "user_consent_open": bool(OPEN_CONSENT & set(defaults["permissionGrantPoliciesAssigned"])),
        "methods_migration_incomplete": methods["policyMigrationState"] in ("preMigration", "migrationInProgress"),
    }


def _security_defaults(tenant: Tenant) -> bool:
    return bool(tenant.singletons["policies/identitySecurityDefaultsEnforcementPolicy"]["isEnabled"])


def _includes_all(policy: Entity) -> bool:
    return "All" in policy["conditions"]["users"]["includeUsers"]


def _covers_all_apps(policy: Entity) -> bool:
    """Return whether the policy covers every application and nothing narrows the sign-ins it is about."""
    conditions = policy["conditions"]
    applications = conditions["applications"]
    narrowed = any(conditions[name] for name in ("locations", "devices", "platforms", "authenticationFlows"))
    risk = any(conditions[name] for name in ("userRiskLevels", "signInRiskLevels", "insiderRiskLevels"))
    every_client = conditions["clientAppTypes"] == ["all"]
    whole = applications["includeApplications"] == ["All"] and not applications["excludeApplications"]
    return whole and every_client and not narrowed and not risk


def _requires_mfa(policy: Entity) -> bool:
    grant = policy["grantControls"]
    if grant is None:
        return False
    strength = grant["authenticationStrength"]
    controls = set(grant["builtInControls"])
    if strength is not None and "mfa" in strength["requirementsSatisfied"]:
        controls.add("mfa")
    return controls == MFA_CONTROLS or ("mfa" in controls and grant["operator"] == "AND")


def _blocks(policy: Entity) -> bool:
    grant = policy["grantControls"]
    return grant is not None and "block" in grant["builtInControls"]


def _blocks_device_code(policy: Entity) -> bool:
    flows = policy["conditions"]["authenticationFlows"]
    return (
        _blocks(policy)
        and _includes_all(policy)
        and flows is not None
        and "deviceCodeFlow" in flows["transferMethods"]
    )


def _blocks_legacy(policy: Entity) -> bool:
    clients = set(policy["conditions"]["clientAppTypes"])
    return _blocks(policy) and _includes_all(policy) and {"exchangeActiveSync", "other"} <= clients


def _reaches(policy: Entity, role: str) -> bool:
    users = policy["conditions"]["users"]
    role_id = BUILTIN_ROLES[role]
    return (_includes_all(policy) or role_id in users["includeRoles"]) and role_id not in users["excludeRoles"]


def _emergency_accounts(tenant: Tenant) -> frozenset[str]:
    """Return the accounts that the company keeps for emergencies, recognised by their account names."""
    users = tenant.collections["users"]
    return frozenset(user["id"] for user in users if user["mailNickname"].startswith("break.glass."))


def _locks_out_everybody(tenant: Tenant, policy: Entity) -> bool:
    """Return whether no emergency account escapes a policy that grants or refuses sign-in to applications."""
    applications = policy["conditions"]["applications"]["includeApplications"]
    if policy["grantControls"] is None or not applications:
        return False
    users = policy["conditions"]["users"]
    included = _includes_all(policy) or BUILTIN_ROLES["Global Administrator"] in users["includeRoles"]
    excluded = set(users["excludeUsers"])
    for group in users["excludeGroups"]:
        excluded |= members_below(tenant, group)
    return included and not excluded & _emergency_accounts(tenant)
