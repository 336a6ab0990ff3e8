"""What an ID token says → who it is, and what they may do."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from posture.config import ALL_TENANTS, ProviderSettings
from posture.domain.operator import Role
from posture.domain.printable import printable
from posture.usecases.provider_operators import Claimed
from posture.web.signing_in.refused import SignInRefused

_NAMES: Final = ("preferred_username", "email", "name", "sub")
_LONGEST_NAME: Final = 200
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """A person whom the provider knows. ``at`` is when they proved who they are, None if it does not say."""

    claimed: Claimed
    at: datetime | None

    @property
    def at_or_long_ago(self) -> datetime:
        """When they proved who they are. What nobody says was not just now: approvals ask for a new proof."""
        return self.at or _LONG_AGO


def proof_of(claims: Mapping[str, Any], settings: ProviderSettings) -> Proof:
    """Return who the claims of a checked ID token are about. ``oid`` is the person's object id, if Entra sent them.

    Raises:
        SignInRefused: no value of the claim is a role, or none stands for a tenant although values do.
    """
    values, oid = _values(claims.get(settings.claim)), claims.get("oid")
    subject, name = f"{settings.issuer}|{claims['sub']}", _name(claims)
    role = _role(values, settings)
    if role is None:
        what = "has no value that stands for a role" if values else "is missing"
        raise SignInRefused(
            f'{printable(name)} has no role in posture: the claim "{settings.claim}" of the ID token {what}. Whoever '
            f"runs the provider can assign one of: {', '.join(settings.roles)}",
            subject=subject,
        )
    if settings.tenants is not None and not any(value in settings.tenants for value in values):
        raise SignInRefused(
            f'{printable(name)} is for no tenant: no value of the claim "{settings.claim}" of the ID token stands '
            f"for one. Whoever runs the provider can assign one of: {', '.join(settings.tenants)}",
            subject=subject,
        )
    claimed = Claimed(
        subject=subject,
        name=name,
        role=role,
        account=oid if isinstance(oid, str) and oid else None,
        tenants=_tenants(values, settings),
    )
    return Proof(claimed=claimed, at=_moment(claims.get("auth_time")))


def _role(values: Collection[str], settings: ProviderSettings) -> Role | None:
    """Return the highest role that a value stands for."""
    roles = {settings.roles[value] for value in values if value in settings.roles}
    return next((role for role in reversed(Role) if role in roles), None)


def _tenants(values: Collection[str], settings: ProviderSettings) -> frozenset[str] | None:
    if settings.tenants is None:
        return None
    named = frozenset(name for value, names in settings.tenants.items() if value in values for name in names)
    return None if ALL_TENANTS in named else named


def _values(claim: object) -> tuple[str, ...]:
    """Return the values of a claim: a list of texts, or one text."""
    if isinstance(claim, str):
        return (claim,)
    return tuple(each for each in claim if isinstance(each, str)) if isinstance(claim, list) else ()


def _name(claims: Mapping[str, Any]) -> str:
    given = (claims.get(key) for key in _NAMES)
    return next((each for each in given if isinstance(each, str) and each.strip()), "")[:_LONGEST_NAME]


def _moment(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
