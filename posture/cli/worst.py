"""The worst failures of a scan, kept while judgements stream by."""

from __future__ import annotations

import heapq

from posture.domain.finding import FindingChange
from posture.domain.judgement import Judgement
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict


class WorstFindings:
    """Keeps the ``size`` worst failing judgements, no more than ``per_check`` of one check, and what is failing.

    The bound per check keeps one noisy check from hiding the others.
    """

    def __init__(self, *, size: int, per_check: int) -> None:
        self._size = size
        self._per_check = per_check
        self._kept: dict[str, list[tuple[int, int, Judgement]]] = {}
        self._seen = 0
        self._severities: dict[Severity, int] = {}

    def add(self, judgement: Judgement, change: FindingChange | None) -> None:
        """Take one judgement; exempted ones and anything but failures are left out."""
        if judgement.verdict is not Verdict.FAIL or change is FindingChange.EXEMPTED:
            return
        self._seen += 1
        self._severities[judgement.severity] = self._severities.get(judgement.severity, 0) + 1
        heap = self._kept.setdefault(judgement.check, [])
        entry = (judgement.severity.rank, -self._seen, judgement)
        if len(heap) < self._per_check:
            heapq.heappush(heap, entry)
        else:
            heapq.heappushpop(heap, entry)

    @property
    def by_severity(self) -> dict[Severity, int]:
        """How many failures there are of each severity that occurs."""
        return dict(self._severities)

    def worst(self) -> list[Judgement]:
        """Return the worst, worst first."""
        entries = [entry for heap in self._kept.values() for entry in heap]
        return [judgement for _, _, judgement in heapq.nlargest(self._size, entries, key=lambda entry: entry[:2])]

    def reaches(self, severity: Severity) -> bool:
        """Say whether anything fails at ``severity`` or above."""
        return any(found.is_at_least(severity) for found in self._severities)
