"""Open findings in short: as much of each as exempting and counting need, because they need all of many."""

from __future__ import annotations

from dataclasses import dataclass

from posture.domain.check import CheckId
from posture.domain.severity import Severity


@dataclass(frozen=True, kw_only=True)
class OpenFinding:
    """A finding that is open, in short."""

    fingerprint: str
    tenant_id: str
    check: CheckId
    resource_id: str
    severity: Severity
