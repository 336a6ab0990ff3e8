"""Exemptions that people record: what they must say. Pure."""

from __future__ import annotations

from datetime import datetime

from posture.domain.check import Check, CheckId
from posture.domain.exemption import Exemption
from posture.domain.severity import Severity
from posture.errors import UsageError


def fit_exemption(
    *, tenant: str, check: CheckId | None, resource: str, owner: str, reason: str, ends_at: datetime, now: datetime
) -> Exemption:
    """Return an exemption as it can be recorded.

    Raises:
        UsageError: there is no resource, owner or reason, or the end is over already.
    """
    if not resource.strip():
        raise UsageError("an exemption is for one resource; give its object id")
    if not reason.strip():
        raise UsageError("an exemption needs a reason: say why this is acceptable")
    if not owner.strip():
        raise UsageError("an exemption needs an owner who answers for it")
    if ends_at <= now:
        raise UsageError(f"an exemption that ends on {ends_at:%Y-%m-%d %H:%M} UTC is over already")
    return Exemption(
        tenant=tenant,
        check=check,
        resource_id=resource.strip(),
        owner=owner.strip(),
        reason=reason.strip(),
        ends_at=ends_at,
        origin="",
    )


def worst_of(check: Check) -> Severity:
    """Return how bad a finding of a check can be, which is what an exemption accepts: what is bad today may be worse
    tomorrow, and the exemption covers it then."""
    return check.severity.default if check.severity.critical_when is None else Severity.CRITICAL
