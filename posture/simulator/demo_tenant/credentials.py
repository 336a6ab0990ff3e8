"""Secrets and certificates of applications, in the states that checks tell apart."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Final

from posture.simulator.demo_tenant.chance import Chance
from posture.simulator.tenant import Entity

FOREVER: Final = "2299-12-30T23:00:00Z"
"""What Entra writes when somebody asked for a secret without end in the early portal."""

LIFETIMES: Final[dict[str, tuple[float, float]]] = {
    "ended_long_ago": (-900, -400),
    "ended": (-60, -2),
    "ends_within_30_days": (1, 29),
    "ends_within_90_days": (31, 89),
    "ends_later": (100, 700),
}
"""Kind → range of days from now to the end."""


def secret(kind: str, chance: Chance) -> Entity:
    """Return a ``passwordCredential``; Graph lists its first letters as hint and never its text."""
    return _named(kind, chance) | {
        "hint": f"{chance.rng.choice('abcXYZ')}{chance.rng.randrange(10)}~",
        "secretText": None,
    }


def certificate(kind: str, chance: Chance, *, usage: str = "Verify", thumbprint: bytes | None = None) -> Entity:
    """Return a ``keyCredential`` without its key, which lists leave out unless selected."""
    mark = thumbprint or chance.rng.randbytes(20)
    return _named(kind, chance) | {
        "customKeyIdentifier": base64.b64encode(mark).decode(),
        "displayName": f"CN=service{chance.rng.randrange(1000)}.contoso.example.com",
        "type": "AsymmetricX509Cert",
        "usage": usage,
        "key": None,
    }


def symmetric_key(kind: str, chance: Chance) -> Entity:
    """Return a ``keyCredential`` of the old symmetric type."""
    return certificate(kind, chance) | {"type": "Symmetric", "customKeyIdentifier": None, "displayName": None}


def _named(kind: str, chance: Chance) -> Entity:
    return {
        "customKeyIdentifier": None,
        "displayName": kind.replace("_", " ") if chance.odds(0.7) else None,
        "keyId": chance.guid(),
        "startDateTime": None if kind == "without_dates" else chance.ago(chance.spread(901, 1200)),
        "endDateTime": _end(kind, chance),
    }


def _end(kind: str, chance: Chance) -> str | None:
    if kind == "without_dates":
        return None
    if kind == "never_ends":
        return FOREVER
    days = chance.spread(*LIFETIMES[kind])
    moment: Callable[[float], str] = chance.ago_exact if chance.odds(0.3) else chance.ago
    return moment(-days)
