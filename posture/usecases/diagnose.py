"""Find out, without scanning, whether every enabled check of a tenant can run, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from posture.definitions.compiled import CompiledCheck
from posture.domain.check import CheckId
from posture.domain.judgement import SkipReason
from posture.domain.outcome import TableOutcome
from posture.domain.tenant import TenantFacts
from posture.errors import GraphError
from posture.tables.table import WantedTable
from posture.usecases.gate import skip_reason
from posture.usecases.ports import GraphReader


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """What was found out about one tenant.

    ``refused`` is why there is no token or no answer; then nothing else is known and ``facts`` is None.
    ``outcomes`` are of each table's first page only. ``skips`` maps a check that cannot run to the reason.
    """

    refused: str | None
    facts: TenantFacts | None
    outcomes: Sequence[TableOutcome]
    skips: Mapping[CheckId, SkipReason]

    @property
    def is_ready(self) -> bool:
        """Whether every enabled check can run."""
        return self.refused is None and not self.skips


def diagnose_tenant(
    checks: Sequence[CompiledCheck], wanted: Sequence[WantedTable], *, graph: GraphReader
) -> Diagnosis:
    """Ask for a token, for the tenant's facts and for the first page of every table. Writes nothing."""
    try:
        facts = graph.identify()
        outcomes = list(graph.first_pages(wanted, facts=facts))
    except GraphError as error:
        return Diagnosis(refused=str(error), facts=None, outcomes=(), skips={})
    return Diagnosis(refused=None, facts=facts, outcomes=outcomes, skips=_skips(checks, wanted, outcomes))


def _skips(
    checks: Sequence[CompiledCheck], wanted: Sequence[WantedTable], outcomes: Sequence[TableOutcome]
) -> dict[CheckId, SkipReason]:
    tables = {table.table.name: table.table for table in wanted}
    by_table = {outcome.table: outcome for outcome in outcomes}
    skips = {}
    for compiled in checks:
        # What can be read today will be there as the snapshot before, one scan later.
        reason = skip_reason(compiled, tables=tables, outcomes=by_table, previous=by_table)
        if reason is not None:
            skips[compiled.check.id] = reason
    return skips
