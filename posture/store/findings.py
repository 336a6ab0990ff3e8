"""The findings of one tenant, inside one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, insert, select

from posture.domain.check import CheckId
from posture.domain.finding import Finding, FindingState, change_of_state
from posture.store import open_findings
from posture.store.batches import BATCH, in_batches, upsert
from posture.store.open_findings import Before
from posture.store.rows import finding_from, finding_row, listing_row
from posture.store.tables import FINDING_CHANGES, FINDINGS, RUNS

_KEY: Final = ("fingerprint",)


class SqlFindingBook:
    """Reads and writes findings. What happened to each is written beside it, in the same transaction."""

    def __init__(self, connection: Connection, tenant_id: str) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._run_ids: dict[datetime, str | None] = {}

    def by_fingerprint(self, fingerprints: Sequence[str]) -> Mapping[str, Finding]:
        """Return those findings of the tenant that are on record, by fingerprint."""
        found: dict[str, Finding] = {}
        for batch in in_batches(fingerprints):
            # Without the tenant: SQLite would rather walk through all findings of a tenant than look up 500 keys.
            wanted = select(FINDINGS).where(FINDINGS.c.fingerprint.in_(batch))
            for row in self._connection.execute(wanted).mappings():
                if row["tenant_id"] == self._tenant_id:
                    found[row["fingerprint"]] = finding_from(row)
        return found

    def save(self, findings: Sequence[Finding]) -> None:
        """Insert or update; a new, reopened or resolved finding gets a line in its history.

        Raises:
            ValueError: a finding belongs to another tenant.
        """
        for batch in in_batches(findings):
            self._refuse_strangers(batch)
            before = self._before([finding.fingerprint for finding in batch])
            rows = [finding_row(finding) | listing_row(finding) for finding in batch]
            upsert(self._connection, FINDINGS, rows, key=_KEY)
            open_findings.count(self._connection, batch, before)
            self._remember(batch, before)

    def open_findings(self, check: CheckId) -> Iterator[Sequence[Finding]]:
        """Yield the open findings of a check in batches, by fingerprint.

        A batch is whole before it is yielded, and the next is looked up by the last fingerprint: findings may be
        saved in between.
        """
        after = ""
        while batch := self._open_after(check, after):
            yield batch
            after = batch[-1].fingerprint

    def _open_after(self, check: CheckId, fingerprint: str) -> list[Finding]:
        page = (
            select(FINDINGS)
            .where(
                FINDINGS.c.tenant_id == self._tenant_id,
                FINDINGS.c.check_id == check,
                FINDINGS.c.state == FindingState.OPEN.value,
                FINDINGS.c.fingerprint > fingerprint,
            )
            .order_by(FINDINGS.c.fingerprint)
            .limit(BATCH)
        )
        return [finding_from(row) for row in self._connection.execute(page).mappings()]

    def _refuse_strangers(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            if finding.tenant_id != self._tenant_id:
                raise ValueError(f"finding {finding.fingerprint} belongs to another tenant than this unit of work")

    def _before(self, fingerprints: Sequence[str]) -> Mapping[str, Before]:
        known = select(FINDINGS.c.fingerprint, FINDINGS.c.state, FINDINGS.c.severity_rank)
        found = self._connection.execute(known.where(FINDINGS.c.fingerprint.in_(fingerprints)))
        return {
            row.fingerprint: Before(state=FindingState(row.state), severity_rank=row.severity_rank) for row in found
        }

    def _remember(self, findings: Sequence[Finding], before: Mapping[str, Before]) -> None:
        lines = []
        for finding in findings:
            earlier = before.get(finding.fingerprint)
            change = change_of_state(earlier.state if earlier else None, finding.state)
            if change is not None:
                lines.append(
                    {
                        "fingerprint": finding.fingerprint,
                        "change": change.value,
                        "run_id": self._run_of(finding.judged_at),
                        "at": finding.judged_at,
                        "tenant_id": finding.tenant_id,
                        "check_id": finding.check,
                    }
                )
        if lines:
            self._connection.execute(insert(FINDING_CHANGES), lines)

    def _run_of(self, taken_at: datetime) -> str | None:
        """Return the run of a snapshot: of several with its time, the last, which went on where others stopped."""
        if taken_at not in self._run_ids:
            newest = (
                select(RUNS.c.id)
                .where(RUNS.c.tenant_id == self._tenant_id, RUNS.c.taken_at == taken_at)
                .order_by(RUNS.c.number.desc())
                .limit(1)
            )
            self._run_ids[taken_at] = self._connection.execute(newest).scalar()
        return self._run_ids[taken_at]
