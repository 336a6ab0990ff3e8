"""What the remediator may do, for those who cannot ask it themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from posture.bootstrap.tenant_gates import closed_because
from posture.config import TenantSettings
from posture.definitions.loaded_action import LoadedAction
from posture.domain.examination import RemediatorExamined
from posture.domain.job_kind import JobKind
from posture.usecases.action_permissions import missing_permissions

if TYPE_CHECKING:
    from posture.bootstrap.application import Application


def missing_by_examination(
    application: Application, loaded: LoadedAction, tenant: TenantSettings, *, asked_by: str
) -> str | None:
    """Return why an action cannot be carried out in a tenant, as a sentence, by the last examination on record; None
    if it can. If there is none that can be relied on, one is asked for."""
    closed = closed_because(loaded, tenant)
    if closed is not None:
        return closed
    remediator = _examined(application, tenant)
    if remediator is None:
        application.working.enqueue(JobKind.EXAMINE, tenant=tenant, arguments={}, asked_by=asked_by)
        return (
            f"it is not known what the remediator of {tenant.name} may do: nobody examined it in the last 24 hours. "
            "A worker was asked to; try again in a minute"
        )
    if remediator.refused is not None:
        return f"the remediator of {tenant.name} got no token when it was examined last: {remediator.refused}"
    return missing_permissions(loaded, remediator.granted)


def _examined(application: Application, tenant: TenantSettings) -> RemediatorExamined | None:
    with application.store.reading() as reader:
        for examination in reader.access.examinations([tenant.tenant_id]):
            if examination.is_good(application.clock.now()):
                return examination.remediator
    return None
