"""A database in memory, for tests of use cases; it passes the same contract suite as the real ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding, FindingState, change_of_state
from posture.domain.finding_view import FindingEvent
from posture.domain.judgement import CheckOutcome, CheckResult, SkipKind
from posture.domain.notice import Notice
from posture.domain.notices_of_scans import CheckStanding
from posture.domain.run import INTERRUPTED, Run, RunState, RunSummary


@dataclass(kw_only=True)
class MemoryStore:
    """What was committed. ``recorded`` are the exemptions that a unit of work returns; tests put them in.

    ``standings`` are by tenant and check, ``notices`` in the order in which they were recorded.
    """

    findings: dict[str, Finding] = field(default_factory=dict)
    history: dict[str, tuple[FindingEvent, ...]] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    summaries: dict[str, RunSummary] = field(default_factory=dict)
    standings: dict[tuple[str, CheckId], CheckStanding] = field(default_factory=dict)
    notices: dict[str, Notice] = field(default_factory=dict)
    recorded: list[Exemption] = field(default_factory=list)

    @contextmanager
    def open_unit(self, tenant_id: str) -> Iterator[MemoryUnitOfWork]:
        """Work on a copy that replaces the store if nothing is raised."""
        draft = replace(
            self,
            findings=copy(self.findings),
            history=copy(self.history),
            runs=copy(self.runs),
            summaries=copy(self.summaries),
            standings=copy(self.standings),
            notices=copy(self.notices),
        )
        yield MemoryUnitOfWork(draft, tenant_id)
        self.findings, self.history = draft.findings, draft.history
        self.runs, self.summaries = draft.runs, draft.summaries
        self.standings, self.notices = draft.standings, draft.notices


class MemoryUnitOfWork:
    def __init__(self, draft: MemoryStore, tenant_id: str) -> None:
        self._draft = draft
        self._tenant_id = tenant_id
        self._findings = MemoryFindingBook(draft, tenant_id)

    @property
    def findings(self) -> MemoryFindingBook:
        return self._findings

    def save_run(self, run: Run) -> None:
        self._draft.runs[run.id] = run

    def end_interrupted(self, run: Run) -> Sequence[Run]:
        ended = [
            replace(other, state=RunState.ABORTED, aborted_because=INTERRUPTED, finished_at=run.taken_at)
            for other in self._draft.runs.values()
            if other.tenant_id == run.tenant_id and other.state is RunState.RUNNING and other.id != run.id
        ]
        self._draft.runs |= {other.id: other for other in ended}
        return ended

    def save_summary(self, summary: RunSummary) -> None:
        self.save_run(summary.run)
        self._draft.summaries[summary.run.id] = summary
        for result in summary.checks:
            if result.skipped is None or result.skipped.kind is not SkipKind.SWITCHED_OFF:
                self._stand(summary.run, result)

    def previous_run(self, run: Run) -> Run | None:
        ended = (
            other
            for other in reversed(self._draft.runs.values())
            if other.tenant_id == run.tenant_id and other.id != run.id and other.state is not RunState.RUNNING
        )
        return next(ended, None)

    def standings(self) -> Mapping[CheckId, CheckStanding]:
        return {check: one for (tenant, check), one in self._draft.standings.items() if tenant == self._tenant_id}

    def exemptions(self) -> Sequence[Exemption]:
        return tuple(self._draft.recorded)

    def add_notices(self, notices: Sequence[Notice]) -> None:
        for notice in notices:
            self._draft.notices.setdefault(notice.id, notice)

    def forget_unrouted(self, before: datetime) -> None:
        for notice in list(self._draft.notices.values()):
            if notice.tenant_id == self._tenant_id and notice.at < before:
                del self._draft.notices[notice.id]

    def _stand(self, run: Run, result: CheckResult) -> None:
        before = self._draft.standings.get((run.tenant_id, result.check))
        is_evaluated = result.outcome is CheckOutcome.EVALUATED
        self._draft.standings[run.tenant_id, result.check] = CheckStanding(
            check=result.check,
            outcome=result.outcome,
            skip_kind=result.skipped.kind if result.skipped else None,
            evaluated_at=run.taken_at if is_evaluated else before.evaluated_at if before else None,
        )


class MemoryFindingBook:
    def __init__(self, draft: MemoryStore, tenant_id: str) -> None:
        self._draft = draft
        self._tenant_id = tenant_id

    def by_fingerprint(self, fingerprints: Sequence[str]) -> Mapping[str, Finding]:
        return {
            finding.fingerprint: finding
            for finding in map(self._draft.findings.get, fingerprints)
            if finding is not None and finding.tenant_id == self._tenant_id
        }

    def save(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            if finding.tenant_id != self._tenant_id:
                raise ValueError(f"finding {finding.fingerprint} belongs to another tenant than this unit of work")
            self._remember(finding)
            self._draft.findings[finding.fingerprint] = finding

    def open_findings(self, check: CheckId) -> Iterator[Sequence[Finding]]:
        """Yield in batches of two, so that use cases meet more than one."""
        after = ""
        while batch := self._open_after(check, after):
            yield batch
            after = batch[-1].fingerprint

    def _open_after(self, check: CheckId, after: str) -> Sequence[Finding]:
        still_open = [
            finding
            for finding in self._draft.findings.values()
            if (finding.tenant_id, finding.check, finding.state) == (self._tenant_id, check, FindingState.OPEN)
            and finding.fingerprint > after
        ]
        return sorted(still_open, key=lambda finding: finding.fingerprint)[:2]

    def _remember(self, finding: Finding) -> None:
        before = self._draft.findings.get(finding.fingerprint)
        change = change_of_state(before.state if before else None, finding.state)
        if change is not None:
            runs = [
                run.id
                for run in self._draft.runs.values()
                if (run.tenant_id, run.taken_at) == (self._tenant_id, finding.judged_at)
            ]
            event = FindingEvent(change=change, run_id=runs[-1] if runs else None, at=finding.judged_at)
            known = self._draft.history.get(finding.fingerprint, ())
            self._draft.history[finding.fingerprint] = (*known, event)
