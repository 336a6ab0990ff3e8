"""Every request by which posture may change a tenant. What is not listed here is never sent.

The loader of action files asks here what a step needs; the engine asks again just before each request is sent.
Permissions and limits: https://learn.microsoft.com/graph/permissions-reference and .../graph/throttling-limits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from posture.tables.table import ThrottleClass

PermissionSet = frozenset[str]
"""Application permissions that are enough when all of them are granted."""

_VARIABLE: Final = "{}"
# What a value becomes when it is percent-encoded. Whatever else stands in a path is no value: "$ref", a query.
_VALUE: Final = re.compile(r"[A-Za-z0-9._~%-]*[A-Za-z0-9_~%-][A-Za-z0-9._~%-]*")
_NAMED: Final = re.compile(r"\{[a-z_][a-z0-9_]*\}")


@dataclass(frozen=True, kw_only=True)
class Write:
    """One kind of request that changes something.

    ``path`` is below the version root and begins with a slash; ``{}`` stands for one value. Any one of
    ``permissions`` is enough. ``for_properties`` tells what else is enough while the body names these properties
    only.
    """

    method: str
    path: str
    permissions: tuple[PermissionSet, ...]
    throttle_class: ThrottleClass
    for_properties: tuple[tuple[frozenset[str], PermissionSet], ...] = ()

    def enough(self, properties: Iterable[str]) -> tuple[PermissionSet, ...]:
        """Return the sets of permissions each of which is enough for a body with these properties."""
        named = frozenset(properties)
        narrow = tuple(needed for allowed, needed in self.for_properties if named and named <= allowed)
        return (*narrow, *self.permissions)

    def is_allowed_by(self, granted: frozenset[str], properties: Iterable[str]) -> bool:
        """Say whether permissions are enough to send a body with these properties."""
        return any(needed <= granted for needed in self.enough(properties))


def find_write(method: str, path: str) -> Write | None:
    """Return the write that a request is, None if it may not be sent. ``path`` is as it is sent, percent-encoded."""
    found = [write for write in WRITES if write.method == method and _is_sent_as(write.path, path)]
    return found[0] if found else None


def find_writes(method: str, template: str) -> tuple[Write, ...]:
    """Return every write that a path with ``{name}`` in place of values may become; none if it may not be sent."""
    return tuple(write for write in WRITES if write.method == method and _may_become(template, write.path))


def _is_sent_as(known: str, path: str) -> bool:
    parts, wanted = path.split("/"), known.split("/")
    return len(parts) == len(wanted) and all(
        (_VALUE.fullmatch(part) is not None) if other == _VARIABLE else part == other
        for part, other in zip(parts, wanted, strict=True)
    )


def _may_become(template: str, known: str) -> bool:
    parts, wanted = template.split("/"), known.split("/")
    return len(parts) == len(wanted) and all(
        (other == _VARIABLE or _VALUE.fullmatch(other) is not None)
        if _NAMED.fullmatch(part)
        else (part == other or (other == _VARIABLE and _VALUE.fullmatch(part) is not None))
        for part, other in zip(parts, wanted, strict=True)
    )


def _write(
    request: str,
    *permissions: str,
    throttle_class: ThrottleClass = ThrottleClass.DIRECTORY,
    for_properties: tuple[tuple[frozenset[str], PermissionSet], ...] = (),
) -> Write:
    """Return a write; permissions that are needed together are joined by a plus sign."""
    method, path = request.split(" ")
    return Write(
        method=method,
        path=path,
        permissions=tuple(_set(words) for words in permissions),
        throttle_class=throttle_class,
        for_properties=for_properties,
    )


def _set(words: str) -> PermissionSet:
    return frozenset(words.split(" + "))


# Path segments under which Graph v1.0 deletes a sign-in method, and the narrow permission of each. There is none for
# passwordMethods: a password can only be replaced. Others (hardware tokens, QR codes) are known to the beta only.
_METHODS: Final = {
    "emailMethods": "UserAuthMethod-Email.ReadWrite.All",
    "externalAuthenticationMethods": "UserAuthMethod-External.ReadWrite.All",
    "fido2Methods": "UserAuthMethod-Passkey.ReadWrite.All",
    "microsoftAuthenticatorMethods": "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All",
    "phoneMethods": "UserAuthMethod-Phone.ReadWrite.All",
    "platformCredentialMethods": "UserAuthMethod-PlatformCred.ReadWrite.All",
    "softwareOathMethods": "UserAuthMethod-SoftwareOATH.ReadWrite.All",
    "temporaryAccessPassMethods": "UserAuthMethod-TAP.ReadWrite.All",
    "windowsHelloForBusinessMethods": "UserAuthMethod-WindowsHello.ReadWrite.All",
}
_ALL_METHODS: Final = "UserAuthenticationMethod.ReadWrite.All"
_DIRECTORY: Final = "Directory.ReadWrite.All"
_APPLICATIONS: Final = "Application.ReadWrite.All"
_USERS: Final = "User.ReadWrite.All"
_GRANTS: Final = "DelegatedPermissionGrant.ReadWrite.All"
_APP_ROLES: Final = "AppRoleAssignment.ReadWrite.All"
_ROLES: Final = "RoleManagement.ReadWrite.Directory"
_GROUPS: Final = "Group.ReadWrite.All"
_MEMBERS: Final = "GroupMember.ReadWrite.All"
_POLICIES: Final = "Policy.ReadWrite.ConditionalAccess + Policy.Read.All"
_RISKY_USERS: Final = "IdentityRiskyUser.ReadWrite.All"
_RISKY_PRINCIPALS: Final = "IdentityRiskyServicePrincipal.ReadWrite.All"

_REPORTS: Final = ThrottleClass.REPORTS
_PROTECTION: Final = ThrottleClass.IDENTITY_PROTECTION
_UNLISTED: Final = ThrottleClass.UNLISTED

# Not here, and not by accident:
# - DELETE /groups/{}/members/{} without "/$ref", and its like: Graph takes it for a request to delete the member
#   itself, a user, out of the directory.
# - DELETE /directory/deletedItems/{}: what it deletes cannot be restored by anybody.
# - addPassword and addKey of applications: whoever can make us add a credential signs in as any application.
# - POST /$batch: what is inside would not be looked up here.
WRITES: Final[tuple[Write, ...]] = (
    _write("POST /users", _USERS, _DIRECTORY),
    _write(
        "PATCH /users/{}",
        _USERS,
        _DIRECTORY,
        for_properties=(
            (frozenset({"accountEnabled"}), _set("User.EnableDisableAccount.All + User.Read.All")),
            (frozenset({"passwordProfile"}), _set("User-PasswordProfile.ReadWrite.All")),
        ),
    ),
    _write("DELETE /users/{}", "User.DeleteRestore.All", _USERS),
    # Of users. Groups and applications would need other permissions; nothing here restores them.
    _write("POST /directory/deletedItems/{}/restore", "User.DeleteRestore.All", _USERS),
    _write("POST /users/{}/revokeSignInSessions", "User.RevokeSessions.All", _USERS, _DIRECTORY),
    _write(
        "POST /users/{}/authentication/temporaryAccessPassMethods",
        _METHODS["temporaryAccessPassMethods"],
        _ALL_METHODS,
        throttle_class=_REPORTS,
    ),
    *(
        _write(f"DELETE /users/{{}}/authentication/{segment}/{{}}", narrow, _ALL_METHODS, throttle_class=_REPORTS)
        for segment, narrow in _METHODS.items()
    ),
    _write("POST /identityProtection/riskyUsers/dismiss", _RISKY_USERS, throttle_class=_PROTECTION),
    _write("POST /identityProtection/riskyUsers/confirmCompromised", _RISKY_USERS, throttle_class=_PROTECTION),
    _write("POST /identityProtection/riskyServicePrincipals/dismiss", _RISKY_PRINCIPALS, throttle_class=_PROTECTION),
    _write(
        "POST /identityProtection/riskyServicePrincipals/confirmCompromised",
        _RISKY_PRINCIPALS,
        throttle_class=_PROTECTION,
    ),
    # Application.ReadWrite.OwnedBy is enough for applications that the caller owns; posture owns none.
    _write("PATCH /applications/{}", _APPLICATIONS),
    _write("POST /applications/{}/removePassword", _APPLICATIONS, _DIRECTORY),
    _write("DELETE /applications/{}/federatedIdentityCredentials/{}", _APPLICATIONS),
    _write("PATCH /servicePrincipals/{}", _APPLICATIONS, _DIRECTORY),
    _write("POST /servicePrincipals/{}/removePassword", _APPLICATIONS, _DIRECTORY),
    _write("POST /servicePrincipals/{}/appRoleAssignments", _APP_ROLES),
    _write("DELETE /servicePrincipals/{}/appRoleAssignments/{}", _APP_ROLES, _APPLICATIONS),
    _write("POST /oauth2PermissionGrants", _GRANTS, _DIRECTORY),
    _write("PATCH /oauth2PermissionGrants/{}", _GRANTS, _DIRECTORY),
    _write("DELETE /oauth2PermissionGrants/{}", _GRANTS, _DIRECTORY),
    _write("POST /groups", "Group.Create", _GROUPS, _DIRECTORY),
    _write("PATCH /groups/{}", _GROUPS, _DIRECTORY),
    _write("DELETE /groups/{}", _GROUPS),
    # Groups that can hold roles need RoleManagement.ReadWrite.Directory as well; guards refuse those.
    _write("POST /groups/{}/members/$ref", _MEMBERS, _GROUPS, _DIRECTORY),
    _write("DELETE /groups/{}/members/{}/$ref", _MEMBERS, _GROUPS, _DIRECTORY),
    _write("POST /groups/{}/owners/$ref", _GROUPS, _DIRECTORY),
    _write("POST /roleManagement/directory/roleAssignments", _ROLES, throttle_class=_UNLISTED),
    _write("DELETE /roleManagement/directory/roleAssignments/{}", _ROLES, throttle_class=_UNLISTED),
    _write(
        "POST /roleManagement/directory/roleAssignmentScheduleRequests",
        "RoleAssignmentSchedule.ReadWrite.Directory",
        _ROLES,
        throttle_class=_UNLISTED,
    ),
    _write(
        "POST /roleManagement/directory/roleEligibilityScheduleRequests",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        _ROLES,
        throttle_class=_UNLISTED,
    ),
    _write("POST /identity/conditionalAccess/policies", _POLICIES, throttle_class=_PROTECTION),
    _write("PATCH /identity/conditionalAccess/policies/{}", _POLICIES, throttle_class=_PROTECTION),
    _write("DELETE /identity/conditionalAccess/policies/{}", _POLICIES, throttle_class=_PROTECTION),
    _write("POST /identity/conditionalAccess/namedLocations", _POLICIES, throttle_class=_PROTECTION),
    _write("PATCH /identity/conditionalAccess/namedLocations/{}", _POLICIES, throttle_class=_PROTECTION),
    _write(
        "PATCH /policies/identitySecurityDefaultsEnforcementPolicy",
        "Policy.ReadWrite.SecurityDefaults + Policy.Read.All",
    ),
    _write("PATCH /policies/authorizationPolicy", "Policy.ReadWrite.Authorization"),
)
"""All of them, by kind of object."""
