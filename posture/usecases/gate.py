"""Whether a check may be evaluated on a snapshot. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from posture.definitions.compiled import CompiledCheck
from posture.domain.judgement import SkipKind, SkipReason
from posture.domain.outcome import Outcome, TableOutcome
from posture.tables.table import SourceTable, is_readable

_KINDS = {
    Outcome.FORBIDDEN: SkipKind.PERMISSION_MISSING,
    Outcome.NOT_LICENSED: SkipKind.LICENCE_MISSING,
    Outcome.NOT_IN_THIS_CLOUD: SkipKind.NOT_IN_THIS_CLOUD,
    Outcome.PARTIAL: SkipKind.TABLE_INCOMPLETE,
    Outcome.FAILED: SkipKind.TABLE_INCOMPLETE,
}
# What an administrator can do something about comes first.
_PRECEDENCE = tuple(SkipKind)


def skip_reason(
    compiled: CompiledCheck,
    *,
    tables: Mapping[str, SourceTable],
    outcomes: Mapping[str, TableOutcome],
    previous: Mapping[str, TableOutcome] | None,
) -> SkipReason | None:
    """Return why the check cannot be evaluated on these outcomes; None if it can.

    A table without an outcome was never read and counts as incomplete. Where several tables are in the way, the
    reason names all of them, and its kind is the one that an administrator can mend.
    """
    reasons = [
        *_unreadable(compiled.reads.source_columns, tables=tables, outcomes=outcomes),
        *_missing_before(compiled, tables=tables, previous=previous),
    ]
    if not reasons:
        return None
    kind = min((reason.kind for reason in reasons), key=_PRECEDENCE.index)
    details = dict.fromkeys(reason.detail for reason in reasons)
    return SkipReason(kind=kind, detail="; ".join(details))


def _unreadable(
    names: Mapping[str, frozenset[str]] | frozenset[str],
    *,
    tables: Mapping[str, SourceTable],
    outcomes: Mapping[str, TableOutcome],
) -> Iterator[SkipReason]:
    for name in sorted(names):
        outcome = outcomes.get(name)
        if outcome is None:
            yield SkipReason(kind=SkipKind.TABLE_INCOMPLETE, detail=f"{name} was not read")
        elif not is_readable(tables[name], outcome):
            yield SkipReason(kind=_KINDS[outcome.outcome], detail=f"{name}: {outcome.reason}")


def _missing_before(
    compiled: CompiledCheck,
    *,
    tables: Mapping[str, SourceTable],
    previous: Mapping[str, TableOutcome] | None,
) -> Iterator[SkipReason]:
    if not compiled.reads.previous:
        return
    if previous is None:
        yield SkipReason(kind=SkipKind.TABLE_INCOMPLETE, detail="there is no earlier snapshot to compare with")
        return
    for reason in _unreadable(compiled.reads.previous, tables=tables, outcomes=previous):
        yield SkipReason(kind=reason.kind, detail=f"in the snapshot before, {reason.detail}")
