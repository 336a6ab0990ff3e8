"""Everything that an operator can look at."""

from __future__ import annotations

from posture.bootstrap.access_findings import AccessFindings
from posture.bootstrap.access_plan_views import AccessPlanViews
from posture.bootstrap.access_records import AccessRecords
from posture.bootstrap.access_standing import AccessStanding


class AccessReading(AccessStanding, AccessFindings, AccessPlanViews, AccessRecords):
    """The part of ``Access`` that changes nothing."""
