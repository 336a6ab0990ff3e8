"""Tables of Conditional Access: the policies as Graph sends them, and flattened for checks."""

from __future__ import annotations

from typing import Final

from posture.domain.tenant import Licence
from posture.tables.declare import beyond, derived_table, directory_source, flag, moment, structure, text, texts
from posture.tables.table import Source, SourceTable, ThrottleClass, WithoutLicence


def _conditional_access_source(path: str) -> Source:
    # Without P1 no policy can be in force, so there is none: that is knowledge, not a gap.
    return directory_source(
        f"identity/conditionalAccess/{path}",
        "Policy.Read.All",
        page_size=None,
        licence=Licence.P1,
        without_licence=WithoutLicence.EMPTY,
        throttle_class=ThrottleClass.IDENTITY_PROTECTION,
        # Without it newer members of an enumeration arrive as unknownFutureValue.
        headers={"Prefer": "include-unknown-enum-members"},
    )


_CONDITIONS: Final = """STRUCT(
    applications STRUCT(
        includeApplications VARCHAR[], excludeApplications VARCHAR[], includeUserActions VARCHAR[],
        includeAuthenticationContextClassReferences VARCHAR[],
        applicationFilter STRUCT("mode" VARCHAR, "rule" VARCHAR)
    ),
    users STRUCT(
        includeUsers VARCHAR[], excludeUsers VARCHAR[], includeGroups VARCHAR[], excludeGroups VARCHAR[],
        includeRoles VARCHAR[], excludeRoles VARCHAR[],
        includeGuestsOrExternalUsers STRUCT(
            guestOrExternalUserTypes VARCHAR, externalTenants STRUCT(membershipKind VARCHAR, members VARCHAR[])
        ),
        excludeGuestsOrExternalUsers STRUCT(
            guestOrExternalUserTypes VARCHAR, externalTenants STRUCT(membershipKind VARCHAR, members VARCHAR[])
        )
    ),
    clientApplications STRUCT(
        includeServicePrincipals VARCHAR[], excludeServicePrincipals VARCHAR[],
        servicePrincipalFilter STRUCT("mode" VARCHAR, "rule" VARCHAR)
    ),
    clientAppTypes VARCHAR[],
    platforms STRUCT(includePlatforms VARCHAR[], excludePlatforms VARCHAR[]),
    locations STRUCT(includeLocations VARCHAR[], excludeLocations VARCHAR[]),
    devices STRUCT(deviceFilter STRUCT("mode" VARCHAR, "rule" VARCHAR)),
    authenticationFlows STRUCT(transferMethods VARCHAR),
    insiderRiskLevels VARCHAR,
    userRiskLevels VARCHAR[],
    signInRiskLevels VARCHAR[],
    servicePrincipalRiskLevels VARCHAR[]
)"""
_GRANT: Final = """STRUCT(
    "operator" VARCHAR, builtInControls VARCHAR[], customAuthenticationFactors VARCHAR[], termsOfUse VARCHAR[],
    authenticationStrength STRUCT(
        id VARCHAR, displayName VARCHAR, requirementsSatisfied VARCHAR, allowedCombinations VARCHAR[]
    )
)"""
# A strength may say more about itself without asking for anything else.
_CONTROLS: Final = """STRUCT(
    "operator" VARCHAR, builtInControls VARCHAR[], customAuthenticationFactors VARCHAR[], termsOfUse VARCHAR[],
    authenticationStrength VARCHAR
)"""
_SESSION: Final = """STRUCT(
    applicationEnforcedRestrictions STRUCT(isEnabled BOOLEAN),
    cloudAppSecurity STRUCT(isEnabled BOOLEAN),
    disableResilienceDefaults BOOLEAN,
    persistentBrowser STRUCT(isEnabled BOOLEAN, "mode" VARCHAR),
    secureSignInSession STRUCT(isEnabled BOOLEAN),
    signInFrequency STRUCT(isEnabled BOOLEAN, "type" VARCHAR, "value" BIGINT, frequencyInterval VARCHAR)
)"""

CONDITIONAL_ACCESS_DOCUMENTS: Final = SourceTable(
    name="conditional_access_documents",
    doc="Conditional Access policies as Graph sends them; conditional_access_policies is easier to read. A policy "
    "that is not here does not exist. Without Entra ID P1 no policy can be in force: no rows.",
    source=_conditional_access_source("policies"),
    key=("id",),
    columns=(
        text("id", "id", "Id of the policy."),
        text("display_name", "displayName", "Name."),
        text("state", "state", "As in conditional_access_policies.", unknown=frozenset({"unknownFutureValue"})),
        moment("created_at", "createdDateTime", "When it was made; NULL if Graph did not keep it."),
        moment("modified_at", "modifiedDateTime", "Last change; NULL if it was never changed."),
        structure("conditions", _CONDITIONS, "conditions", "To whom and what it applies."),
        structure("grant_controls", _GRANT, "grantControls", "What it asks for; NULL if it asks for nothing."),
        beyond("other_conditions", _CONDITIONS, "conditions", "Conditions set beyond those: nobody here knows them."),
        beyond("other_controls", _CONTROLS, "grantControls", "Controls set beyond those: nobody here knows them."),
        structure("session_controls", _SESSION, "sessionControls", "How it limits the session; NULL if it does not."),
    ),
)

_ALL_OR_IDS: Final = "Empty if none."

CONDITIONAL_ACCESS_POLICIES: Final = derived_table(
    "conditional_access_policies",
    doc="Conditional Access policies in every state, flattened. A policy that is not here does not exist; without "
    "Entra ID P1 none can be in force, so there are no rows. A condition or control that a policy does not set is an "
    "empty list, which is knowledge; NULL means that Graph did not tell, or named something that is not understood.",
    columns=(
        text("id", None, "Id of the policy."),
        text("display_name", None, "Name."),
        text(
            "state",
            None,
            "Only enabled policies do anything.",
            values=("enabled", "disabled", "enabledForReportingButNotEnforced"),
        ),
        texts("include_users", None, f"User ids, All, None or GuestsOrExternalUsers. {_ALL_OR_IDS}"),
        texts("include_groups", None, f"Group ids. {_ALL_OR_IDS}"),
        texts("include_roles", None, f"Template ids of roles. {_ALL_OR_IDS}"),
        texts("include_guest_types", None, f"Kinds of guests and external users. {_ALL_OR_IDS}"),
        texts("exclude_users", None, f"User ids or GuestsOrExternalUsers. {_ALL_OR_IDS}"),
        texts("exclude_groups", None, f"Group ids. {_ALL_OR_IDS}"),
        texts("exclude_roles", None, f"Template ids of roles. {_ALL_OR_IDS}"),
        texts("exclude_guest_types", None, f"Kinds of guests and external users. {_ALL_OR_IDS}"),
        texts(
            "exclude_principals",
            None,
            "Everybody left out: users, groups and roles, and GuestsOrExternalUsers if any kind of guest is. NULL if "
            "any part is.",
        ),
        texts(
            "include_service_principals",
            None,
            "Ids of workload identities, or ServicePrincipalsInMyTenant. Empty if the policy is about people.",
        ),
        texts(
            "include_applications", None, f"Client ids, All, None, Office365 or MicrosoftAdminPortals. {_ALL_OR_IDS}"
        ),
        texts("exclude_applications", None, f"Client ids. {_ALL_OR_IDS}"),
        texts("include_user_actions", None, f"Actions such as urn:user:registersecurityinfo. {_ALL_OR_IDS}"),
        texts("include_authentication_contexts", None, f"c1 to c99. {_ALL_OR_IDS}"),
        texts(
            "client_app_types",
            None,
            "Kinds of client.",
            values=("all", "browser", "mobileAppsAndDesktopClients", "exchangeActiveSync", "easSupported", "other"),
        ),
        texts("include_platforms", None, f"Operating systems, or all. {_ALL_OR_IDS}"),
        texts("exclude_platforms", None, f"Operating systems. {_ALL_OR_IDS}"),
        texts("include_locations", None, f"Ids of named locations, All or AllTrusted. {_ALL_OR_IDS}"),
        texts("exclude_locations", None, f"Ids of named locations or AllTrusted. {_ALL_OR_IDS}"),
        texts(
            "user_risk_levels", None, f"Levels of user risk. {_ALL_OR_IDS}", values=("none", "low", "medium", "high")
        ),
        texts(
            "sign_in_risk_levels",
            None,
            f"Levels of sign-in risk. {_ALL_OR_IDS}",
            values=("none", "low", "medium", "high"),
        ),
        texts(
            "insider_risk_levels",
            None,
            f"Levels of insider risk. {_ALL_OR_IDS}",
            values=("minor", "moderate", "elevated"),
        ),
        texts(
            "transfer_methods",
            None,
            f"Authentication flows. {_ALL_OR_IDS}",
            values=("none", "deviceCodeFlow", "authenticationTransfer"),
        ),
        texts(
            "narrowed_by",
            None,
            "Conditions that make the policy count only sometimes. Empty if it always counts for those it names: "
            "then any location, platform, device, client and risk is covered. NULL if a condition is not understood.",
            values=(
                "platforms",
                "device_filter",
                "locations",
                "client_app_types",
                "application_filter",
                "user_risk",
                "sign_in_risk",
                "service_principal_risk",
                "insider_risk",
                "authentication_flows",
            ),
        ),
        texts(
            "grant_controls",
            None,
            f"Built-in controls. {_ALL_OR_IDS}",
            values=(
                "block",
                "mfa",
                "compliantDevice",
                "domainJoinedDevice",
                "approvedApplication",
                "compliantApplication",
                "passwordChange",
                "riskRemediation",
            ),
        ),
        text(
            "grant_operator",
            None,
            "Whether one control is enough (OR) or all are needed (AND); none if the policy asks for nothing.",
            values=("AND", "OR", "none"),
        ),
        text("authentication_strength_id", None, "Id of the strength asked for, or none."),
        texts(
            "authentication_strength_combinations",
            None,
            f"Combinations of methods that the strength allows. {_ALL_OR_IDS}",
        ),
        flag(
            "requires_mfa",
            None,
            "Nobody gets in with one factor: mfa or a strength that means it is asked for, and no other control is "
            "enough instead. Custom factors do not count.",
        ),
        flag(
            "has_session_controls",
            None,
            "The policy limits the session in some way; NULL if none of the limits that it names is understood.",
        ),
        moment("created_at", None, "When it was made; NULL if Graph did not keep it."),
        moment("modified_at", None, "Last change; NULL if it was never changed."),
    ),
)

NAMED_LOCATIONS: Final = SourceTable(
    name="named_locations",
    doc="Named locations, by address or by country. One that is not here does not exist. Without Entra ID P1 they "
    "have no use: no rows.",
    source=_conditional_access_source("namedLocations"),
    key=("id",),
    columns=(
        text("id", "id", "Id, as conditions of policies name it."),
        text("display_name", "displayName", "Name."),
        text(
            "kind",
            "@odata.type",
            "By address or by country.",
            values=("#microsoft.graph.ipNamedLocation", "#microsoft.graph.countryNamedLocation"),
        ),
        flag("is_trusted", "isTrusted", "Counts as trusted; NULL for countries, which never do."),
        structure(
            "ip_ranges", "STRUCT(cidrAddress VARCHAR)[]", "ipRanges", "Ranges of addresses; NULL for countries."
        ),
        texts("countries", "countriesAndRegions", "Two-letter countries; NULL for addresses."),
        flag(
            "include_unknown_countries",
            "includeUnknownCountriesAndRegions",
            "Addresses of no known country belong to it; NULL for addresses.",
        ),
        text(
            "country_lookup_method",
            "countryLookupMethod",
            "How the country is found; NULL for addresses.",
            values=("clientIpAddress", "authenticatorAppGps"),
        ),
        moment("created_at", "createdDateTime", "When it was made."),
        moment("modified_at", "modifiedDateTime", "Last change."),
    ),
)
