"""How far a plan is, as its page shows it while a worker is at it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from posture.domain.counted import counted
from posture.domain.job import Job, JobState
from posture.domain.job_kind import JobKind
from posture.domain.plan import FINAL, Plan, PlanState, Target, TargetState

_LATEST: Final = 5
_NEVER: Final = datetime.min.replace(tzinfo=UTC)
_AS_WISHED: Final = frozenset({TargetState.DONE, TargetState.ALREADY_DONE})
_AT_IT: Final = frozenset({JobState.WAITING, JobState.RUNNING})


@dataclass(frozen=True, kw_only=True)
class PlanProgress:
    """``goes_on``: it is worth looking again in a second. ``has_just_ended``: whoever looks saw it go on before, so
    that the rest of the page is out of date. ``latest`` are the targets that ended last, the newest first."""

    plan: Plan
    goes_on: bool
    has_just_ended: bool
    heading: str
    ended: int
    counts: Sequence[tuple[TargetState, int]]
    latest: Sequence[Target]
    job_says: str | None
    announced: str


def execution_of(plan: Plan, jobs: Iterable[Job]) -> Job | None:
    """Return the job that executes a plan, the first of those given; None if none of them does."""
    return next((job for job in jobs if job.kind is JobKind.EXECUTE and job.arguments.get("plan") == plan.id), None)


def progress_of(plan: Plan, job: Job | None, *, is_update: bool) -> PlanProgress:
    """Return how far a plan is; ``job`` executes it, None if none is known. ``is_update``: the page is open."""
    waits = plan.state is PlanState.APPROVED and job is not None and job.state in _AT_IT
    goes_on = waits or plan.state is PlanState.EXECUTING
    ended = [target for target in plan.targets if target.state is not TargetState.WAITING]
    states = Counter(target.state for target in plan.targets)
    heading = _heading(plan, job)
    return PlanProgress(
        plan=plan,
        goes_on=goes_on,
        has_just_ended=is_update and not goes_on,
        heading=heading,
        ended=len(ended),
        counts=[(state, states[state]) for state in TargetState if states[state]],
        latest=sorted(ended, key=lambda target: target.ended_at or _NEVER, reverse=True)[:_LATEST] if goes_on else [],
        job_says=None if plan.state in FINAL else _job_says(job),
        announced=_announced(plan, ended=len(ended), heading=heading),
    )


def _heading(plan: Plan, job: Job | None) -> str:
    if plan.state is PlanState.EXECUTING:
        return "It is being carried out"
    if plan.state is PlanState.APPROVED:
        return "A worker is about to begin" if job is not None and job.state in _AT_IT else "Nobody carries it out"
    return "It was carried out"


def _job_says(job: Job | None) -> str | None:
    if job is None:
        return None
    return job.progress if job.state is JobState.RUNNING else job.error


def _announced(plan: Plan, *, ended: int, heading: str) -> str:
    whole = counted(len(plan.targets), "target")
    if plan.state not in FINAL:
        return f"{heading}: {ended} of {whole}"
    good = sum(target.state in _AS_WISHED for target in plan.targets)
    return f"The plan has ended: {good} of {whole} {'is' if len(plan.targets) == 1 else 'are'} as wished"
