"""Actions on the tenant itself, which gets something new."""

from __future__ import annotations

from typing import Any

from posture.simulator.demo_tenant.names import DOMAIN

from .acting_company import Office
from .scenes import Scene, scene


@scene("create-user")
def create_user(office: Office) -> Scene:
    name = f"new.hire@{DOMAIN}"

    def made() -> list[Any]:
        return [one for one in office.tenant.collections["users"] if one["userPrincipalName"] == name]

    return Scene(
        target=office.tenant.tenant_id,
        parameters={"user_principal_name": name, "display_name": "New Hire", "mail_nickname": "new.hire"},
        seen=lambda: [(one["displayName"], one["accountEnabled"]) for one in made()],
        before=[],
        after=[("New Hire", False)],
        sent=[
            (
                "POST",
                "/users",
                {
                    "accountEnabled": False,
                    "displayName": "New Hire",
                    "mailNickname": "new.hire",
                    "userPrincipalName": name,
                    "passwordProfile": {"password": "•••", "forceChangePasswordNextSignIn": True},
                },
            )
        ],
        sent_back=lambda: [("DELETE", f"/users/{made()[0]['id']}", None)],
        reveals=frozenset({"password"}),
        again="name-free",
    )


@scene("create-group")
def create_group(office: Office) -> Scene:
    name = "Pilots"

    def made() -> list[Any]:
        return [one for one in office.tenant.collections["groups"] if one["displayName"] == name]

    return Scene(
        target=office.tenant.tenant_id,
        parameters={"display_name": name, "mail_nickname": "pilots", "description": "who tries things first"},
        seen=lambda: [(one["displayName"], one["securityEnabled"], one["mailEnabled"]) for one in made()],
        before=[],
        after=[(name, True, False)],
        sent=[
            (
                "POST",
                "/groups",
                {
                    "displayName": name,
                    "description": "who tries things first",
                    "mailNickname": "pilots",
                    "mailEnabled": False,
                    "securityEnabled": True,
                    "groupTypes": [],
                },
            )
        ],
        sent_back=lambda: [("DELETE", f"/groups/{made()[0]['id']}", None)],
        again="name-free",
    )
