"""What can be read live about one resource: how, and which tables exist for that alone.

A scan never makes a request for each object. An action does, for the few objects that it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from posture.domain.tenant import Licence
from posture.tables.conditional_access import CONDITIONAL_ACCESS_DOCUMENTS
from posture.tables.declare import derived_table, directory_source, flag, moment, text, texts
from posture.tables.table import DerivedTable, Source, SourceKind, SourceTable, ThrottleClass, WantedTable


@dataclass(frozen=True, kw_only=True)
class LiveRead:
    """A table to be read live, and for which object: the resource, or the one whose id a parameter holds."""

    wanted: WantedTable
    parameter: str | None


def _one(
    path: str,
    *permissions: str,
    selectable: bool = True,
    licence: Licence | None = None,
    throttle_class: ThrottleClass = ThrottleClass.DIRECTORY,
) -> Source:
    return directory_source(
        path,
        *permissions,
        kind=SourceKind.SINGLETON,
        page_size=None,
        selectable=selectable,
        licence=licence,
        throttle_class=throttle_class,
    )


AUTHENTICATION_METHOD_ITEMS: Final = SourceTable(
    name="authentication_method_items",
    doc="The sign-in methods of one user as Graph lists them; see authentication_methods. No row: no such user.",
    source=directory_source(
        "users/{}/authentication/methods",
        "UserAuthenticationMethod.Read.All",
        page_size=None,
        selectable=False,
        throttle_class=ThrottleClass.REPORTS,
    ),
    key=("id",),
    columns=(
        text("id", "id", "Id of the method."),
        text("type", "@odata.type", "Graph's type, such as #microsoft.graph.fido2AuthenticationMethod."),
        text("phone_type", "phoneType", "Of phones: which one.", values=("mobile", "alternateMobile", "office")),
        flag("is_usable", "isUsable", "Of Temporary Access Passes: can be used now."),
        moment("created_at", "createdDateTime", "When it was registered; NULL where Graph does not tell."),
    ),
)

AUTHENTICATION_METHODS: Final = derived_table(
    "authentication_methods",
    doc="The sign-in methods that one user has registered now. Everybody has a password; a user without further rows "
    "has no second factor.",
    columns=(
        text("method_id", None, "Id of the method."),
        text(
            "kind",
            None,
            "What it is, as Graph's type says.",
            values=(
                "password",
                "phone",
                "email",
                "fido2",
                "microsoftAuthenticator",
                "windowsHelloForBusiness",
                "softwareOath",
                "temporaryAccessPass",
                "platformCredential",
                "external",
            ),
        ),
        text("path_segment", None, "Where it can be deleted; NULL if it cannot, or nobody knows."),
        flag("is_removable", None, "FALSE of the password, NULL of a kind that this version does not know."),
        text("phone_type", None, "Of phones: mobile, alternateMobile or office."),
        flag("is_usable", None, "Of Temporary Access Passes: can be used now."),
    ),
)

USER_PASSWORD_PROFILES: Final = SourceTable(
    name="user_password_profiles",
    doc="What one user must do with the password at the next sign-in. No row: there is no such user.",
    source=_one("users/{}", "User.Read.All"),
    key=("user_id",),
    columns=(
        text("user_id", "id", "Object id of the user."),
        flag(
            "must_change_at_next_sign_in",
            "passwordProfile.forceChangePasswordNextSignIn",
            "The password must be changed at the next sign-in.",
        ),
    ),
)

USER_MEMBERSHIPS: Final = SourceTable(
    name="user_memberships",
    doc="Groups, roles and administrative units that one user is a direct member of. No row: of none.",
    source=directory_source("users/{}/memberOf", "GroupMember.Read.All", "User.Read.All"),
    key=("id",),
    columns=(
        text("id", "id", "Object id of the group, role or unit."),
        text("type", "@odata.type", "Graph's type, such as #microsoft.graph.group."),
    ),
)

USER_TRANSITIVE_MEMBERSHIPS: Final = replace(
    USER_MEMBERSHIPS,
    name="user_transitive_memberships",
    doc="Groups, roles and administrative units that one user is a member of, directly or through groups. No row: "
    "of none.",
    source=directory_source("users/{}/transitiveMemberOf", "GroupMember.Read.All", "User.Read.All"),
)

GROUPS: Final = SourceTable(
    name="groups",
    doc="One group. No row: there is none of this id.",
    source=_one("groups/{}", "GroupMember.Read.All"),
    key=("id",),
    columns=(
        text("id", "id", "Object id."),
        text("display_name", "displayName", "Name."),
        flag("security_enabled", "securityEnabled", "Can be used for access to resources."),
        flag("mail_enabled", "mailEnabled", "Has a mail address."),
        texts(
            "group_types",
            "groupTypes",
            "Unified of a Microsoft 365 group, DynamicMembership if a rule decides who is a member.",
            values=("Unified", "DynamicMembership"),
        ),
        flag("on_premises_sync_enabled", "onPremisesSyncEnabled", "TRUE while synchronised; NULL if it never was."),
        flag("is_assignable_to_role", "isAssignableToRole", "Can hold directory roles; NULL means no."),
        moment("created_at", "createdDateTime", "When it was made."),
    ),
)

GROUP_ORIGINS: Final = derived_table(
    "group_origins",
    doc="What decides whether members of one group may be changed here. No row: there is none of this id.",
    columns=(
        text("group_id", None, "Object id."),
        flag("is_synchronised", None, "TRUE while synchronised; FALSE if it never was."),
        flag("is_role_assignable", None, "Can hold directory roles."),
    ),
)

GROUPS_OF_A_NAME: Final = replace(
    GROUPS,
    name="groups_of_a_name",
    doc="Groups with one display name, in any case. No row: there is none.",
    source=directory_source("groups?$filter=displayName eq '{}'", "GroupMember.Read.All"),
)

GROUP_MEMBERS: Final = SourceTable(
    name="group_members",
    doc="Direct members of one group. No row: it is empty, hides its members, or does not exist.",
    source=directory_source("groups/{}/members", "GroupMember.Read.All"),
    key=("id",),
    columns=(
        text("id", "id", "Object id of the member."),
        text("type", "@odata.type", "Graph's type, such as #microsoft.graph.user."),
    ),
)

DIRECT_ROLE_HOLDINGS: Final = derived_table(
    "direct_role_holdings",
    doc="Roles that principals hold or may activate themselves, and until when; what comes through a group is not "
    "here. A principal without a row holds none so.",
    columns=(
        text("principal_id", None, "Object id of the user, group or service principal."),
        text("role_definition_id", None, "Id of the role."),
        text("directory_scope_id", None, "/ for the whole tenant, else where the role counts."),
        text(
            "kind",
            None,
            "eligible, assigned, or activated out of an eligibility; NULL if PIM does not tell.",
            values=("eligible", "assigned", "activated"),
        ),
        text("ends", None, "no end, or the time as Graph writes it, in UTC."),
    ),
)

OAUTH2_PERMISSION_GRANTS: Final = SourceTable(
    name="oauth2_permission_grants",
    doc="What people, or an administrator for all of them, let one service principal do in their name. No row: it "
    "may do nothing in anybody's name.",
    source=directory_source(
        "oauth2PermissionGrants?$filter=clientId eq '{}'", "DelegatedPermissionGrant.ReadWrite.All"
    ),
    key=("id",),
    columns=(
        text("id", "id", "Id of the grant; upper and lower case differ."),
        text("client_id", "clientId", "Object id of the service principal that may act."),
        text(
            "consent_type",
            "consentType",
            "AllPrincipals: for everybody; Principal: for one user.",
            values=("AllPrincipals", "Principal"),
        ),
        text("principal_id", "principalId", "Object id of that user; NULL if it is for everybody."),
        text("resource_id", "resourceId", "Object id of the service principal whose permissions are granted."),
        text("scope", "scope", "The permissions, separated by spaces."),
    ),
)

DELETED_USERS: Final = SourceTable(
    name="deleted_users",
    doc="One deleted user that can still be restored. No row: it was never deleted, or is gone for good.",
    source=_one("directory/deletedItems/{}", "User.Read.All"),
    key=("id",),
    columns=(
        text("id", "id", "Object id."),
        moment("deleted_at", "deletedDateTime", "When it was deleted."),
    ),
)

ONLY_LIVE: Final[tuple[SourceTable | DerivedTable, ...]] = (
    AUTHENTICATION_METHOD_ITEMS,
    AUTHENTICATION_METHODS,
    USER_PASSWORD_PROFILES,
    USER_MEMBERSHIPS,
    USER_TRANSITIVE_MEMBERSHIPS,
    GROUPS,
    GROUP_ORIGINS,
    GROUPS_OF_A_NAME,
    GROUP_MEMBERS,
    DIRECT_ROLE_HOLDINGS,
    OAUTH2_PERMISSION_GRANTS,
    DELETED_USERS,
)
"""Tables that no scan reads; a derived one stands after what it reads. The remediator reads them."""

_KIND_OF_ONLY_LIVE: Final[Mapping[str, str]] = {
    "authentication_method_items": "user",
    "user_password_profiles": "user",
    "user_memberships": "user",
    "user_transitive_memberships": "user",
    "groups": "group",
    "groups_of_a_name": "group_name",
    "group_members": "group",
    "oauth2_permission_grants": "service_principal",
    "deleted_users": "user",
}

# Graph's requests for one object, by table and by what kind of object the id is of.
_OF_ONE: Final[Mapping[str, Mapping[str, Source]]] = {
    "users": {"user": _one("users/{}", "User.Read.All")},
    "user_sign_in_activity": {
        "user": _one(
            "users/{}",
            "AuditLog.Read.All",
            "User.Read.All",
            licence=Licence.P1,
            throttle_class=ThrottleClass.SIGN_IN_ACTIVITY,
        )
    },
    "user_registration_details": {
        "user": _one(
            "reports/authenticationMethods/userRegistrationDetails/{}",
            "AuditLog.Read.All",
            licence=Licence.P1,
            throttle_class=ThrottleClass.REPORTS,
        )
    },
    "risky_users": {
        "user": _one(
            "identityProtection/riskyUsers/{}",
            "IdentityRiskyUser.Read.All",
            licence=Licence.P2,
            throttle_class=ThrottleClass.IDENTITY_PROTECTION,
        )
    },
    "applications": {
        "application": _one("applications/{}", "Application.Read.All", throttle_class=ThrottleClass.KEY_CREDENTIALS)
    },
    "service_principals": {
        "service_principal": _one(
            "servicePrincipals/{}", "Application.Read.All", throttle_class=ThrottleClass.KEY_CREDENTIALS
        )
    },
    "app_role_assignments": {
        "service_principal": directory_source("servicePrincipals/{}/appRoleAssignments", "Application.Read.All")
    },
    "conditional_access_documents": {
        "conditional_access_policy": replace(
            CONDITIONAL_ACCESS_DOCUMENTS.source,
            kind=SourceKind.SINGLETON,
            path="identity/conditionalAccess/policies/{}",
        )
    },
}

# Small in every tenant: an action may read them whole, for whatever object.
_WHOLE: Final = frozenset(
    {
        "tenants",
        "subscribed_skus",
        "domains",
        "role_definitions",
        "active_role_assignments",
        "role_assignment_instances",
        "role_eligibility_instances",
        "role_groups",
        "role_group_members",
        "conditional_access_documents",
        "named_locations",
        "security_defaults",
        "authorization_policy",
        "authentication_methods_policy",
    }
)


def kinds_of(table: str) -> frozenset[str]:
    """Return the kinds of objects by whose id the table can be read; empty if there are none."""
    only = _KIND_OF_ONLY_LIVE.get(table)
    return frozenset(_OF_ONE.get(table, {})) if only is None else frozenset({only})


def is_read_whole(table: str) -> bool:
    """Say whether a table is so small in every tenant that it can be read live as a whole."""
    return table in _WHOLE


def of_objects(table: SourceTable, *, kind: str, ids: tuple[str, ...]) -> SourceTable | None:
    """Return the table as it is read for single objects of a kind, those with ``ids``; None if Graph has no way.

    What Graph does not find has no row. A small table that has no request for one object is read whole.
    """
    if kind not in kinds_of(table.name):
        return table if is_read_whole(table.name) else None
    source = _OF_ONE.get(table.name, {}).get(kind, table.source)
    values = tuple(_written(id, in_quotes="'{}'" in source.path) for id in ids)
    return replace(table, source=replace(source, for_each=values))


def _written(id: str, *, in_quotes: bool) -> str:
    return quote(id.replace("'", "''") if in_quotes else id, safe="")
