"""Writes on the authentication methods of a user."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from posture.simulator.authentication_methods import ALTERNATE_MOBILE, MOBILE, methods_of
from posture.simulator.graph_errors import bad_request, method_not_allowed, not_found
from posture.simulator.tenant import Entity
from posture.simulator.writes.write import Changed, Effect, Write, new_guid, written

TAP = "temporaryAccessPassAuthenticationMethod"
_NOT_FACTORS = frozenset({"#microsoft.graph.passwordAuthenticationMethod", f"#microsoft.graph.{TAP}"})
_SHORTEST, _LONGEST = 10, 43_200  # minutes


def removal_of(type_name: str) -> Effect:
    """Return the write that removes a method of one type, e.g. ``fido2AuthenticationMethod``."""

    def remove(write: Write) -> Changed:
        user = write.target("users")
        methods = methods_of(write.tenant, user["id"])
        method = _named(methods, write.keys[1], type_name)
        _check_order(method, methods, write.tenant.default_methods.get(user["id"]))
        write.tenant.authentication_methods[user["id"]] = [one for one in methods if one is not method]
        if write.tenant.default_methods.get(user["id"]) == method["id"]:
            del write.tenant.default_methods[user["id"]]
        return None

    return remove


def refuse_password_removal(_: Write) -> Changed:
    raise method_not_allowed()


def create_pass(write: Write) -> Changed:
    """Issue a Temporary Access Pass; the code is in this answer and kept nowhere."""
    user = write.target("users")
    if user.get("userType") == "Guest":
        raise bad_request("Temporary Access Pass cannot be added to an external guest user.")
    policy = _policy(write)
    methods = [one for one in methods_of(write.tenant, user["id"]) if not _is_spent(one, write.now)]
    if any(one["@odata.type"] == f"#microsoft.graph.{TAP}" for one in methods):
        raise bad_request("The user already has a usable Temporary Access Pass.")
    made = _pass(write, policy)
    write.tenant.authentication_methods[user["id"]] = [*methods, made]
    context = write.context(f"users('{user['id']}')/authentication/temporaryAccessPassMethods/$entity")
    shown = {name: value for name, value in made.items() if name != "@odata.type"}
    return context | shown | {"temporaryAccessPass": f"TAP-{new_guid(write.tenant)[:8]}"}


def _named(methods: list[Entity], key: str, type_name: str) -> Entity:
    for method in methods:
        if method["id"] == key and method["@odata.type"] == f"#microsoft.graph.{type_name}":
            return method
    raise not_found(key[:200])


def _check_order(method: Entity, methods: list[Entity], default: str | None) -> None:
    """The default goes last, and a mobile number after the alternate one."""
    others = [one for one in methods if one is not method and one["@odata.type"] not in _NOT_FACTORS]
    if method["id"] == default and others:
        raise bad_request(
            "The method is the user's default authentication method and cannot be deleted: change the default or "
            "delete the other methods first."
        )
    if method["id"] == MOBILE and any(one["id"] == ALTERNATE_MOBILE for one in others):
        raise bad_request("The mobile phone cannot be deleted while an alternate mobile phone exists.")


def _policy(write: Write) -> dict[str, Any]:
    """Return the tenant's configuration of the pass; raise a 400 where it is switched off."""
    policies = write.tenant.singletons.get("policies/authenticationMethodsPolicy", {})
    for one in policies.get("authenticationMethodConfigurations", ()):
        if one.get("id") == "TemporaryAccessPass" and one.get("state") == "enabled":
            return dict(one)
    raise bad_request("Temporary Access Pass is not enabled by the authentication methods policy.")


def _pass(write: Write, policy: dict[str, Any]) -> Entity:
    minutes = write.body.get("lifetimeInMinutes") or policy.get("defaultLifetimeInMinutes", 60)
    shortest = max(policy.get("minimumLifetimeInMinutes", _SHORTEST), _SHORTEST)
    longest = min(policy.get("maximumLifetimeInMinutes", _LONGEST), _LONGEST)
    if not shortest <= minutes <= longest:
        raise bad_request(f"lifetimeInMinutes must be from {shortest} to {longest}.")
    once = write.body.get("isUsableOnce")
    if policy.get("isUsableOnce") and once is False:
        raise bad_request("The policy allows only passes that are used once.")
    starts = write.body.get("startDateTime") or write.at
    is_usable = datetime.fromisoformat(starts) <= write.now
    return {
        "@odata.type": f"#microsoft.graph.{TAP}",
        "id": new_guid(write.tenant),
        "createdDateTime": write.at,
        "startDateTime": written(datetime.fromisoformat(starts)),
        "lifetimeInMinutes": minutes,
        "isUsableOnce": bool(policy.get("isUsableOnce")) if once is None else once,
        "isUsable": is_usable,
        "methodUsabilityReason": "EnabledByPolicy" if is_usable else "NotYetValid",
        "temporaryAccessPass": None,
    }


def _is_spent(method: Entity, now: datetime) -> bool:
    """Whether a method is a pass whose time is over."""
    if method["@odata.type"] != f"#microsoft.graph.{TAP}":
        return False
    ends = datetime.fromisoformat(method["startDateTime"]) + timedelta(minutes=method["lifetimeInMinutes"])
    return ends <= now
