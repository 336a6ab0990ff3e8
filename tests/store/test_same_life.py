"""Whatever happens to findings, the database keeps what the rules say, and the store for tests keeps the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from posture.domain.finding import Finding, FindingState, Resolution, after_evidence, after_failure, open_finding
from posture.domain.finding_view import FindingEvent
from posture.store.database import Store, prepare_store
from posture.usecases.ports import UnitOfWork
from tests.domain.builders import CHECK, MONDAY, a_judgement, a_resource, a_run
from tests.ports.memory_store import MemoryStore

# One snapshot: the day it was taken, and what it says about some of three users (None: fails).
snapshots = st.tuples(
    st.integers(0, 4), st.dictionaries(st.integers(0, 2), st.sampled_from([None, *Resolution]), max_size=3)
)
Snapshot = tuple[int, dict[int, Resolution | None]]


def _live(unit: UnitOfWork, tenant_id: str, snapshot: Snapshot) -> None:
    """Record a snapshot as a use case would: look up, apply the rules, save what changed."""
    taken_at = MONDAY + timedelta(days=snapshot[0])
    for user, answer in snapshot[1].items():
        fingerprint = f"{tenant_id}-{user}"
        judgement = a_judgement(resource=a_resource(id=str(user)), fingerprint=fingerprint)
        before = unit.findings.by_fingerprint([fingerprint]).get(fingerprint)
        if before is None and answer is None:
            unit.findings.save([open_finding(judgement, tenant_id=tenant_id, taken_at=taken_at)])
        elif before is not None and answer is None:
            unit.findings.save([after_failure(before, judgement, taken_at=taken_at)])
        elif before is not None and answer is not None:
            unit.findings.save([after_evidence(before, answer, taken_at=taken_at)])


def _end_of(unit: UnitOfWork, fingerprints: Sequence[str]) -> tuple[list[Finding], list[Finding]]:
    still_open = [finding for batch in unit.findings.open_findings(CHECK) for finding in batch]
    return list(dict(sorted(unit.findings.by_fingerprint(fingerprints).items())).values()), still_open


def _compare(store: Store, memory: MemoryStore, tenant_id: str, lived: Sequence[Snapshot]) -> None:
    for number, snapshot in enumerate(lived):
        run = a_run(
            id=f"{tenant_id}-run-{number}", tenant_id=tenant_id, taken_at=MONDAY + timedelta(days=snapshot[0])
        )
        for open_unit in (store.open_unit, memory.open_unit):
            with open_unit(tenant_id) as unit:
                unit.save_run(run)
                _live(unit, tenant_id, snapshot)
    fingerprints = [f"{tenant_id}-{user}" for user in range(3)]
    with store.open_unit(tenant_id) as real, memory.open_unit(tenant_id) as fake:
        assert _end_of(real, fingerprints) == _end_of(fake, fingerprints)
        known, still_open = _end_of(real, fingerprints)
    assert still_open == [finding for finding in known if finding.state is FindingState.OPEN]
    assert _histories(known, lambda each: _told(store, each)) == _histories(
        known, lambda each: memory.history.get(each.fingerprint, ())
    )


def _told(store: Store, finding: Finding) -> Sequence[FindingEvent]:
    with store.reading() as reader:
        return reader.history(finding)


def _histories(
    findings: Sequence[Finding], history: Callable[[Finding], Sequence[FindingEvent]]
) -> list[list[FindingEvent]]:
    return [list(history(finding)) for finding in findings]


def test_the_database_and_the_store_for_tests_end_with_the_same_findings_and_histories(tmp_path: Path) -> None:
    store, memory, numbers = prepare_store(f"sqlite:///{tmp_path}/posture.db"), MemoryStore(), count()

    # A tenant for each example: making a database for each would take most of the time.
    @settings(max_examples=40, deadline=None)
    @given(st.lists(snapshots, max_size=6))
    def live_and_compare(lived: list[Snapshot]) -> None:
        _compare(store, memory, f"tenant-{next(numbers)}", lived)

    try:
        live_and_compare()
    finally:
        store.close()
