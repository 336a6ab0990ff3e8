"""What is old is deleted, so that the database and the disk do not fill for ever. Findings and the audit stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from posture.domain.answer import KEPT_FOR as ANSWERS_KEPT_FOR
from posture.domain.job_kind import JobKind
from posture.domain.judgement import Value
from posture.snapshot.layout import files_of_all
from posture.snapshot.spool import discard_if_old

if TYPE_CHECKING:
    from posture.bootstrap.application import Application

# Made every minute, and what they did is on record with the deliveries.
_FREQUENT: Final = (JobKind.NOTIFY, JobKind.DIGEST)
_FREQUENT_KEPT_FOR: Final = timedelta(days=2)
_SIGN_INS_KEPT_FOR: Final = timedelta(days=1)
_EXAMINATIONS_KEPT_FOR: Final = timedelta(days=30)


def delete_old(application: Application) -> Mapping[str, Value]:
    """Delete what is older than it is kept for, and return how much of what.

    Raises:
        StoreError: the database cannot be used.
        SnapshotError: the data directory cannot be written.
    """
    now, store = application.clock.now(), application.store
    jobs_kept = application.settings.jobs_kept
    lasting = [kind for kind in JobKind if kind not in _FREQUENT]
    with store.open_work() as book:
        jobs = book.forget(now - jobs_kept, kinds=lasting)
        jobs += book.forget(now - min(jobs_kept, _FREQUENT_KEPT_FOR), kinds=_FREQUENT)
    with store.open_sign_ins() as sign_ins:
        signed_in = sign_ins.forget(now - _SIGN_INS_KEPT_FOR)
    with store.open_answers() as answers:
        answered = answers.forget(now - ANSWERS_KEPT_FOR)
    spools = [discard_if_old(files, now=now) for files in files_of_all(application.settings.data_dir)]
    examined = store.forget_examinations(now - _EXAMINATIONS_KEPT_FOR)
    return {
        "jobs": jobs,
        "sign_ins": signed_in,
        "idempotency_keys": answered,
        "examinations": examined,
        "spools": sum(spools),
    }
