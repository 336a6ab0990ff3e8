"""The gaps that the made-up company is known to have: an oracle for whatever judges it."""

from __future__ import annotations

from datetime import datetime

from posture.simulator.demo_tenant.gaps_of_applications import gaps_of_applications
from posture.simulator.demo_tenant.gaps_of_people import gaps_of_people
from posture.simulator.demo_tenant.gaps_of_settings import gaps_of_settings
from posture.simulator.tenant import Tenant


def known_gaps(tenant: Tenant, now: datetime) -> dict[str, frozenset[str]]:
    """Return plain fact → ids concerned, read off the tenant as it is now, not as it was made.

    The emergency accounts count as known to the operator, so excluding them from a policy is no gap.
    Nothing here knows the checks: thresholds are 14 days of grace for MFA, 30 days for invitations, 90 days for
    idle accounts, and 30 and 90 days before a credential ends. Facts about the tenant itself hold its id.
    """
    return gaps_of_people(tenant, now) | gaps_of_applications(tenant, now) | gaps_of_settings(tenant)
