"""Access tokens of the simulator: signed by a key of this server, with the claims that Graph's tokens carry."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt

from posture.simulator.graph_errors import invalid_token
from posture.simulator.tenant import AppRegistration

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
ORDINARY_LIFETIME = timedelta(seconds=3599)
CONTINUOUS_LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: the tenant, the application and its principal, its granted roles, and what its token says.

    ``challenge`` is the value of the claims challenge the token answers, None if it answers none.
    """

    tenant_id: str
    client_id: str
    roles: frozenset[str]
    object_id: str = ""
    can_be_challenged: bool = False
    challenge: str | None = None
    token_id: str = ""


@dataclass(kw_only=True)
class TokenSigner:
    """Issues and checks access tokens; ``lifetime`` None means Graph's own lifetimes."""

    now: Callable[[], datetime]
    lifetime: timedelta | None = None
    revoked: set[str] = field(default_factory=set)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(64), repr=False)

    def issue(
        self, registration: AppRegistration, tenant_id: str, *, audience: str, claims: dict[str, Any]
    ) -> tuple[str, int]:
        """Return a token and the seconds it lives."""
        wanted = claims.get("access_token", {})
        continuous = _opts_in(wanted.get("xms_cc", {}).get("values", []))
        lifetime = self.lifetime or (CONTINUOUS_LIFETIME if continuous else ORDINARY_LIFETIME)
        issued = self.now()
        payload = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant_id}/",
            "iat": int(issued.timestamp()),
            "nbf": int(issued.timestamp()),
            "exp": int((issued + lifetime).timestamp()),
            "appid": registration.client_id,
            "appidacr": "2" if registration.certificates_pem else "1",
            "idtyp": "app",
            "oid": registration.object_id,
            "sub": registration.object_id,
            "tid": tenant_id,
            "uti": uuid.uuid4().hex,
            "ver": "1.0",
            "roles": sorted(registration.roles),
        }
        if continuous:
            payload["xms_cc"] = ["cp1"]
        if "nbf" in wanted:
            payload["challenge"] = str(wanted["nbf"].get("value", ""))
        return jwt.encode(payload, self._key, algorithm="HS256"), int(lifetime.total_seconds())

    def verify(self, authorization: str, *, audience: str) -> Caller:
        """Return who asks; raise Graph's 401 for a missing, foreign, altered or ended token."""
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise invalid_token("Access token is empty.")
        claims = self._claims(token, audience)
        if claims["uti"] in self.revoked:
            raise invalid_token("Continuous access evaluation resulted in a revoked token.")
        return Caller(
            tenant_id=claims["tid"],
            client_id=claims["appid"],
            object_id=claims["oid"],
            roles=frozenset(claims.get("roles", ())),
            can_be_challenged=_opts_in(claims.get("xms_cc", ())),
            challenge=claims.get("challenge"),
            token_id=claims["uti"],
        )

    def _claims(self, token: str, audience: str) -> dict[str, Any]:
        # the end is judged by this server's clock, so that tests can move it
        checks = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        try:
            claims: dict[str, Any] = jwt.decode(token, self._key, algorithms=["HS256"], options=checks)  # type: ignore[arg-type]
        except jwt.InvalidTokenError:
            raise invalid_token("CompactToken parsing failed with error code: 80049217") from None
        if claims["exp"] <= self.now().timestamp():
            raise invalid_token("Lifetime validation failed, the token is expired.")
        if claims["aud"] != audience:
            raise invalid_token("Access token validation failure. Invalid audience.")
        return claims


def _opts_in(capabilities: Iterable[str]) -> bool:
    """Say whether a client told that it answers claims challenges; azure-identity writes CP1, the documents cp1."""
    return "cp1" in (capability.lower() for capability in capabilities)
