"""Proof of possession instead of a secret: a JWT signed with a registered certificate or by a trusted issuer.

Source: "Microsoft identity platform application authentication certificate credentials" and "workload identity
federation".
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from posture.simulator.tenant import AppRegistration, FederatedCredential

_ALGORITHMS = ["RS256", "PS256"]
_CLOCK_LEEWAY = 300


class AssertionRefused(Exception):
    """The assertion proves nothing; ``code`` is the AADSTS code."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def verify_assertion(
    assertion: str, registration: AppRegistration, *, token_endpoints: frozenset[str], now: datetime
) -> None:
    """Return if the assertion proves the registration; raise AssertionRefused otherwise."""
    try:
        header = jwt.get_unverified_header(assertion)
        unverified = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise AssertionRefused(50027, "JWT token is invalid or malformed.") from None
    if unverified.get("iss") == registration.client_id:
        _verify_own(assertion, header, registration, token_endpoints, now)
    else:
        _verify_federated(assertion, unverified, registration, now)


def _verify_own(
    assertion: str,
    header: Mapping[str, Any],
    registration: AppRegistration,
    token_endpoints: frozenset[str],
    now: datetime,
) -> None:
    certificate = _named_certificate(header, registration)
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise AssertionRefused(700027, "The certificate's key is not an RSA key.")
    claims = _decode(assertion, key, 700027)
    _check_times(claims, now)
    if not now.timestamp() <= certificate.not_valid_after_utc.timestamp():
        raise AssertionRefused(700027, "The certificate used to sign the client assertion is expired.")
    if claims.get("aud") not in token_endpoints:
        raise AssertionRefused(700023, "Client assertion audience does not match the token endpoint.")
    if claims.get("sub") != registration.client_id:
        raise AssertionRefused(700021, "Client assertion application identifier doesn't match 'client_id'.")


def _named_certificate(header: Mapping[str, Any], registration: AppRegistration) -> x509.Certificate:
    """The header must name one of the registered certificates by a thumbprint."""
    for pem in registration.certificates_pem:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        sha256, sha1 = _thumbprint(certificate, SHA256()), _thumbprint(certificate, SHA1())  # noqa: S303  (x5t is SHA-1)
        named = {str(header.get(name, "")).rstrip("=") for name in ("x5t", "x5t#S256")}  # some clients keep padding
        if named & {sha256, sha1}:
            return certificate
    raise AssertionRefused(
        700027, "The certificate with identifier used to sign the client assertion is not registered on application."
    )


def _thumbprint(certificate: x509.Certificate, algorithm: HashAlgorithm) -> str:
    return base64.urlsafe_b64encode(certificate.fingerprint(algorithm)).rstrip(b"=").decode()


def _decode(assertion: str, key: RSAPublicKey | str, code: int) -> dict[str, Any]:
    checks = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        claims: dict[str, Any] = jwt.decode(assertion, key, algorithms=_ALGORITHMS, options=checks)  # type: ignore[arg-type]
    except jwt.InvalidTokenError:
        raise AssertionRefused(code, "Client assertion contains an invalid signature.") from None
    return claims


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    at = now.timestamp()
    begins, ends = claims.get("nbf", at), claims.get("exp")
    if not isinstance(ends, int | float) or not isinstance(begins, int | float):
        raise AssertionRefused(50027, "JWT token is invalid: exp is missing.")
    if ends + _CLOCK_LEEWAY < at or begins - _CLOCK_LEEWAY > at:
        raise AssertionRefused(700024, "Client assertion is not within its valid time range.")


def _verify_federated(
    assertion: str, unverified: Mapping[str, Any], registration: AppRegistration, now: datetime
) -> None:
    credential = _matching_credential(unverified, registration)
    claims = _decode(assertion, credential.public_key_pem, 700027)
    _check_times(claims, now)


def _matching_credential(unverified: Mapping[str, Any], registration: AppRegistration) -> FederatedCredential:
    for credential in registration.federated:
        audience = unverified.get("aud")
        is_meant = audience == credential.audience or (isinstance(audience, list) and credential.audience in audience)
        same = (unverified.get("iss"), unverified.get("sub")) == (credential.issuer, credential.subject)
        if same and is_meant:
            return credential
    raise AssertionRefused(700213, "No matching federated identity record found for presented assertion subject.")
