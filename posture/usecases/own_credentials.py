"""posture's own secrets and certificates, found in what a scan read of the tenant's applications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from posture.definitions.compiled import CompiledCheck
from posture.domain.judgement import Value
from posture.domain.notices_of_scans import OwnCredential
from posture.domain.verdict import Verdict
from posture.errors import CheckBroken
from posture.tables.table import SourceTable
from posture.usecases.gate import skip_reason
from posture.usecases.ports import Snapshot


@dataclass(frozen=True, kw_only=True)
class OwnCredentials:
    """What to look for: ``app_ids`` are those of the reader and the remediator, in lower case.

    ``checks`` fail for credentials that end ``within`` that time; their rows have ``app_id``, ``credential_id``,
    ``credential_kind`` and ``end_at``.
    """

    app_ids: frozenset[str]
    checks: tuple[CompiledCheck, ...]
    within: timedelta


def ending_credentials(
    own: OwnCredentials, snapshot: Snapshot, *, tables: Mapping[str, SourceTable]
) -> Iterator[OwnCredential]:
    """Yield posture's own credentials that end soon, as far as the snapshot tells.

    Where a table was not read, or a check breaks, there is none: the checks say so themselves.
    """
    for compiled in own.checks:
        reason = skip_reason(compiled, tables=tables, outcomes=snapshot.outcomes, previous=snapshot.previous_outcomes)
        if reason is None:
            yield from (_credential(row) for row in _failing(compiled, snapshot, own.app_ids))


def _failing(compiled: CompiledCheck, snapshot: Snapshot, app_ids: frozenset[str]) -> Sequence[Mapping[str, Value]]:
    try:
        with snapshot.judge(compiled) as judged:
            return [row for row in judged.rows((Verdict.FAIL,)) if str(row["app_id"]).lower() in app_ids]
    except CheckBroken:
        return []


def _credential(row: Mapping[str, Value]) -> OwnCredential:
    name = row["resource_name"]
    return OwnCredential(
        app_id=str(row["app_id"]).lower(),
        app_name=None if name is None else str(name),
        key_id=str(row["credential_id"] or "unknown"),
        kind=str(row["credential_kind"]),
        # Never NULL: whether something without an end date ends soon is unknown, and that is no failure.
        ends_at=datetime.fromisoformat(str(row["end_at"])),
    )
