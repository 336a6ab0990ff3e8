"""Everything that an operator can change. What takes credentials is not done here: it becomes a job for a worker."""

from __future__ import annotations

from posture.bootstrap.access_exemptions import AccessExemptions
from posture.bootstrap.access_people import AccessPeople
from posture.bootstrap.access_plans import AccessPlans
from posture.bootstrap.access_work import AccessWork


class AccessWriting(AccessPlans, AccessExemptions, AccessWork, AccessPeople):
    """The part of ``Access`` that changes something."""
