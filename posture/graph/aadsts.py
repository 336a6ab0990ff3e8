"""Refusals of the token endpoint, in words that say what to do.

Source: learn.microsoft.com/entra/identity-platform/reference-error-codes
"""

from __future__ import annotations

import re

_CODE = re.compile(r"AADSTS(\d{4,8})")

_SENTENCES = {
    "7000215": "The client secret is wrong: put its value (not its id) into the settings, or make a new one.",
    "7000222": "The client secret has ended: add a new secret to the app registration and put it into the settings.",
    "700016": "The app registration {client} is unknown in tenant {tenant}: check client_id and tenant_id, "
    "and that the app was consented to in this tenant.",
    "700027": "The certificate does not fit the app registration {client}: upload the public part of this very "
    "certificate, or point the settings at the one that was uploaded.",
    "700024": "The signed assertion is outside its time: set this machine's clock right.",
    "700211": "No federated credential of {client} trusts the issuer of the token in the token file: add one.",
    "700213": "No federated credential of {client} has the subject of the token in the token file: correct one.",
    "70021": "No federated credential of {client} matches the token in the token file: compare issuer, subject "
    "and audience.",
    "90002": "Tenant {tenant} does not exist in this cloud: check tenant_id and cloud.",
    "900023": "{tenant} is not a tenant id: put the tenant's id or one of its domain names into the settings.",
    "53003": "A Conditional Access policy blocks the sign-in of {client}: exclude this workload identity, or run "
    "from a location that the policy allows.",
    "53000": "A Conditional Access policy blocks the sign-in of {client}: exclude this workload identity.",
    "530036": "The app {client} is disabled: enable its service principal in the tenant.",
    "7000112": "The app {client} is disabled: enable its service principal in the tenant.",
    "50105": "The app {client} is not assigned: switch off 'assignment required' or assign it.",
    "500011": "Graph's address is unknown in tenant {tenant}: check cloud and endpoints in the settings.",
    "70011": "The token endpoint does not know Graph at its address: endpoints.graph in the settings must be "
    "the root of Graph in the cloud of endpoints.login.",
    "65001": "Nobody has consented to the permissions of {client}: an administrator must grant consent.",
    "7000216": "The token endpoint got no credential: check the reader's credential in the settings.",
    "7000218": "The token endpoint got no credential: check the reader's credential in the settings.",
    "90033": "The token endpoint has trouble at the moment: try again later.",
}


def code_of(text: str) -> str | None:
    """Return the AADSTS number named in an error text, without its prefix; None if there is none."""
    found = _CODE.search(text)
    return found.group(1) if found else None


def sentence_for(code: str, *, client_id: str | None, tenant_id: str) -> str | None:
    """Return one sentence that says what is wrong and what to do; None for a code that is not known here."""
    sentence = _SENTENCES.get(code)
    if sentence is None:
        return None
    words = sentence.format(client=client_id or "the managed identity", tenant=tenant_id)
    return f"{words} (AADSTS{code})"
