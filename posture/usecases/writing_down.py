"""The journal and the audit of one plan being executed: every line is committed before the next thing happens."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from posture.domain.audit import AuditEvent, AuditKind
from posture.domain.journal import BeforeImage, JournalEntry, SendState
from posture.domain.judgement import Value
from posture.domain.plan import Plan, Target
from posture.domain.request import Answered, GraphRequest, Lost
from posture.usecases.ports import Clock, OpenActingUnit

MASK: Final = "•••"
# Graph's own names for what nobody may see; an answer's body is never written down whole, but a request's is.
_SECRET_NAMES: Final = re.compile(r"password$|secretText|temporaryAccessPass$|newPassword", re.IGNORECASE)


@dataclass(kw_only=True)
class Journal:
    """Writes what one worker does to one plan. Every writing fails if another worker has taken the plan over.

    Raises (all methods): ClaimLost, StoreError.
    """

    plan: Plan
    worker: str
    actor: str
    open_unit: OpenActingUnit
    clock: Clock

    def intend(self, target: Target, *, number: int, step: str, request: GraphRequest) -> JournalEntry:
        """Write down a request that is about to be sent."""
        entry = JournalEntry(
            number=number,
            plan_id=self.plan.id,
            target=target.number,
            step=step,
            method=request.method,
            path=request.path,
            body=None if request.body is None else masked(request.body, request.secrets),
            intended_at=self.clock.now(),
            state=SendState.INTENDED,
            ended_at=None,
            status=None,
            error=None,
            request_id=None,
            kept={},
        )
        self._write(entry, AuditKind.REQUEST_INTENDED, target)
        return entry

    def answered(
        self, entry: JournalEntry, answer: Answered | Lost, target: Target, *, keep: tuple[str, ...]
    ) -> JournalEntry:
        """Write down what came of a request; of the answer's body only what ``keep`` names."""
        if isinstance(answer, Lost):
            ended = replace(entry, state=SendState.LOST, ended_at=self.clock.now(), error=answer.why)
            self._write(ended, AuditKind.REQUEST_LOST, target)
            return ended
        ended = replace(
            entry,
            state=SendState.ANSWERED,
            ended_at=self.clock.now(),
            status=answer.status,
            error=answer.error,
            request_id=answer.request_id,
            kept={name: answer.body[name] for name in keep if name in answer.body},
        )
        self._write(ended, AuditKind.REQUEST_ANSWERED, target)
        return ended

    def not_sent(self, entry: JournalEntry, why: str, target: Target) -> JournalEntry:
        """Write down that an intended request was not sent after all."""
        ended = replace(entry, state=SendState.ANSWERED, ended_at=self.clock.now(), error=f"not sent: {why}")
        self._write(ended, AuditKind.REQUEST_ANSWERED, target)
        return ended

    def keep_image(
        self, target: Target, tables: Mapping[str, tuple[Mapping[str, Value], ...]], *, taken_at: datetime
    ) -> None:
        """Keep how the target was before, so that it can be made so again."""
        image = BeforeImage(plan_id=self.plan.id, target=target.number, taken_at=taken_at, tables=tables)
        with self.open_unit() as unit:
            unit.require_claim(self.plan.id, worker=self.worker)
            unit.save_image(image)

    def end_target(self, target: Target) -> None:
        """Write down how a target ended."""
        with self.open_unit() as unit:
            unit.require_claim(self.plan.id, worker=self.worker)
            unit.save_target(self.plan.id, target)
            unit.record(
                self._event(AuditKind.TARGET_ENDED, target, {"state": str(target.state), "because": target.because})
            )

    def _write(self, entry: JournalEntry, kind: AuditKind, target: Target) -> None:
        details: dict[str, Value] = {
            "step": entry.step,
            "method": entry.method,
            "path": entry.path,
            # Secrets in it are masked. The answer's event need not repeat it.
            "body": None if entry.body is None or entry.state is not SendState.INTENDED else dict(entry.body),
            "status": entry.status,
            "error": entry.error,
            "request_id": entry.request_id,
        }
        with self.open_unit() as unit:
            unit.require_claim(self.plan.id, worker=self.worker)
            unit.write_entry(entry)
            unit.record(self._event(kind, target, {k: v for k, v in details.items() if v is not None}))

    def _event(self, kind: AuditKind, target: Target, details: Mapping[str, Value]) -> AuditEvent:
        return AuditEvent(
            at=self.clock.now(),
            actor=self.actor,
            kind=kind,
            tenant_id=self.plan.tenant_id,
            plan_id=self.plan.id,
            details={"target": target.number, "resource": target.resource.id, **details},
        )


def masked(body: Mapping[str, Value], secrets: frozenset[str]) -> Mapping[str, Value]:
    """Return a request's body with everything secret in it replaced."""
    return {name: _masked(name, part, secrets) for name, part in body.items()}


def _masked(name: str, part: Value, secrets: frozenset[str]) -> Value:
    if isinstance(part, dict):
        return {inner: _masked(inner, below, secrets) for inner, below in part.items()}
    if isinstance(part, list):
        return [_masked(name, below, secrets) for below in part]
    if isinstance(part, str) and (_SECRET_NAMES.search(name) or any(secret in part for secret in secrets)):
        return MASK
    return part
