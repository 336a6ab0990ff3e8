"""Tables about settings of the whole tenant: authorization, methods, security defaults."""

from __future__ import annotations

from typing import Final

from posture.tables.declare import flag, moment, number, singleton_source, text, texts
from posture.tables.table import SourceTable, ThrottleClass

SECURITY_DEFAULTS: Final = SourceTable(
    name="security_defaults",
    doc="The switch for security defaults. Exactly one row; no row means that Graph did not answer.",
    source=singleton_source(
        "policies/identitySecurityDefaultsEnforcementPolicy",
        "Policy.Read.All",
        covered_also_by=frozenset({"Policy.ReadWrite.SecurityDefaults"}),
    ),
    key=("id",),
    columns=(
        text("id", "id", "Id of the policy."),
        flag("is_enabled", "isEnabled", "Everybody registers for MFA, legacy authentication is blocked."),
    ),
)

AUTHORIZATION_POLICY: Final = SourceTable(
    name="authorization_policy",
    doc="What ordinary users and guests may do. Exactly one row; no row means that Graph did not answer.",
    # $select is not documented for it.
    source=singleton_source(
        "policies/authorizationPolicy",
        "Policy.Read.All",
        covered_also_by=frozenset({"Policy.ReadWrite.Authorization"}),
        selectable=False,
    ),
    key=("id",),
    columns=(
        text("id", "id", "Id of the policy."),
        text(
            "allow_invites_from",
            "allowInvitesFrom",
            "Who may invite guests.",
            values=("none", "adminsAndGuestInviters", "adminsGuestInvitersAndAllMembers", "everyone"),
            unknown=frozenset({"unknownFutureValue"}),
        ),
        text(
            "guest_user_role_id",
            "guestUserRoleId",
            "What guests see: a0b1b346-4d3e-4e8b-98f8-753987be4970 as members, 10dae51f-b6af-4016-8d66-8c2a99b929b3 "
            "limited, 2af84b1e-32c8-42b7-82bc-daa82404023b their own object only.",
        ),
        flag("allow_sspr", "allowedToUseSSPR", "Administrators may reset their own password."),
        flag(
            "allow_email_subscriptions",
            "allowedToSignUpEmailBasedSubscriptions",
            "Users may sign up for trials by mail address.",
        ),
        flag(
            "allow_email_verified_join",
            "allowEmailVerifiedUsersToJoinOrganization",
            "Whoever owns a mail address of the tenant's domains may join.",
        ),
        flag(
            "allow_risky_app_consent",
            "allowUserConsentForRiskyApps",
            "Users may consent to risky applications; NULL means no.",
        ),
        flag("block_msol_powershell", "blockMsolPowerShell", "The old PowerShell module is blocked for users."),
        flag(
            "users_create_apps", "defaultUserRolePermissions.allowedToCreateApps", "Users may register applications."
        ),
        flag(
            "users_create_security_groups",
            "defaultUserRolePermissions.allowedToCreateSecurityGroups",
            "Users may make security groups.",
        ),
        flag("users_create_tenants", "defaultUserRolePermissions.allowedToCreateTenants", "Users may make tenants."),
        flag(
            "users_read_bitlocker_keys",
            "defaultUserRolePermissions.allowedToReadBitlockerKeysForOwnedDevice",
            "Users may read the BitLocker keys of their own devices.",
        ),
        flag(
            "users_read_other_users",
            "defaultUserRolePermissions.allowedToReadOtherUsers",
            "Users may read the directory.",
        ),
        texts(
            "permission_grant_policies",
            "defaultUserRolePermissions.permissionGrantPoliciesAssigned",
            "Policies under which users consent to applications. Empty, or without an entry that begins with "
            "ManagePermissionGrantsForSelf: users cannot consent for themselves.",
        ),
    ),
)

AUTHENTICATION_METHODS_POLICY: Final = SourceTable(
    name="authentication_methods_policy",
    doc="Which sign-in methods the tenant allows. Exactly one row; no row means that Graph did not answer.",
    source=singleton_source(
        "policies/authenticationMethodsPolicy",
        "Policy.Read.AuthenticationMethod",
        selectable=False,
        throttle_class=ThrottleClass.UNLISTED,
    ),
    key=("id",),
    columns=(
        text("id", "id", "Id of the policy."),
        text(
            "policy_migration_state",
            "policyMigrationState",
            "Whether the older MFA and password-reset policies still count. NULL if Graph did not tell; tenants that "
            "never had those policies may show it so.",
            values=("preMigration", "migrationInProgress", "migrationComplete"),
            unknown=frozenset({"", "unknownFutureValue"}),
        ),
        text("policy_version", "policyVersion", "Version of the policy."),
        number("reconfirmation_days", "reconfirmationInDays", "Days until users confirm their methods again."),
        moment("modified_at", "lastModifiedDateTime", "Last change."),
        text(
            "registration_campaign_state",
            "registrationEnforcement.authenticationMethodsRegistrationCampaign.state",
            "Whether users are asked to register a stronger method.",
            values=("default", "enabled", "disabled"),
            unknown=frozenset({"unknownFutureValue"}),
        ),
        number(
            "registration_campaign_snooze_days",
            "registrationEnforcement.authenticationMethodsRegistrationCampaign.snoozeDurationInDays",
            "Days for which a user may put it off.",
        ),
    ),
)
