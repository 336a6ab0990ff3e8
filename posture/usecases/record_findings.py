"""Turn the judgements of one check into findings that are followed through time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from posture.definitions.compiled import CompiledCheck
from posture.domain.exemption import Exemption
from posture.domain.finding import (
    Finding,
    FindingChange,
    FindingState,
    Resolution,
    after_evidence,
    after_failure,
    open_finding,
)
from posture.domain.judgement import Judgement
from posture.domain.notices_of_scans import finding_notice
from posture.domain.verdict import Verdict
from posture.usecases.ports import Judged, UnitOfWork

_RESOLUTIONS: Mapping[str | None, Resolution] = {
    Verdict.PASS.value: Resolution.PASSED,
    "not_applicable": Resolution.NOT_APPLICABLE,
    # The check was evaluated on complete tables, so a thing without a row is known to be gone.
    None: Resolution.GONE,
}


@dataclass(kw_only=True)
class Recorder:
    """Writes what one evaluated check means for the tenant's findings, and what people are told of it.

    ``exemptions`` maps a resource id in lower case to the exemptions in force for it. ``is_first`` says that the
    check is evaluated in the tenant for the first time: no finding is told of then, for one notice about all of them
    comes at the end of the run. ``_seen`` holds the fingerprints of known findings that failed or are unknown in
    this snapshot: only those that are in neither group may be resolved.
    """

    compiled: CompiledCheck
    judged: Judged
    unit: UnitOfWork
    exemptions: Mapping[str, tuple[Exemption, ...]]
    tenant_id: str
    tenant_name: str
    taken_at: datetime
    is_first: bool
    _seen: set[str] = field(default_factory=set)

    def record(self, batch: Sequence[Judgement]) -> Iterator[tuple[Judgement, FindingChange | None]]:
        """Save what a batch changes, then yield each judgement with what it did to its finding."""
        known = self.unit.findings.by_fingerprint([judgement.fingerprint for judgement in batch])
        after = {}
        for judgement in batch:
            before = known.get(judgement.fingerprint)
            if before is not None and judgement.verdict is not Verdict.PASS:
                self._seen.add(judgement.fingerprint)
            after[judgement.fingerprint] = self._after(before, judgement)
        changed = [
            finding
            for finding in after.values()
            if finding is not None and finding is not known.get(finding.fingerprint)
        ]
        self.unit.findings.save(changed)
        self._tell((known.get(finding.fingerprint), finding) for finding in changed)
        self._seen.update(finding.fingerprint for finding in changed if finding.state is FindingState.OPEN)
        for judgement in batch:
            yield judgement, self._change(known.get(judgement.fingerprint), after[judgement.fingerprint])

    def _after(self, before: Finding | None, judgement: Judgement) -> Finding | None:
        if judgement.verdict is Verdict.FAIL:
            if before is None:
                return open_finding(judgement, tenant_id=self.tenant_id, taken_at=self.taken_at)
            return after_failure(before, judgement, taken_at=self.taken_at)
        if judgement.verdict is Verdict.PASS and before is not None:
            return after_evidence(before, Resolution.PASSED, taken_at=self.taken_at)
        return before

    def _change(self, before: Finding | None, now: Finding | None) -> FindingChange | None:
        if now is None:
            return None
        if now.state is FindingState.RESOLVED:
            return FindingChange.RESOLVED if now is not before else None
        if self._is_exempted(now):
            return FindingChange.EXEMPTED
        if before is None:
            return FindingChange.NEW
        return FindingChange.REOPENED if before.state is FindingState.RESOLVED else FindingChange.OPEN

    def _is_exempted(self, finding: Finding) -> bool:
        accepted = self.exemptions.get(finding.resource.id.lower(), ())
        return any(exemption.check in (None, finding.check) for exemption in accepted)

    def _tell(self, changed: Iterable[tuple[Finding | None, Finding]]) -> None:
        """Record what there is to tell about findings as they were before and are now."""
        if self.is_first:
            return
        title = self.compiled.check.title
        notices = []
        for before, after in changed:
            notice = finding_notice(before, after, title=title, tenant_name=self.tenant_name)
            if notice is not None and not self._is_exempted(after):
                notices.append(notice)
        self.unit.add_notices(notices)

    def resolve_the_rest(self) -> None:
        """Resolve the open findings of the check that this snapshot answered without failing."""
        for batch in self.unit.findings.open_findings(self.compiled.check.id):
            rest = [finding for finding in batch if finding.fingerprint not in self._seen]
            verdicts = self.judged.verdicts_of([(finding.resource.id, finding.identity) for finding in rest])
            resolved = [
                (finding, after_evidence(finding, _RESOLUTIONS[verdict], taken_at=self.taken_at))
                for finding, verdict in zip(rest, verdicts, strict=True)
                if verdict in _RESOLUTIONS and finding.judged_at < self.taken_at
            ]
            self.unit.findings.save([finding for _, finding in resolved])
            self._tell(resolved)
