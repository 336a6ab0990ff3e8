"""The authentication methods of a user as Graph lists them: all, those of one type, and which is the default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from posture.simulator.tenant import Entity, Tenant

PASSWORD = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105  (the id that every user's password has)
MOBILE = "3179e48a-750b-4051-897c-87b9720928f7"
ALTERNATE_MOBILE = "b6332ec1-7057-4abe-9331-3d72feddfe41"
OFFICE = "e37fc753-ff3b-4958-9484-eaa9425c82bc"
EMAIL = "3ddfcfc8-9383-446f-83cc-3ab9be4be18f"
"""Ids that are the same for every user: https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod"""

METHOD_TYPES: Mapping[str, str] = {
    "passwordMethods": "passwordAuthenticationMethod",
    "phoneMethods": "phoneAuthenticationMethod",
    "emailMethods": "emailAuthenticationMethod",
    "fido2Methods": "fido2AuthenticationMethod",
    "microsoftAuthenticatorMethods": "microsoftAuthenticatorAuthenticationMethod",
    "windowsHelloForBusinessMethods": "windowsHelloForBusinessAuthenticationMethod",
    "softwareOathMethods": "softwareOathAuthenticationMethod",
    "temporaryAccessPassMethods": "temporaryAccessPassAuthenticationMethod",
    "platformCredentialMethods": "platformCredentialAuthenticationMethod",
    "externalAuthenticationMethods": "externalAuthenticationMethod",
}
_PREFERENCES = {
    "phoneAuthenticationMethod": ("sms", "Sms"),
    "microsoftAuthenticatorAuthenticationMethod": ("push", "PhoneAppNotification"),
    "softwareOathAuthenticationMethod": ("oath", "PhoneAppOTP"),
    "fido2AuthenticationMethod": (None, "Fido2"),
}


def methods_of(tenant: Tenant, user_id: str) -> list[Entity]:
    """Return every method of a user; the password is always among them."""
    known = tenant.authentication_methods.get(user_id)
    return [password_method()] if known is None else known


def methods_in(tenant: Tenant, user_id: str, segment: str) -> Sequence[Entity]:
    """Return the methods behind ``authentication/{segment}``, e.g. ``phoneMethods``, or all for ``methods``."""
    methods = methods_of(tenant, user_id)
    wanted = METHOD_TYPES.get(segment)
    return [one for one in methods if wanted is None or one["@odata.type"] == f"#microsoft.graph.{wanted}"]


def sign_in_preferences(tenant: Tenant, user_id: str) -> dict[str, Any]:
    """Return the user's default second factor as ``signInPreferences`` shows it (beta)."""
    default = tenant.default_methods.get(user_id)
    kinds = (
        str(m["@odata.type"]).removeprefix("#microsoft.graph.")
        for m in methods_of(tenant, user_id)
        if m["id"] == default
    )
    preferred, system = _PREFERENCES.get(next(kinds, ""), (None, None))
    return {
        "isSystemPreferredAuthenticationMethodEnabled": True,
        "userPreferredMethodForSecondaryAuthentication": preferred,
        "systemPreferredAuthenticationMethod": system,
    }


def password_method(created: str | None = None) -> Entity:
    return {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": PASSWORD,
        "createdDateTime": created,
        "password": None,
    }
