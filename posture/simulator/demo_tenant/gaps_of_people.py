"""What is wrong with the people of a tenant, said in plain Python as a second opinion on the checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from posture.simulator.demo_tenant.builtin_roles import BUILTIN_ROLES
from posture.simulator.demo_tenant.role_holders import holders, privileged_users, sync_accounts
from posture.simulator.tenant import Entity, Tenant

GRACE = timedelta(days=14)
IDLE = timedelta(days=90)
PENDING = timedelta(days=30)
REGISTRATIONS = "reports/authenticationMethods/userRegistrationDetails"
RISKY_USERS = "identityProtection/riskyUsers"
AT_RISK = ("atRisk", "confirmedCompromised")


def gaps_of_people(tenant: Tenant, now: datetime) -> dict[str, frozenset[str]]:
    """Return plain fact → ids of the users concerned."""
    return _registration_gaps(tenant, now) | _idle(tenant, now) | _admins(tenant) | _risks(tenant)


def _registration_gaps(tenant: Tenant, now: datetime) -> dict[str, frozenset[str]]:
    reported = {line["id"]: line["isMfaCapable"] for line in tenant.collections[REGISTRATIONS]}
    due = frozenset(_members_due_for_mfa(tenant, now))
    return {
        "enabled_members_without_mfa": frozenset(user for user in due if reported.get(user) is False),
        "enabled_members_missing_from_report": frozenset(user for user in due if user not in reported),
    }


def _members_due_for_mfa(tenant: Tenant, now: datetime) -> Iterator[str]:
    """Yield enabled members, not new, not hired for a later day, not synchronisation accounts."""
    exempt = sync_accounts(tenant)
    for user in tenant.collections["users"]:
        if not user["accountEnabled"] or _is_guest(user) or user["id"] in exempt:
            continue
        hired = moment(user["employeeHireDate"])
        if _older(user["createdDateTime"], GRACE, now) and (hired is None or hired <= now):
            yield user["id"]


def _idle(tenant: Tenant, now: datetime) -> dict[str, frozenset[str]]:
    exempt = sync_accounts(tenant)
    users = tenant.collections["users"]
    enabled = [user for user in users if user["accountEnabled"] and _older(user["createdDateTime"], IDLE, now)]
    members = [user for user in enabled if not (_is_guest(user) or user["isResourceAccount"] or user["id"] in exempt)]
    guests = [user for user in users if _is_guest(user)]
    return {
        "enabled_users_inactive_90_days": _ids(user for user in members if _is_idle(tenant, user, now)),
        "enabled_users_never_signed_in": _ids(user for user in members if last_activity(tenant, user["id"]) is None),
        "enabled_guests_inactive_90_days": _ids(
            user for user in enabled if _is_guest(user) and _is_idle_guest(tenant, user, now)
        ),
        "pending_guests_older_than_30_days": _ids(user for user in guests if _is_long_pending(tenant, user, now)),
    }


def _is_idle(tenant: Tenant, user: Entity, now: datetime) -> bool:
    last = last_activity(tenant, user["id"])
    return last is not None and last < now - IDLE


def _is_idle_guest(tenant: Tenant, user: Entity, now: datetime) -> bool:
    """Return whether an old guest who accepted is idle; one who never came is idle from the first day."""
    if user["externalUserState"] == "PendingAcceptance":
        return False
    return last_activity(tenant, user["id"]) is None or _is_idle(tenant, user, now)


def _is_long_pending(tenant: Tenant, user: Entity, now: datetime) -> bool:
    if user["externalUserState"] != "PendingAcceptance" or last_activity(tenant, user["id"]) is not None:
        return False
    return _older(user["externalUserStateChangeDateTime"] or user["createdDateTime"], PENDING, now)


def _ids(users: Iterable[Entity]) -> frozenset[str]:
    return frozenset(user["id"] for user in users)


def last_activity(tenant: Tenant, user_id: str) -> datetime | None:
    """Return the last successful sign-in; where Graph has none, the later of the two kinds of attempts."""
    activity = tenant.sign_in_activity.get(user_id, {})
    successful = moment(activity.get("lastSuccessfulSignInDateTime"))
    if successful is not None:
        return successful
    names = ("lastSignInDateTime", "lastNonInteractiveSignInDateTime")
    attempts = [at for at in (moment(activity.get(name)) for name in names) if at is not None]
    return max(attempts, default=None)


def _admins(tenant: Tenant) -> dict[str, frozenset[str]]:
    users: dict[str, Entity] = {user["id"]: user for user in tenant.collections["users"]}
    capable = {line["id"] for line in tenant.collections[REGISTRATIONS] if line["isMfaCapable"]}
    privileged = privileged_users(tenant)
    enabled = {user_id for user_id, user in users.items() if user["accountEnabled"]}
    global_role = [BUILTIN_ROLES["Global Administrator"]]
    return {
        "privileged_users": privileged,
        "guest_admins": frozenset(user_id for user_id in privileged if _is_guest(users[user_id])),
        "synced_admins": frozenset(
            user_id for user_id in privileged if users[user_id]["onPremisesSyncEnabled"] is True
        ),
        "admins_without_mfa": (privileged & enabled) - capable - sync_accounts(tenant),
        "global_administrators": holders(tenant, global_role) & enabled,
        "global_administrators_active": holders(tenant, global_role, eligible=False) & enabled,
    }


def _risks(tenant: Tenant) -> dict[str, frozenset[str]]:
    open_risks = [
        risk for risk in tenant.collections[RISKY_USERS] if risk["riskState"] in AT_RISK and not risk["isDeleted"]
    ]
    serious = frozenset(risk["id"] for risk in open_risks if risk["riskLevel"] in ("medium", "high"))
    enabled = {user["id"] for user in tenant.collections["users"] if user["accountEnabled"]}
    return {
        "risky_users_medium_high": serious,
        "risky_enabled_users_medium_high": serious & enabled,
        "risky_users_hidden": frozenset(risk["id"] for risk in open_risks if risk["riskLevel"] == "hidden"),
        "risky_privileged_users": frozenset(risk["id"] for risk in open_risks) & privileged_users(tenant),
        "risky_deleted_users": frozenset(risk["id"] for risk in tenant.collections[RISKY_USERS] if risk["isDeleted"]),
    }


def _is_guest(user: Entity) -> bool:
    return bool(user["userType"] == "Guest")


def moment(text: object) -> datetime | None:
    """Return a Graph date; None for every form in which Graph says that there is none."""
    if not isinstance(text, str) or not text or text.startswith("0001-"):
        return None
    return datetime.fromisoformat(text)


def _older(text: object, age: timedelta, now: datetime) -> bool:
    at = moment(text)
    return at is not None and at < now - age
