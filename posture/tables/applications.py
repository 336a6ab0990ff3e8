"""Tables about applications, the service principals that act for them, and what they may do."""

from __future__ import annotations

from typing import Final

from posture.tables.declare import (
    credential_table,
    derived_table,
    directory_source,
    flag,
    moment,
    number,
    structure,
    text,
    texts,
)
from posture.tables.table import Column, SourceTable, ThrottleClass

MICROSOFT_GRAPH: Final = "00000003-0000-0000-c000-000000000000"
# Resources whose application permissions can take over the tenant or read all of its data.
RESOURCES: Final = (
    MICROSOFT_GRAPH,
    "00000002-0000-0ff1-ce00-000000000000",  # Exchange Online
    "00000003-0000-0ff1-ce00-000000000000",  # SharePoint Online
)

# The key itself is not read: it is public, long, and nothing here judges it.
_PASSWORDS: Final = "STRUCT(keyId VARCHAR, displayName VARCHAR, startDateTime VARCHAR, endDateTime VARCHAR)[]"
_KEYS: Final = """STRUCT(
    keyId VARCHAR, displayName VARCHAR, startDateTime VARCHAR, endDateTime VARCHAR,
    type VARCHAR, "usage" VARCHAR, customKeyIdentifier VARCHAR
)[]"""


def _credential_lists() -> tuple[Column, ...]:
    return (
        structure("password_credentials", _PASSWORDS, "passwordCredentials", "Client secrets, without their value."),
        structure("key_credentials", _KEYS, "keyCredentials", "Certificates, without the key."),
    )


def _credential_columns(holder: str, holder_doc: str) -> tuple[Column, ...]:
    return (
        text(holder, None, holder_doc),
        text("key_id", None, "Id of the credential; NULL if Graph did not tell the credentials of this kind."),
        text("kind", None, "secret or certificate.", values=("secret", "certificate")),
        text("display_name", None, "Name that was given to it; NULL if none was."),
        moment("start_at", None, "Valid from."),
        moment("end_at", None, "Valid until; the year 2299 stands for no end."),
        text("type", None, "Of certificates: AsymmetricX509Cert, X509CertAndPassword, Symmetric; NULL of secrets."),
        text("usage", None, "Of certificates: Verify or Sign; NULL of secrets.", values=("Verify", "Sign")),
        text("thumbprint", None, "Of certificates: what tells that two entries are one certificate; may be NULL."),
    )


APPLICATIONS: Final = SourceTable(
    name="applications",
    doc="Applications registered in this tenant. One that is not here is another tenant's, or was deleted.",
    # Selecting keyCredentials is limited to 150 requests a minute, which pages of 999 never reach.
    source=directory_source("applications", "Application.Read.All", throttle_class=ThrottleClass.KEY_CREDENTIALS),
    key=("id",),
    columns=(
        text("id", "id", "Object id."),
        text("app_id", "appId", "Client id."),
        text("display_name", "displayName", "Name."),
        moment("created_at", "createdDateTime", "When it was registered."),
        text(
            "sign_in_audience",
            "signInAudience",
            "Whose accounts may sign in.",
            values=(
                "AzureADMyOrg",
                "AzureADMultipleOrgs",
                "AzureADandPersonalMicrosoftAccount",
                "PersonalMicrosoftAccount",
            ),
        ),
        text("publisher_domain", "publisherDomain", "Domain shown as the publisher; NULL if none."),
        flag("is_disabled", "isDisabled", "Deactivated: it gets no new tokens. NULL means no."),
        text(
            "disabled_by_microsoft_status",
            "disabledByMicrosoftStatus",
            "Set if Microsoft disabled it; NULL otherwise.",
            values=("NotDisabled", "DisabledDueToViolationOfServicesAgreement"),
        ),
        flag("is_fallback_public_client", "isFallbackPublicClient", "Counts as a public client; NULL means no."),
        texts("identifier_uris", "identifierUris", "URIs that name it as a resource."),
        texts("tags", "tags", "Tags."),
        *_credential_lists(),
    ),
)

SERVICE_PRINCIPALS: Final = SourceTable(
    name="service_principals",
    doc="Applications and managed identities that can act in this tenant. One that is not here cannot.",
    source=directory_source(
        "servicePrincipals", "Application.Read.All", throttle_class=ThrottleClass.KEY_CREDENTIALS
    ),
    key=("id",),
    columns=(
        text("id", "id", "Object id."),
        text("app_id", "appId", "Client id of the application it acts for."),
        text("display_name", "displayName", "Name."),
        flag("account_enabled", "accountEnabled", "FALSE if it gets no tokens in this tenant."),
        text(
            "service_principal_type",
            "servicePrincipalType",
            "What it acts for.",
            values=("Application", "ManagedIdentity", "Legacy", "SocialIdp", "ServiceIdentity"),
        ),
        text(
            "app_owner_organization_id",
            "appOwnerOrganizationId",
            "Tenant where the application is registered; NULL for managed identities.",
        ),
        flag("app_role_assignment_required", "appRoleAssignmentRequired", "Only assigned users may sign in."),
        text(
            "preferred_single_sign_on_mode",
            "preferredSingleSignOnMode",
            "How people sign in; NULL if not set.",
            values=("password", "saml", "notSupported", "oidc"),
        ),
        flag("is_disabled", "isDisabled", "Deactivated: it gets no new tokens. NULL means no."),
        text(
            "disabled_by_microsoft_status",
            "disabledByMicrosoftStatus",
            "Set if Microsoft disabled it; NULL otherwise.",
        ),
        text(
            "preferred_token_signing_key_thumbprint",
            "preferredTokenSigningKeyThumbprint",
            "Certificate that signs SAML tokens; NULL if it signs none.",
        ),
        texts("tags", "tags", "Tags, such as HideApp."),
        *_credential_lists(),
    ),
)

APPLICATION_CREDENTIALS: Final = credential_table(
    "application_credentials",
    owners="applications",
    owner_id="application_id",
    doc="Secrets and certificates of applications, one row each. An application without rows has none; where Graph "
    "did not tell the credentials of a kind, one row with NULL key_id stands for them.",
    columns=_credential_columns("application_id", "Object id of the application."),
)

SERVICE_PRINCIPAL_CREDENTIALS: Final = credential_table(
    "service_principal_credentials",
    owners="service_principals",
    owner_id="service_principal_id",
    doc="Secrets and certificates held by service principals themselves, one row each. One without rows has none "
    "of its own; where Graph did not tell the credentials of a kind, one row with NULL key_id stands for them.",
    columns=_credential_columns("service_principal_id", "Object id of the service principal."),
)

APP_ROLE_ASSIGNMENTS: Final = SourceTable(
    name="app_role_assignments",
    doc="Application permissions granted on Microsoft Graph, Exchange Online and SharePoint Online. A permission "
    "that is not here is not granted on these three; others are not read.",
    source=directory_source(
        "servicePrincipals(appId='{}')/appRoleAssignedTo", "Application.Read.All", for_each=RESOURCES
    ),
    key=("id",),
    columns=(
        text("id", "id", "Id of the grant."),
        text("app_role_id", "appRoleId", "Id of the permission."),
        text("principal_id", "principalId", "Object id of the holder."),
        text(
            "principal_type",
            "principalType",
            "What the holder is.",
            values=("User", "Group", "ServicePrincipal"),
        ),
        text("principal_display_name", "principalDisplayName", "Name of the holder when it was granted."),
        text("resource_id", "resourceId", "Object id of the resource's service principal."),
        text("resource_display_name", "resourceDisplayName", "Name of the resource."),
        moment("created_at", "createdDateTime", "When it was granted."),
    ),
)

TIER0_PERMISSIONS: Final = derived_table(
    "tier0_permissions",
    doc="Application permissions that are dangerous, and how much. Tier 0 can take over the tenant, tier 1 reads or "
    "changes all of its data, devices or policies. One that is not here is in neither tier. State of August 2026.",
    columns=(
        text("app_role_id", None, "Id of the permission."),
        text("resource_app_id", None, "Client id of the resource it is granted on."),
        text("name", None, "Name, such as RoleManagement.ReadWrite.Directory."),
        number("tier", None, "0 or 1."),
    ),
)
