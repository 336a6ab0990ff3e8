"""Tables about people's accounts."""

from __future__ import annotations

from typing import Final

from posture.domain.tenant import Licence
from posture.tables.declare import derived_table, directory_source, flag, moment, structure, text, texts
from posture.tables.table import SourceTable, Spelling, ThrottleClass

USERS: Final = SourceTable(
    name="users",
    doc="Members and guests that exist now. A user who is not here was deleted, or never was in this tenant.",
    source=directory_source("users", "User.Read.All"),
    key=("id",),
    columns=(
        text("id", "id", "Object id."),
        text("user_principal_name", "userPrincipalName", "Sign-in name."),
        text("display_name", "displayName", "Name."),
        text("mail", "mail", "Primary mail address; NULL if there is none."),
        flag("account_enabled", "accountEnabled", "FALSE if sign-in is blocked."),
        text(
            "user_type",
            "userType",
            "member or guest. NULL on some very old accounts: unknown, not member.",
            values=("member", "guest"),
            spelling=Spelling.LOWER,
        ),
        moment("created_at", "createdDateTime", "When the account was made."),
        text(
            "creation_type",
            "creationType",
            "How the account came to be; NULL for ordinary accounts of the tenant.",
            values=("Invitation", "LocalAccount", "EmailVerified", "SelfServiceSignUp"),
        ),
        text(
            "external_user_state",
            "externalUserState",
            "State of a guest's invitation; NULL for accounts that were not invited.",
            values=("PendingAcceptance", "Accepted"),
        ),
        moment("external_user_state_changed_at", "externalUserStateChangeDateTime", "When that state last changed."),
        moment("last_password_changed_at", "lastPasswordChangeDateTime", "Last password change or reset."),
        text(
            "password_policies",
            "passwordPolicies",
            "DisablePasswordExpiration and DisableStrongPassword, joined by commas; NULL if none is set.",
        ),
        structure(
            "assigned_licenses",
            "STRUCT(skuId VARCHAR, disabledPlans VARCHAR[])[]",
            "assignedLicenses",
            "Licence products of the user, direct and through groups; empty if none.",
        ),
        flag(
            "on_premises_sync_enabled",
            "onPremisesSyncEnabled",
            "TRUE while synchronised, FALSE once stopped, NULL if the account never was.",
        ),
        moment("on_premises_last_sync_at", "onPremisesLastSyncDateTime", "Last synchronisation; NULL if never."),
        text("on_premises_immutable_id", "onPremisesImmutableId", "Anchor of the synchronised account."),
        text("on_premises_sam_account_name", "onPremisesSamAccountName", "Windows account name."),
        text("on_premises_domain_name", "onPremisesDomainName", "Domain of the synchronised account."),
        text("on_premises_security_identifier", "onPremisesSecurityIdentifier", "Windows SID."),
        text("on_premises_distinguished_name", "onPremisesDistinguishedName", "LDAP name."),
        moment(
            "sessions_valid_from_at", "signInSessionsValidFromDateTime", "Refresh tokens given out before are void."
        ),
        text("usage_location", "usageLocation", "Two-letter country."),
        text("department", "department", "Department."),
        text("job_title", "jobTitle", "Job title."),
        text("employee_id", "employeeId", "Number in the personnel system."),
        text("employee_type", "employeeType", "Kind of employment, in the tenant's own words."),
        moment("employee_hire_at", "employeeHireDate", "First working day."),
        moment("employee_leave_at", "employeeLeaveDateTime", "Last working day."),
        flag("is_resource_account", "isResourceAccount", "A room, device or call queue; NULL if never set."),
        text("security_identifier", "securityIdentifier", "SID in the cloud."),
    ),
)

USER_SIGN_IN_ACTIVITY: Final = SourceTable(
    name="user_sign_in_activity",
    doc="When each user last signed in. A user who is not here came into being after the table was read; one with "
    "NULL in all columns never signed in since April 2020, as far as Graph tells. Values lag by hours.",
    # Selecting signInActivity cuts pages to 500 and falls under 10 requests a minute.
    source=directory_source(
        "users",
        "AuditLog.Read.All",
        "User.Read.All",
        page_size=500,
        licence=Licence.P1,
        throttle_class=ThrottleClass.SIGN_IN_ACTIVITY,
    ),
    key=("user_id",),
    columns=(
        text("user_id", "id", "Object id of the user."),
        moment(
            "last_sign_in_at", "signInActivity.lastSignInDateTime", "Last interactive attempt, failed ones included."
        ),
        moment(
            "last_non_interactive_sign_in_at",
            "signInActivity.lastNonInteractiveSignInDateTime",
            "Last attempt by a client on the user's behalf, failed ones included.",
        ),
        moment(
            "last_successful_sign_in_at",
            "signInActivity.lastSuccessfulSignInDateTime",
            "Last success of either kind; recorded since December 2023 only.",
        ),
    ),
)

USER_REGISTRATION_DETAILS: Final = SourceTable(
    name="user_registration_details",
    doc="Which sign-in methods each user has registered. A user who is not here is unknown: the report leaves out "
    "new and some disabled accounts, and lags by hours.",
    source=directory_source(
        "reports/authenticationMethods/userRegistrationDetails",
        "AuditLog.Read.All",
        licence=Licence.P1,
        throttle_class=ThrottleClass.REPORTS,
    ),
    key=("user_id",),
    columns=(
        text("user_id", "id", "Object id of the user."),
        text(
            "user_type",
            "userType",
            "member or guest.",
            values=("member", "guest"),
            unknown=frozenset({"unknownFutureValue"}),
            spelling=Spelling.LOWER,
        ),
        flag("is_admin", "isAdmin", "Holds any active directory role; eligible ones may be missed."),
        flag("is_mfa_capable", "isMfaCapable", "Registered a second factor that the tenant allows."),
        flag("is_mfa_registered", "isMfaRegistered", "Registered a second factor, allowed or not."),
        flag("is_passwordless_capable", "isPasswordlessCapable", "Registered an allowed passwordless method."),
        flag("is_sspr_capable", "isSsprCapable", "Can reset the own password."),
        flag("is_sspr_enabled", "isSsprEnabled", "May reset the own password."),
        flag("is_sspr_registered", "isSsprRegistered", "Registered for resetting the own password."),
        texts("methods_registered", "methodsRegistered", "Registered methods; an open set of names."),
        text(
            "preferred_method",
            "userPreferredMethodForSecondaryAuthentication",
            "Second factor that the user chose; empty if none was chosen.",
        ),
        moment("updated_at", "lastUpdatedDateTime", "When the report last looked at this user."),
    ),
)

USER_LAST_ACTIVITY: Final = derived_table(
    "user_last_activity",
    doc="When each user was last active, as well as Graph can tell. A user who is not here came into being after "
    "user_sign_in_activity was read.",
    columns=(
        text("user_id", None, "Object id of the user."),
        moment(
            "last_active_at",
            None,
            "Last successful sign-in; where none is recorded (they are since December 2023), the last attempt. NULL "
            "if there is neither.",
        ),
        flag(
            "has_signed_in",
            None,
            "FALSE if nothing is recorded since April 2020; NULL if Graph tells nothing about any user at all.",
        ),
    ),
)

USER_ORIGINS: Final = derived_table(
    "user_origins",
    doc="Where each account comes from and what it is for, in words where Graph's null is an answer. One row for "
    "each user.",
    columns=(
        text("user_id", None, "Object id of the user."),
        flag("is_synchronised", None, "Managed in the directory on premises; FALSE if it never was or is no more."),
        text(
            "invitation_state",
            None,
            "State of the invitation, or none if the account was not invited.",
            values=("none", "PendingAcceptance", "Accepted"),
        ),
        moment(
            "invitation_changed_at",
            None,
            "Since when the invitation is in that state; where Graph kept no date, since the account was made. NULL "
            "if the account was not invited.",
        ),
        moment("starts_at", None, "First working day; where none is recorded, when the account was made."),
        flag("is_resource_account", None, "A room, device or call queue; FALSE if it never was made one."),
    ),
)
