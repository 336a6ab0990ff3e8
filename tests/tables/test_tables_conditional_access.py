"""Conditional Access policies, flattened: what is not set is an empty list, what is not told is NULL."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

Rows = list[dict[str, Any]]
Derive = Callable[..., Rows]

POLICY: dict[str, Any] = {
    "id": "p1",
    "display_name": "MFA",
    "state": "enabled",
    "conditions": {
        "users": {
            "includeUsers": ["All"],
            "excludeUsers": [],
            "includeGroups": [],
            "excludeGroups": [],
            "includeRoles": [],
            "excludeRoles": [],
        },
        "applications": {"includeApplications": ["All"], "excludeApplications": [], "includeUserActions": []},
        "clientAppTypes": ["all"],
        "platforms": None,
        "locations": None,
        "signInRiskLevels": [],
    },
    "grant_controls": {
        "operator": "OR",
        "builtInControls": ["mfa"],
        "customAuthenticationFactors": [],
        "termsOfUse": [],
    },
    "session_controls": None,
    "other_conditions": [],
    "other_controls": [],
}


def policy_with(**changes: Any) -> dict[str, Any]:
    """The policy with other values, named by their path: ``conditions__users__excludeUsers``."""
    policy = deepcopy(POLICY)
    for path, value in changes.items():
        place = policy
        *parents, last = path.split("__")
        for parent in parents:
            place = place[parent]
        place[last] = value
    return policy


def flat(derive: Derive, **changes: Any) -> dict[str, Any]:
    (row,) = derive("conditional_access_policies", conditional_access_documents=[policy_with(**changes)])
    return row


def test_a_condition_that_is_not_set_is_an_empty_list(derive: Derive) -> None:
    row = flat(derive)

    assert row["narrowed_by"] == []
    for column in (
        "include_guest_types", "exclude_guest_types", "include_service_principals", "include_platforms",
        "exclude_locations", "user_risk_levels", "sign_in_risk_levels", "insider_risk_levels", "transfer_methods",
        "include_user_actions", "include_authentication_contexts", "exclude_principals",
        "authentication_strength_combinations",
    ):  # fmt: skip
        assert row[column] == [], column
    assert (row["authentication_strength_id"], row["grant_operator"]) == ("none", "OR")


def test_a_policy_that_only_limits_the_session_asks_for_nothing(derive: Derive) -> None:
    row = flat(derive, grant_controls=None, session_controls={"disableResilienceDefaults": True})

    assert (row["grant_controls"], row["grant_operator"]) == ([], "none")
    assert (row["requires_mfa"], row["has_session_controls"]) == (False, True)


def test_without_conditions_nothing_is_known_about_whom_it_reaches(derive: Derive) -> None:
    row = flat(derive, conditions=None)

    for column in ("include_users", "exclude_principals", "include_applications", "narrowed_by", "transfer_methods"):
        assert row[column] is None, column


@pytest.mark.parametrize("part", ["excludeUsers", "excludeGroups", "excludeRoles"])
def test_one_part_of_the_exclusions_missing_makes_all_of_them_unknown(derive: Derive, part: str) -> None:
    assert flat(derive, **{f"conditions__users__{part}": None})["exclude_principals"] is None


def test_exclusions_of_every_kind_are_in_one_list(derive: Derive) -> None:
    row = flat(
        derive,
        conditions__users__excludeUsers=["u1"],
        conditions__users__excludeGroups=["g1"],
        conditions__users__excludeRoles=["r1"],
        conditions__users__excludeGuestsOrExternalUsers={
            "guestOrExternalUserTypes": "internalGuest,b2bCollaborationGuest"
        },
    )

    assert row["exclude_principals"] == ["u1", "g1", "r1", "GuestsOrExternalUsers"]
    assert row["exclude_guest_types"] == ["internalGuest", "b2bCollaborationGuest"]


def test_a_policy_for_workload_identities_reaches_no_people(derive: Derive) -> None:
    row = flat(
        derive,
        conditions__users=None,
        conditions__clientApplications={"includeServicePrincipals": ["ServicePrincipalsInMyTenant"]},
    )

    assert (row["include_users"], row["exclude_principals"]) == ([], [])
    assert row["include_service_principals"] == ["ServicePrincipalsInMyTenant"]


@pytest.mark.parametrize(
    ("changes", "narrowed_by"),
    [
        ({"conditions__platforms": {"includePlatforms": ["windows"], "excludePlatforms": []}}, ["platforms"]),
        ({"conditions__platforms": {"includePlatforms": ["all"], "excludePlatforms": ["iOS"]}}, ["platforms"]),
        ({"conditions__platforms": {"includePlatforms": ["all"], "excludePlatforms": []}}, []),
        ({"conditions__locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}}, ["locations"]),
        ({"conditions__locations": {"includeLocations": ["l1"], "excludeLocations": []}}, ["locations"]),
        ({"conditions__locations": {"includeLocations": ["All"], "excludeLocations": []}}, []),
        ({"conditions__devices": {"deviceFilter": {"mode": "exclude", "rule": "x"}}}, ["device_filter"]),
        ({"conditions__clientAppTypes": ["browser"]}, ["client_app_types"]),
        ({"conditions__clientAppTypes": ["browser", "mobileAppsAndDesktopClients"]}, []),
        ({"conditions__applications__applicationFilter": {"mode": "include", "rule": "x"}}, ["application_filter"]),
        ({"conditions__userRiskLevels": ["high"]}, ["user_risk"]),
        ({"conditions__signInRiskLevels": ["high"]}, ["sign_in_risk"]),
        ({"conditions__servicePrincipalRiskLevels": ["high"]}, ["service_principal_risk"]),
        ({"conditions__insiderRiskLevels": "minor,moderate"}, ["insider_risk"]),
        ({"conditions__authenticationFlows": {"transferMethods": "deviceCodeFlow"}}, ["authentication_flows"]),
        ({"conditions__clientAppTypes": None}, None),
        ({"conditions__userRiskLevels": ["unknownFutureValue"]}, None),
    ],
)
def test_what_narrows_a_policy(derive: Derive, changes: dict[str, Any], narrowed_by: list[str] | None) -> None:
    assert flat(derive, **changes)["narrowed_by"] == narrowed_by


def test_flows_come_as_one_text_and_leave_as_a_list(derive: Derive) -> None:
    row = flat(derive, conditions__authenticationFlows={"transferMethods": "deviceCodeFlow, authenticationTransfer"})

    assert row["transfer_methods"] == ["deviceCodeFlow", "authenticationTransfer"]


def strength(satisfies: str | None) -> dict[str, Any]:
    return {"id": "s1", "requirementsSatisfied": satisfies, "allowedCombinations": ["fido2"]}


@pytest.mark.parametrize(
    ("grant", "requires_mfa"),
    [
        ({"operator": "OR", "builtInControls": ["mfa"]}, True),
        ({"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]}, False),
        ({"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}, True),
        ({"operator": "AND", "builtInControls": ["compliantDevice"]}, False),
        ({"operator": "OR", "builtInControls": ["block"]}, False),
        ({"operator": "OR", "builtInControls": []}, False),
        ({"operator": "OR", "builtInControls": ["mfa"], "termsOfUse": ["t1"]}, False),
        ({"operator": "AND", "builtInControls": ["mfa"], "termsOfUse": ["t1"]}, True),
        ({"operator": "OR", "builtInControls": [], "customAuthenticationFactors": ["duo"]}, False),
        ({"operator": "OR", "builtInControls": [], "authenticationStrength": strength("mfa")}, True),
        ({"operator": "OR", "builtInControls": [], "authenticationStrength": strength("none")}, False),
        ({"operator": "OR", "builtInControls": ["mfa"], "authenticationStrength": strength("none")}, False),
        ({"operator": "AND", "builtInControls": ["mfa"], "authenticationStrength": strength(None)}, True),
        ({"operator": "OR", "builtInControls": [], "authenticationStrength": strength(None)}, None),
        ({"operator": "OR", "builtInControls": None}, None),
        ({"operator": None, "builtInControls": ["mfa"]}, None),
        ({"operator": "OR", "builtInControls": ["unknownFutureValue"]}, None),
    ],
)
def test_mfa_is_required_only_where_nothing_else_is_enough(
    derive: Derive, grant: dict[str, Any], requires_mfa: bool | None
) -> None:
    defaults: dict[str, Any] = {"customAuthenticationFactors": [], "termsOfUse": []}

    assert flat(derive, grant_controls=defaults | grant)["requires_mfa"] is requires_mfa


def test_every_policy_is_one_row_whatever_its_state(derive: Derive) -> None:
    states = ["enabled", "disabled", "enabledForReportingButNotEnforced", None]
    documents = [policy_with(id=f"p{number}", state=state) for number, state in enumerate(states)]

    rows = derive("conditional_access_policies", conditional_access_documents=documents)

    assert {row["id"]: row["state"] for row in rows} == {f"p{number}": state for number, state in enumerate(states)}


def test_a_condition_that_nobody_knows_may_narrow_the_policy(derive: Derive) -> None:
    row = flat(derive, other_conditions=["agentIdRiskLevels"])

    assert row["narrowed_by"] is None
    assert row["include_users"] == ["All"]


@pytest.mark.parametrize(
    ("operator", "controls", "requires"),
    [("OR", ["mfa"], None), ("OR", ["compliantDevice"], False), ("AND", ["mfa"], True), ("AND", [], None)],
)
def test_a_control_that_nobody_knows_may_be_enough_instead(
    derive: Derive, operator: str, controls: list[str], requires: bool | None
) -> None:
    row = flat(
        derive,
        other_controls=["riddle"],
        grant_controls__operator=operator,
        grant_controls__builtInControls=controls,
    )

    assert row["requires_mfa"] is requires


@pytest.mark.parametrize(
    ("controls", "limits"),
    [
        (None, False),
        ({"signInFrequency": {"isEnabled": True, "value": 4, "type": "hours"}}, True),
        ({"disableResilienceDefaults": True}, True),
        ({"signInFrequency": {"isEnabled": False}}, None),
        ({}, None),
    ],
)
def test_a_session_is_limited_by_a_control_that_is_on(
    derive: Derive, controls: dict[str, Any] | None, limits: bool | None
) -> None:
    assert flat(derive, session_controls=controls)["has_session_controls"] is limits
