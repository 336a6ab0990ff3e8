"""The authentication methods behind each line of the made-up company's registration report."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from posture.simulator.authentication_methods import ALTERNATE_MOBILE, EMAIL, MOBILE, OFFICE, password_method
from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.demo_tenant.person import Person
from posture.simulator.tenant import Entity

_PHONES: Final = {
    "mobilePhone": ("mobile", MOBILE),
    "alternateMobilePhone": ("alternateMobile", ALTERNATE_MOBILE),
    "officePhone": ("office", OFFICE),
}
_KEY: Final = {"aaGuid": "2fc0579f-8113-47ea-b116-555a8db9202a", "attestationLevel": "attested"}
_SECOND_FACTORS: Final = (
    "microsoftAuthenticatorAuthenticationMethod",
    "softwareOathAuthenticationMethod",
    "phoneAuthenticationMethod",
)
"""Types that can be asked for first after the password, the likeliest first."""


def make_methods(person: Person, chance: Chance) -> list[Entity]:
    """Return the password and whatever the report lists; hardware tokens are left out, as v1.0 does.

    Ids are derived from the person's, so that methods take nothing from the company's chance.
    """
    registered = (_method(person, name) for name in person.methods or ())
    at = chance.ago(min(person.created, person.password_age or person.created))
    return [password_method(at), *(one | {"createdDateTime": at} for one in registered if one is not None)]


def default_of(methods: Sequence[Entity]) -> str | None:
    """Return the id of the method that is asked for first, None for people without a second factor."""
    for kind in _SECOND_FACTORS:
        for method in methods:
            if method["@odata.type"] == f"#microsoft.graph.{kind}":
                return str(method["id"])
    return None


def _method(person: Person, name: str) -> Entity | None:
    if name in _PHONES:
        return _phone(person, name)
    make = _MAKERS.get(name)
    if make is None:
        return None
    return {"id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{person.id}/{name}")), **make(person)}


def _phone(person: Person, name: str) -> Entity:
    kind, method_id = _PHONES[name]
    return {
        "@odata.type": "#microsoft.graph.phoneAuthenticationMethod",
        "id": method_id,
        "phoneNumber": f"+1 42555501{int(person.id[:4], 16) % 100:02d}",
        "phoneType": kind,
        "smsSignInState": "notAllowedByPolicy",
    }


def _authenticator(_: Person) -> Entity:
    return {
        "@odata.type": "#microsoft.graph.microsoftAuthenticatorAuthenticationMethod",
        "displayName": "Phone",
        "deviceTag": "SoftwareTokenActivated",
        "phoneAppVersion": "6.2507.4742",
    }


def _email(person: Person) -> Entity:
    return {
        "@odata.type": "#microsoft.graph.emailAuthenticationMethod",
        "id": EMAIL,
        "emailAddress": f"{person.account}@home.example.net",
    }


def _security_key(name: str, model: str) -> Entity:
    shown = {"displayName": name, "model": model, "attestationCertificates": [], "passkeyType": "deviceBound"}
    return {"@odata.type": "#microsoft.graph.fido2AuthenticationMethod", **_KEY, **shown}


_MAKERS: Final[Mapping[str, Callable[[Person], Entity]]] = {
    "microsoftAuthenticatorPush": _authenticator,
    "softwareOneTimePasscode": lambda _: {
        "@odata.type": "#microsoft.graph.softwareOathAuthenticationMethod",
        "secretKey": None,
    },
    "email": _email,
    "fido2SecurityKey": lambda _: _security_key("Blue key", "NFC key"),
    "passKeyDeviceBoundAuthenticator": lambda _: _security_key("Passkey on the phone", "Authenticator"),
    "windowsHelloForBusiness": lambda person: {
        "@odata.type": "#microsoft.graph.windowsHelloForBusinessAuthenticationMethod",
        "displayName": f"Laptop of {person.first}",
        "keyStrength": "normal",
    },
}
