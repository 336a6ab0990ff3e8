"""Actions on users: who can sign in, with what, and to which groups they belong."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .acting_company import Office, Sent
from .scenes import Scene, scene


def value_of(office: Office, user: str, name: str) -> Any:
    return office.state(f"users/{user}")[name]


@scene("disable-user")
def disable(office: Office) -> Scene:
    user = office.member(0)["id"]
    return Scene(
        target=user,
        seen=lambda: value_of(office, user, "accountEnabled"),
        before=True,
        after=False,
        sent=[("PATCH", f"/users/{user}", {"accountEnabled": False})],
        sent_back=lambda: [("PATCH", f"/users/{user}", {"accountEnabled": True})],
    )


@scene("enable-user")
def enable(office: Office) -> Scene:
    user = office.user("member_disabled_without_mfa")["id"]
    return Scene(
        target=user,
        seen=lambda: value_of(office, user, "accountEnabled"),
        before=False,
        after=True,
        sent=[("PATCH", f"/users/{user}", {"accountEnabled": True})],
        sent_back=lambda: [("PATCH", f"/users/{user}", {"accountEnabled": False})],
    )


@scene("revoke-sessions")
def sign_out(office: Office) -> Scene:
    user, begun = office.member(1)["id"], f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Scene(
        target=user,
        seen=lambda: value_of(office, user, "signInSessionsValidFromDateTime") >= begun,
        before=False,
        after=True,
        sent=[("POST", f"/users/{user}/revokeSignInSessions", None)],
        sent_back=None,
    )


@scene("require-password-change")
def require_password(office: Office) -> Scene:
    user = office.user("risky_medium")["id"]
    profile = {"forceChangePasswordNextSignIn": True}
    return Scene(
        target=user,
        check="risky-users",
        seen=lambda: (
            office.state(f"users/{user}").get("passwordProfile", {}).get("forceChangePasswordNextSignIn", False)
        ),
        before=False,
        after=True,
        sent=[("PATCH", f"/users/{user}", {"passwordProfile": profile})],
        sent_back=None,
    )


@scene("reset-mfa")
def reset_factors(office: Office) -> Scene:
    user = office.user("risky_high")["id"]
    removals = [
        ("DELETE", f"/users/{user}/authentication/{segment}/{id}", None)
        for segment, id in methods_by_segment(office, user)
    ]
    # Graph keeps the default method while there is another one, and does not say which one it is.
    default = [one for one in removals if one[1].endswith(office.tenant.default_methods[user])]
    signing_out = ("POST", f"/users/{user}/revokeSignInSessions", None)
    return Scene(
        target=user,
        check="risky-users",
        seen=lambda: kinds_of_methods(office, user),
        before=[
            *("email", "fido2", "fido2", "microsoftAuthenticator", "password", "phone", "phone"),
            *("softwareOath", "windowsHelloForBusiness"),
        ],
        after=["password"],
        shown=[*removals, signing_out],
        sent=[*removals, *default, signing_out],
        sent_back=None,
    )


def kinds_of_methods(office: Office, user: str) -> list[str]:
    held = office.state(f"users/{user}/authentication/methods")
    return sorted(
        one["@odata.type"].removeprefix("#microsoft.graph.").removesuffix("AuthenticationMethod") for one in held
    )


def methods_by_segment(office: Office, user: str) -> list[tuple[str, str]]:
    """Return segment and id of every method but the password, as Graph has them removed: the mobile phone last."""
    held = [
        one for one in office.state(f"users/{user}/authentication/methods") if "password" not in one["@odata.type"]
    ]
    segments = [
        (
            one["@odata.type"].removeprefix("#microsoft.graph.").removesuffix("AuthenticationMethod") + "Methods",
            one["id"],
            one.get("phoneType") == "mobile",
        )
        for one in held
    ]
    return [(segment, id) for segment, id, _ in sorted(segments, key=lambda one: (one[2], one[0], one[1]))]


@scene("issue-temporary-access-pass")
def issue_pass(office: Office) -> Scene:
    user = office.user("member_email_only")["id"]
    path = f"/users/{user}/authentication/temporaryAccessPassMethods"

    allow_passes(office)

    def withdrawn() -> list[Sent]:
        (made,) = [
            one for one in office.state(f"users/{user}/authentication/methods") if "Pass" in one["@odata.type"]
        ]
        return [("DELETE", f"{path}/{made['id']}", None)]

    return Scene(
        target=user,
        check="mfa-gaps",
        parameters={"lifetime_minutes": "90"},
        seen=lambda: kinds_of_methods(office, user),
        before=["email", "password"],
        after=["email", "password", "temporaryAccessPass"],
        sent=[("POST", path, {"lifetimeInMinutes": 90, "isUsableOnce": True})],
        sent_back=withdrawn,
        reveals=frozenset({"temporaryAccessPass"}),
        again="no-usable-pass",
    )


def allow_passes(office: Office) -> None:
    """Allow Temporary Access Passes in the company's policy."""
    policy = office.tenant.singletons["policies/authenticationMethodsPolicy"]
    for method in policy["authenticationMethodConfigurations"]:
        if method["id"] == "TemporaryAccessPass":
            method["state"] = "enabled"


@scene("add-group-member")
def add_member(office: Office) -> Scene:
    user, group = office.member(2)["id"], office.group("Legacy Protocol Printers")["id"]
    members = office.state(f"groups/{group}/members")
    return Scene(
        target=user,
        parameters={"group_id": group},
        seen=lambda: office.state(f"groups/{group}/members"),
        before=members,
        after=[*members, user],
        sent=[("POST", f"/groups/{group}/members/$ref", reference_to(office, user))],
        sent_back=lambda: [("DELETE", f"/groups/{group}/members/{user}/$ref", None)],
    )


@scene("remove-group-member")
def remove_member(office: Office) -> Scene:
    user, group = office.user("member_background_only")["id"], office.group("Legacy Protocol Printers")["id"]
    return Scene(
        target=user,
        parameters={"group_id": group},
        seen=lambda: office.state(f"groups/{group}/members"),
        before=[user],
        after=[],
        sent=[("DELETE", f"/groups/{group}/members/{user}/$ref", None)],
        sent_back=lambda: [("POST", f"/groups/{group}/members/$ref", reference_to(office, user))],
    )


def reference_to(office: Office, id: str) -> dict[str, str]:
    return {"@odata.id": f"{office.server.url}/v1.0/directoryObjects/{id}"}


@scene("update-user-type")
def make_guest(office: Office) -> Scene:
    user = office.user("member_external")["id"]
    return Scene(
        target=user,
        parameters={"to": "Guest"},
        seen=lambda: value_of(office, user, "userType"),
        before="Member",
        after="Guest",
        sent=[("PATCH", f"/users/{user}", {"userType": "Guest"})],
        sent_back=lambda: [("PATCH", f"/users/{user}", {"userType": "Member"})],
    )


@scene("delete-guest")
def delete_guest(office: Office) -> Scene:
    user = office.user("guest_idle")["id"]
    return Scene(
        target=user,
        check="inactive-guests",
        seen=lambda: office.state(f"users/{user}"),
        before=office.state(f"users/{user}"),
        after=None,
        sent=[("DELETE", f"/users/{user}", None)],
        sent_back=lambda: [("POST", f"/directory/deletedItems/{user}/restore", None)],
        again="guests-only",
    )


@scene("confirm-user-compromised")
def confirm(office: Office) -> Scene:
    user = office.user("risky_medium")["id"]
    return Scene(
        target=user,
        check="risky-users",
        seen=lambda: office.state(f"identityProtection/riskyUsers/{user}")["riskState"],
        before="atRisk",
        after="confirmedCompromised",
        sent=[("POST", "/identityProtection/riskyUsers/confirmCompromised", {"userIds": [user]})],
        sent_back=None,
    )


@scene("dismiss-user-risk")
def dismiss(office: Office) -> Scene:
    user = office.user("risky_medium")["id"]
    return Scene(
        target=user,
        check="risky-users",
        seen=lambda: office.state(f"identityProtection/riskyUsers/{user}")["riskState"],
        before="atRisk",
        after="dismissed",
        sent=[("POST", "/identityProtection/riskyUsers/dismiss", {"userIds": [user]})],
        sent_back=None,
    )
