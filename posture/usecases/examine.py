"""Put together what asking a tenant has shown, so that it can be kept. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from posture.domain.examination import Examination, ReaderExamined, RemediatorExamined
from posture.usecases.diagnose import Diagnosis
from posture.usecases.permissions import NeededPermission, missing_permissions


def examination_of(
    tenant_id: str,
    diagnosis: Diagnosis,
    needed: Sequence[NeededPermission],
    remediator: RemediatorExamined | None,
    *,
    at: datetime,
) -> Examination:
    """Return what was found out about a tenant. ``at`` is when asking began: what was found is at least as new."""
    facts = diagnosis.facts
    granted = facts.granted if facts is not None else None
    return Examination(
        tenant_id=tenant_id,
        at=at,
        reader=ReaderExamined(
            refused=diagnosis.refused,
            granted=granted,
            missing=() if granted is None else _names(missing_permissions(needed, granted)),
            licences=facts.licences if facts is not None else None,
            clock_skew=facts.clock_skew if facts is not None else None,
            tables_asked=len(diagnosis.outcomes),
            tables_refused=tuple(outcome for outcome in diagnosis.outcomes if outcome.reason is not None),
            skips=diagnosis.skips,
        ),
        remediator=remediator,
    )


def _names(needed: Sequence[NeededPermission]) -> tuple[str, ...]:
    return tuple(one.permission for one in needed)
