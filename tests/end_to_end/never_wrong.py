"""The promise that every disturbed scan keeps: what it says is what an undisturbed scan says, or it says less."""

from __future__ import annotations

from posture.bootstrap import Application
from posture.domain.judgement import CheckOutcome, SkipKind
from posture.domain.outcome import Outcome
from posture.domain.run import RunState
from posture.simulator.faults import FaultKind

from .conftest import Scan

# A 403 is no disturbance but a refusal (test_refusals), and the other two begin with a write, which no scan makes.
OF_SCANS = tuple(
    kind for kind in FaultKind if kind not in (FaultKind.FORBIDDEN, FaultKind.ANSWER_LOST, FaultKind.STALE_READS)
)
BECAUSE_OF_FAULTS = {SkipKind.TABLE_INCOMPLETE, SkipKind.NOT_IN_THIS_CLOUD}


def assert_never_wrong(result: Scan, truth: Scan, application: Application, *, told: str) -> None:
    """Hold a disturbed scan against the truth, judgement by judgement; ``told`` says how to repeat it."""
    if result.summary.run.state is RunState.ABORTED:
        assert result.summary.run.aborted_because, told
        assert not result.judged, told
        return
    incomplete = {name for name, table in result.tables.items() if table.outcome is not Outcome.COMPLETE}
    blind = checks_reading(application, incomplete)
    assert result.checks.keys() == truth.checks.keys(), told
    for name, check in result.checks.items():
        assert check.outcome is not CheckOutcome.BROKEN, f"{told}: {name}: {check.error}"
        if name in blind:
            assert check.skipped is not None, f"{told}: {name} was judged without {incomplete}"
            assert check.skipped.kind in BECAUSE_OF_FAULTS, f"{told}: {name}: {check.skipped}"
            assert name not in result.verdicts, f"{told}: {name}"
        else:
            assert check.outcome is CheckOutcome.EVALUATED, f"{told}: {name}: {check.skipped}"
            assert result.verdicts[name] == truth.verdicts[name], f"{told}: {name}"
            assert check.counts == truth.checks[name].counts, f"{told}: {name}"
    assert {event.judgement.check for event in result.judged} <= result.evaluated, told
    for name in incomplete:
        assert result.tables[name].reason, f"{told}: {name}"
    broken_off = {Outcome.PARTIAL, Outcome.FAILED} & {table.outcome for table in result.tables.values()}
    expected = RunState.INCOMPLETE if broken_off else RunState.COMPLETE
    assert result.summary.run.state is expected, told


def checks_reading(application: Application, tables: set[str]) -> set[str]:
    """Ids of the checks that read one of the tables."""
    selection = application.selection(application.tenant_named(None), checks=[], tags=[])
    return {check.check.id for check in selection.checks if check.reads.source_columns.keys() & tables}
