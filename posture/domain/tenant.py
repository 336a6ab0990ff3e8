"""A tenant as the product knows it: where it lives and what it has paid for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Cloud(StrEnum):
    PUBLIC = "public"
    USGOV = "usgov"
    USGOV_DOD = "usgov-dod"
    CHINA = "china"
    CUSTOM = "custom"


class Licence(StrEnum):
    """A Microsoft Entra ID plan that some data needs. ``P2`` includes everything of ``P1``."""

    P1 = "Entra ID P1"
    P2 = "Entra ID P2"


@dataclass(frozen=True, kw_only=True)
class TenantFacts:
    """What a tenant says about itself before a scan reads any table.

    ``licences`` is None if the tenant's plans could not be read: then nobody knows which it has.
    ``granted`` holds the application permissions named in the access token; None if the token could not
    be decoded. It serves diagnosis only: the answer of a request is what counts.
    ``clock_skew`` is Graph's clock minus ours; None if Graph sent no date.
    """

    tenant_id: str
    display_name: str | None
    licences: frozenset[Licence] | None
    granted: frozenset[str] | None
    clock_skew: timedelta | None
