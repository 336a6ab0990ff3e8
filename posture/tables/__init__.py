"""The data dictionary: every table there is, and the kinds of things that checks judge."""

from __future__ import annotations

from typing import Final

from posture.tables.applications import (
    APP_ROLE_ASSIGNMENTS,
    APPLICATION_CREDENTIALS,
    APPLICATIONS,
    SERVICE_PRINCIPAL_CREDENTIALS,
    SERVICE_PRINCIPALS,
    TIER0_PERMISSIONS,
)
from posture.tables.conditional_access import (
    CONDITIONAL_ACCESS_DOCUMENTS,
    CONDITIONAL_ACCESS_POLICIES,
    NAMED_LOCATIONS,
)
from posture.tables.policies import AUTHENTICATION_METHODS_POLICY, AUTHORIZATION_POLICY, SECURITY_DEFAULTS
from posture.tables.risk import RISK_DETECTIONS, RISKY_USERS
from posture.tables.roles import (
    ACTIVE_ROLE_ASSIGNMENTS,
    PRIVILEGED_PRINCIPALS,
    ROLE_ASSIGNMENT_INSTANCES,
    ROLE_ASSIGNMENTS,
    ROLE_DEFINITIONS,
    ROLE_ELIGIBILITY_INSTANCES,
    ROLE_GROUP_MEMBERS,
    ROLE_GROUP_MEMBERSHIPS,
    ROLE_GROUPS,
    TIER0_ROLES,
)
from posture.tables.table import ResourceType, Table
from posture.tables.tenant import DOMAINS, SUBSCRIBED_SKUS, TENANTS
from posture.tables.users import (
    USER_LAST_ACTIVITY,
    USER_ORIGINS,
    USER_REGISTRATION_DETAILS,
    USER_SIGN_IN_ACTIVITY,
    USERS,
)

# A derived table stands after every table that it reads.
TABLES: Final[tuple[Table, ...]] = (
    TENANTS,
    SUBSCRIBED_SKUS,
    DOMAINS,
    USERS,
    USER_ORIGINS,
    USER_SIGN_IN_ACTIVITY,
    USER_LAST_ACTIVITY,
    USER_REGISTRATION_DETAILS,
    APPLICATIONS,
    APPLICATION_CREDENTIALS,
    SERVICE_PRINCIPALS,
    SERVICE_PRINCIPAL_CREDENTIALS,
    APP_ROLE_ASSIGNMENTS,
    TIER0_PERMISSIONS,
    ROLE_DEFINITIONS,
    ACTIVE_ROLE_ASSIGNMENTS,
    ROLE_ASSIGNMENT_INSTANCES,
    ROLE_ELIGIBILITY_INSTANCES,
    ROLE_GROUPS,
    ROLE_GROUP_MEMBERS,
    ROLE_GROUP_MEMBERSHIPS,
    TIER0_ROLES,
    ROLE_ASSIGNMENTS,
    PRIVILEGED_PRINCIPALS,
    CONDITIONAL_ACCESS_DOCUMENTS,
    CONDITIONAL_ACCESS_POLICIES,
    NAMED_LOCATIONS,
    SECURITY_DEFAULTS,
    AUTHORIZATION_POLICY,
    AUTHENTICATION_METHODS_POLICY,
    RISKY_USERS,
    RISK_DETECTIONS,
)

RESOURCE_TYPES: Final = (
    ResourceType(name="tenant", table="tenants", name_column="display_name"),
    ResourceType(name="user", table="users", name_column="user_principal_name"),
    ResourceType(name="application", table="applications", name_column="display_name"),
    ResourceType(name="service_principal", table="service_principals", name_column="display_name"),
    ResourceType(name="group", table="role_groups", name_column="display_name"),
    ResourceType(name="role", table="role_definitions", name_column="display_name"),
    ResourceType(name="conditional_access_policy", table="conditional_access_policies", name_column="display_name"),
    ResourceType(name="domain", table="domains", name_column="id"),
)
