"""Plans, operators, stops and the audit in memory, for tests of use cases; they pass the suite of the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from posture.domain.action import ActionId
from posture.domain.audit import GENESIS, AuditEvent, AuditKind, ChainedEvent, ChainHead, chained
from posture.domain.finding import Finding
from posture.domain.job import Job
from posture.domain.journal import BeforeImage, JournalEntry
from posture.domain.judgement import Value
from posture.domain.notice import Notice
from posture.domain.operator import Operator
from posture.domain.plan import FINAL, Plan, PlanState, Target, TargetState
from posture.domain.switch import Stop
from posture.errors import ClaimLost, PlanInProgress, UsageError
from posture.usecases.ports.acting import PlanQuery


@dataclass(kw_only=True)
class MemoryActing:
    """What was committed. Tests put ``findings`` in, and look at the rest.

    ``plans`` are in the order they were proposed, ``operators`` by the hash of their token, ``journal`` by plan,
    target and number, ``images`` by plan and target, ``notices`` in the order in which they were recorded.
    """

    plans: dict[str, Plan] = field(default_factory=dict)
    workers: dict[str, str] = field(default_factory=dict)
    journal: dict[tuple[str, int, int], JournalEntry] = field(default_factory=dict)
    images: dict[tuple[str, int], BeforeImage] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    stops: dict[str | None, Stop] = field(default_factory=dict)
    operators: dict[str, Operator] = field(default_factory=dict)
    settings: list[str] = field(default_factory=list)
    audit: list[ChainedEvent] = field(default_factory=list)
    notices: dict[str, Notice] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)

    @contextmanager
    def open_unit(self) -> Iterator[MemoryActingUnit]:
        """Work on a copy that replaces what was committed if nothing is raised."""
        draft = replace(self, **{each.name: copy(getattr(self, each.name)) for each in fields(self)})
        yield MemoryActingUnit(draft)
        for each in fields(self):
            setattr(self, each.name, getattr(draft, each.name))

    def events(self, *kinds: AuditKind) -> Sequence[AuditEvent]:
        """Return the events on record, oldest first; of some kinds, or of all."""
        return [link.event for link in self.audit if not kinds or link.event.kind in kinds]


class MemoryActingUnit:
    def __init__(self, draft: MemoryActing) -> None:
        self._draft = draft

    def add_plan(self, plan: Plan) -> None:
        self._draft.plans[plan.id] = plan

    def plan(self, plan_id: str) -> Plan | None:
        return self._draft.plans.get(plan_id)

    def plans_with_prefix(self, prefix: str) -> Sequence[Plan]:
        return [plan for id, plan in sorted(self._draft.plans.items()) if id.startswith(prefix.lower())][:10]

    def plans(self, query: PlanQuery) -> Sequence[Plan]:
        wanted = [
            plan
            for plan in reversed(self._draft.plans.values())
            if (not query.tenant_ids or plan.tenant_id in query.tenant_ids)
            and (not query.states or plan.state in query.states)
        ]
        return wanted[: query.limit]

    def save_plan(self, plan: Plan, *, was: PlanState) -> bool:
        kept = self._draft.plans.get(plan.id)
        if kept is None or kept.state is not was:
            return False
        self._draft.plans[plan.id] = replace(
            kept,
            state=plan.state,
            approvals=plan.approvals,
            started_at=plan.started_at,
            ended_at=plan.ended_at,
            ended_because=plan.ended_because,
        )
        return True

    def claim(self, plan: Plan, *, was: PlanState, worker: str) -> bool:
        if not self.save_plan(plan, was=was):
            return False
        self._draft.workers[plan.id] = worker
        return True

    def require_claim(self, plan_id: str, *, worker: str) -> None:
        plan = self._draft.plans.get(plan_id)
        if plan is None or plan.state is not PlanState.EXECUTING or self._draft.workers.get(plan_id) != worker:
            raise ClaimLost(f"plan {plan_id} is no longer executed by this process")

    def save_target(self, plan_id: str, target: Target) -> None:
        plan = self._draft.plans.get(plan_id)
        if plan is None or not any(kept.number == target.number for kept in plan.targets):
            raise ValueError(f"plan {plan_id} has no target {target.number}")
        targets = tuple(
            replace(kept, state=target.state, because=target.because, ended_at=target.ended_at)
            if kept.number == target.number
            else kept
            for kept in plan.targets
        )
        self._draft.plans[plan_id] = replace(plan, targets=targets)

    def acted_since(self, tenant_id: str, action: ActionId, since: datetime) -> int:
        sent = {(entry.plan_id, entry.target) for entry in self._draft.journal.values()}
        return sum(
            (target.ended_at is not None and target.ended_at >= since and (plan.id, target.number) in sent)
            or (target.state is TargetState.WAITING and plan.state not in FINAL)
            for plan in self._plans_of(tenant_id, action)
            for target in plan.targets
        )

    def sent_since(self, tenant_id: str, action: ActionId, since: datetime) -> int:
        ids = {plan.id for plan in self._plans_of(tenant_id, action)}
        entries = self._draft.journal.values()
        return len({(e.plan_id, e.target) for e in entries if e.plan_id in ids and e.intended_at >= since})

    def write_entry(self, entry: JournalEntry) -> None:
        self._draft.journal[entry.plan_id, entry.target, entry.number] = entry

    def entries(self, plan_id: str) -> Sequence[JournalEntry]:
        return [entry for key, entry in sorted(self._draft.journal.items()) if key[0] == plan_id]

    def save_image(self, image: BeforeImage) -> None:
        self._draft.images[image.plan_id, image.target] = image

    def image(self, plan_id: str, target: int) -> BeforeImage | None:
        return self._draft.images.get((plan_id, target))

    def finding(self, fingerprint: str) -> Finding | None:
        return self._draft.findings.get(fingerprint)

    def stops(self) -> Sequence[Stop]:
        return sorted(self._draft.stops.values(), key=lambda stop: stop.tenant_id is not None)

    def set_stop(self, stop: Stop) -> None:
        self._draft.stops.setdefault(stop.tenant_id, stop)

    def clear_stop(self, tenant_id: str | None) -> None:
        self._draft.stops.pop(tenant_id, None)

    def add_operator(self, operator: Operator, *, token_hash: str) -> None:
        if len(token_hash) != 64 or set(token_hash) - set("0123456789abcdef"):
            raise ValueError("an operator's token must be given as its SHA-256, 64 hexadecimal digits")
        if self._active(operator.name, now=operator.added_at):
            raise UsageError(f"there is an operator {operator.name} already")
        self._draft.operators[token_hash] = operator

    def operator_by_token(self, token_hash: str) -> Operator | None:
        return self._draft.operators.get(token_hash)

    def operator_by_subject(self, subject: str) -> Operator | None:
        found = [one for one in self._draft.operators.values() if one.subject == subject]
        return found[-1] if found else None

    def change_operator(self, operator: Operator) -> None:
        for token_hash, one in self._draft.operators.items():
            if one.is_called(operator.name) and one.added_at == operator.added_at:
                changed = {name: getattr(operator, name) for name in ("role", "account", "tenants", "scopes")}
                self._draft.operators[token_hash] = replace(one, expires_at=operator.expires_at, **changed)
                return
        raise ValueError(f"operator {operator.name} is not on record")

    def operators(self) -> Sequence[Operator]:
        return list(self._draft.operators.values())

    def revoke_operator(self, name: str, *, at: datetime) -> bool:
        active = self._active(name, now=at)
        for token_hash in active:
            self._draft.operators[token_hash] = replace(self._draft.operators[token_hash], revoked_at=at)
        return bool(active)

    def note_settings(self, digest: str, *, summary: Mapping[str, Value], at: datetime) -> None:
        if self._draft.settings[-1:] == [digest]:
            return
        self._draft.settings.append(digest)
        self.record(
            AuditEvent(
                at=at,
                actor="posture",
                kind=AuditKind.SETTINGS_CHANGED,
                tenant_id=None,
                plan_id=None,
                details=summary,
            )
        )

    def record(self, event: AuditEvent) -> None:
        audit = self._draft.audit
        head = ChainHead(number=len(audit), hash=audit[-1].hash if audit else GENESIS)
        audit.append(chained(event, after=head))

    def add_job(self, job: Job) -> None:
        self._draft.jobs.setdefault(job.id, job)

    def add_notices(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._draft.notices.setdefault(notice.id, notice)

    def _plans_of(self, tenant_id: str, action: ActionId) -> Sequence[Plan]:
        every = self._draft.plans.values()
        return [plan for plan in every if (plan.tenant_id, plan.action) == (tenant_id, action)]

    def _active(self, name: str, *, now: datetime) -> Sequence[str]:
        return [
            token_hash
            for token_hash, operator in self._draft.operators.items()
            if operator.name.casefold() == name.casefold() and operator.is_active(now)
        ]


class MemoryPlanLocks:
    """Locks of one process."""

    def __init__(self) -> None:
        self.held: set[str] = set()

    @contextmanager
    def hold(self, plan_id: str) -> Iterator[None]:
        if plan_id in self.held:
            raise PlanInProgress(f"plan {plan_id} is being executed by another process")
        self.held.add(plan_id)
        try:
            yield
        finally:
            self.held.discard(plan_id)
