"""The token endpoint: client credentials with a secret, a certificate or a federated assertion.

Errors carry the AADSTS codes of Microsoft's "authentication and authorization error codes" page.
"""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from posture.simulator.assertions import AssertionRefused, verify_assertion
from posture.simulator.identity import TokenSigner
from posture.simulator.messages import GraphAnswer, GraphRequest
from posture.simulator.tenant import AppRegistration, Tenant

# Tokens for XOAUTH2 are asked for with this one, whatever Exchange's own application is called.
_OUTLOOK = "https://outlook.office365.com"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class SignInRefused(Exception):
    """No token: HTTP status, OAuth error, AADSTS code and the sentence that follows it."""

    def __init__(self, status: int, error: str, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.error, self.code, self.sentence = status, error, code, sentence


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Answers the login host's paths for the tenants it knows."""

    tenants: Mapping[str, Tenant]
    signer: TokenSigner
    now: Callable[[], datetime]

    def answer(self, request: GraphRequest) -> GraphAnswer | None:
        """Return the answer, or None if the path is not one of the login host."""
        parts = request.path.strip("/").split("/")
        if parts[1:] == ["v2.0", ".well-known", "openid-configuration"] and request.method == "GET":
            return self._guarded(lambda: self._discovery(parts[0], request.root), "discovery")
        if parts[1:] == ["oauth2", "v2.0", "token"] and request.method == "POST":
            return self._guarded(lambda: self._token(parts[0], request), "token")
        return None

    def _guarded(self, answer: Callable[[], dict[str, Any]], route: str) -> GraphAnswer:
        try:
            return _json(200, answer(), route)
        except SignInRefused as refused:
            return _json(refused.status, self._refusal(refused), route)

    def _refusal(self, refused: SignInRefused) -> dict[str, Any]:
        trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
        stamp = self.now().strftime("%Y-%m-%d %H:%M:%SZ")
        return {
            "error": refused.error,
            "error_description": f"AADSTS{refused.code}: {refused.sentence} Trace ID: {trace} "
            f"Correlation ID: {correlation} Timestamp: {stamp}",
            "error_codes": [refused.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": correlation,
        }

    def _tenant(self, name: str) -> Tenant:
        tenant = self.tenants.get(name.lower())
        if tenant is None:
            raise SignInRefused(
                400,
                "invalid_request",
                90002,
                f"Tenant '{name[:100]}' not found. Check to make sure you have "
                "the correct tenant ID and are signing into the correct cloud.",
            )
        return tenant

    def _discovery(self, tenant_name: str, root: str) -> dict[str, Any]:
        tenant = self._tenant(tenant_name)
        here = f"{root}/{tenant.tenant_id}"
        return {
            "token_endpoint": f"{here}/oauth2/v2.0/token",
            "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{here}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{here}/discovery/v2.0/keys",
            "issuer": f"{here}/v2.0",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "response_types_supported": ["code", "id_token", "token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "tenant_region_scope": "NA",
        }

    def _token(self, tenant_name: str, request: GraphRequest) -> dict[str, Any]:
        form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        tenant = self._tenant(tenant_name)
        if form.get("grant_type") != "client_credentials":
            raise SignInRefused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        registration = self._registration(tenant, form.get("client_id", ""))
        self._prove(registration, tenant, form, request.root)
        audience = form.get("scope", "").strip().removesuffix("/.default")
        if audience not in (request.root, _OUTLOOK) or not form["scope"].strip().endswith("/.default"):
            raise SignInRefused(
                400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid."
            )
        if audience == _OUTLOOK:
            registration = replace(registration, roles=registration.exchange_roles)
        token, lives = self.signer.issue(
            registration, tenant.tenant_id, audience=audience, claims=_claims(form.get("claims"))
        )
        return {"token_type": "Bearer", "expires_in": lives, "ext_expires_in": lives, "access_token": token}

    def _registration(self, tenant: Tenant, client_id: str) -> AppRegistration:
        for registration in tenant.registrations:
            if registration.client_id.lower() == client_id.lower():
                return registration
        raise SignInRefused(
            400,
            "unauthorized_client",
            700016,
            f"Application with identifier '{client_id[:100]}' was not found "
            "in the directory. This can happen if the application has not been installed by the administrator.",
        )

    def _prove(self, registration: AppRegistration, tenant: Tenant, form: Mapping[str, str], root: str) -> None:
        if "client_assertion" in form:
            if form.get("client_assertion_type") != _ASSERTION_TYPE:
                raise SignInRefused(401, "invalid_client", 900144, "The client_assertion_type is missing or wrong.")
            try:
                verify_assertion(
                    form["client_assertion"], registration, token_endpoints=_endpoints(tenant, root), now=self.now()
                )
            except AssertionRefused as refused:
                raise SignInRefused(401, "invalid_client", refused.code, str(refused)) from None
            return
        _check_secret(registration, form.get("client_secret"))


def _endpoints(tenant: Tenant, root: str) -> frozenset[str]:
    here = f"{root}/{tenant.tenant_id}"
    return frozenset({f"{here}/oauth2/v2.0/token", f"{here}/v2.0"})


def _check_secret(registration: AppRegistration, secret: str | None) -> None:
    if secret is None:
        raise SignInRefused(
            401, "invalid_client", 7000218, "The request body must contain 'client_assertion' or 'client_secret'."
        )
    if _is_one_of(secret, registration.expired_secrets):
        raise SignInRefused(
            401,
            "invalid_client",
            7000222,
            f"The provided client secret keys for app '{registration.client_id}' are expired.",
        )
    if not _is_one_of(secret, registration.secrets):
        raise SignInRefused(
            401,
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the "
            f"request is the client secret value, not the client secret ID, for app '{registration.client_id}'.",
        )


def _is_one_of(secret: str, known: tuple[str, ...]) -> bool:
    return any(hmac.compare_digest(secret.encode(), one.encode()) for one in known)


def _claims(text: str | None) -> dict[str, Any]:
    if not text:
        return {}
    try:
        claims = json.loads(text)
    except ValueError:
        claims = None
    if not isinstance(claims, dict) or not isinstance(claims.get("access_token", {}), dict):
        raise SignInRefused(400, "invalid_request", 9000411, "The 'claims' parameter is not valid JSON.")
    return claims


def _json(status: int, body: dict[str, Any], route: str) -> GraphAnswer:
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store"}
    return GraphAnswer(status=status, body=json.dumps(body).encode(), headers=headers, route=route)
