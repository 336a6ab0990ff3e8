"""Tables about the tenant itself: the organisation, what it has bought, its domains."""

from __future__ import annotations

from typing import Final

from posture.tables.declare import directory_source, flag, moment, number, text, texts
from posture.tables.table import SourceTable

TENANTS: Final = SourceTable(
    name="tenants",
    doc="The tenant. Exactly one row; no row means that Graph did not answer.",
    source=directory_source("organization", "Organization.Read.All", page_size=None),
    key=("id",),
    columns=(
        text("id", "id", "Tenant id."),
        text("display_name", "displayName", "Name of the organisation."),
        moment("created_at", "createdDateTime", "When the tenant was made."),
        text("tenant_type", "tenantType", "AAD, AAD B2C or CIAM.", values=("AAD", "AAD B2C", "CIAM")),
        text("default_usage_location", "defaultUsageLocation", "Two-letter country for licences."),
        flag(
            "on_premises_sync_enabled",
            "onPremisesSyncEnabled",
            "TRUE while synchronised, FALSE once stopped, NULL if it never was.",
        ),
        moment("on_premises_last_sync_at", "onPremisesLastSyncDateTime", "Last synchronisation; NULL if never."),
        texts("technical_notification_mails", "technicalNotificationMails", "Addresses for technical notices."),
        texts(
            "security_notification_mails", "securityComplianceNotificationMails", "Addresses for security notices."
        ),
    ),
)

SUBSCRIBED_SKUS: Final = SourceTable(
    name="subscribed_skus",
    doc="Licence products of the tenant. A product that is not here is not held.",
    source=directory_source("subscribedSkus", "LicenseAssignment.Read.All", page_size=None),
    key=("id",),
    columns=(
        text("id", "id", "Tenant id and product id, joined."),
        text("sku_id", "skuId", "Product id, as in assigned licences."),
        text("sku_part_number", "skuPartNumber", "Product name, such as AAD_PREMIUM_P2."),
        text(
            "capability_status",
            "capabilityStatus",
            "Whether the subscription counts.",
            values=("Enabled", "Warning", "Suspended", "Deleted", "LockedOut"),
        ),
        text("applies_to", "appliesTo", "User or Company.", values=("User", "Company")),
        number("consumed_count", "consumedUnits", "Licences assigned."),
        number("enabled_count", "prepaidUnits.enabled", "Licences bought and valid."),
        number("suspended_count", "prepaidUnits.suspended", "Licences suspended."),
        number("warning_count", "prepaidUnits.warning", "Licences past their end, in the days of grace."),
    ),
)

DOMAINS: Final = SourceTable(
    name="domains",
    doc="Domain names of the tenant, verified or not. A name that is not here does not belong to the tenant.",
    source=directory_source("domains", "Domain.Read.All", page_size=None),
    key=("id",),
    columns=(
        text("id", "id", "The domain name."),
        text(
            "authentication_type",
            "authenticationType",
            "Managed by Entra ID, or Federated to another identity provider.",
            values=("Managed", "Federated"),
        ),
        flag("is_default", "isDefault", "New users get this domain."),
        flag("is_initial", "isInitial", "The onmicrosoft.com domain that the tenant began with."),
        flag("is_root", "isRoot", "FALSE for a subdomain of a verified domain."),
        flag("is_verified", "isVerified", "Ownership was proven."),
        flag("is_admin_managed", "isAdminManaged", "FALSE if the domain was claimed by its users."),
        number(
            "password_validity_days",
            "passwordValidityPeriodInDays",
            "Days until a password ends; 2147483647 means never, NULL means Microsoft's default.",
        ),
        texts("supported_services", "supportedServices", "Services that use the domain."),
    ),
)
