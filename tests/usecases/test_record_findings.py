"""What one evaluated check means for the findings of a tenant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from posture.domain.check import CheckId
from posture.domain.exemption import Exemption
from posture.domain.finding import Finding, FindingChange, FindingState, Resolution, fingerprint
from posture.domain.judgement import Judgement, Resource, Value, VerdictCounts
from posture.domain.severity import Severity
from posture.domain.verdict import Verdict
from posture.usecases.record_findings import Recorder
from tests.ports.memory_store import MemoryStore
from tests.usecases.builders import MONDAY, TENANT_ID, a_check, a_compiled_check

CHECK = a_check()
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)


def a_judgement(resource_id: str, verdict: Verdict) -> Judgement:
    return Judgement(
        check=CHECK.id,
        resource=Resource(type="user", id=resource_id, name=None),
        identity={},
        verdict=verdict,
        severity=Severity.HIGH,
        message="disabled",
        evidence={},
        fingerprint=id_of(resource_id),
    )


def id_of(resource_id: str) -> str:
    return fingerprint(check=CHECK.id, tenant_id=TENANT_ID, resource_id=resource_id, identity={})


@dataclass
class Answers:
    """The rows of one evaluated check: resource id → verdict word."""

    verdicts: Mapping[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> VerdictCounts:
        raise AssertionError("recording asks for no counts")

    def rows(self, verdicts: object) -> Iterator[Mapping[str, Value]]:
        raise AssertionError("recording is given its judgements")

    def verdicts_of(self, things: Sequence[tuple[str, Mapping[str, Value]]]) -> Sequence[str | None]:
        return [self.verdicts.get(resource_id) for resource_id, _ in things]


class Tenant:
    """A tenant whose judgements are recorded, one snapshot after the other."""

    def __init__(self) -> None:
        self.store = MemoryStore()

    def snapshot(
        self,
        taken_at: datetime,
        *,
        told: tuple[Verdict, ...] = (Verdict.FAIL, Verdict.UNKNOWN),
        exemptions: Mapping[str, tuple[Exemption, ...]] | None = None,
        is_first: bool = False,
        **verdicts: str,
    ) -> dict[str, FindingChange | None]:
        """Record one snapshot and return resource id → change; only ``told`` verdicts are streamed."""
        with self.store.open_unit(TENANT_ID) as unit:
            recorder = Recorder(
                compiled=a_compiled_check(check=CHECK),
                judged=Answers(verdicts),
                unit=unit,
                exemptions=exemptions or {},
                tenant_id=TENANT_ID,
                tenant_name="contoso",
                taken_at=taken_at,
                is_first=is_first,
            )
            batch = [a_judgement(name, Verdict(word)) for name, word in verdicts.items() if word in {*map(str, told)}]
            changes = {judgement.resource.id: change for judgement, change in recorder.record(batch)}
            recorder.resolve_the_rest()
        return changes

    def finding(self, resource_id: str) -> Finding | None:
        with self.store.open_unit(TENANT_ID) as unit:
            return unit.findings.by_fingerprint([id_of(resource_id)]).get(id_of(resource_id))

    def state(self, resource_id: str) -> FindingState | None:
        found = self.finding(resource_id)
        return found.state if found else None


@pytest.fixture
def tenant() -> Tenant:
    return Tenant()


def test_a_first_failure_is_new_and_stays_open(tenant: Tenant) -> None:
    assert tenant.snapshot(MONDAY, u1="fail") == {"u1": FindingChange.NEW}
    assert tenant.snapshot(TUESDAY, u1="fail") == {"u1": FindingChange.OPEN}

    finding = tenant.finding("u1")
    assert finding is not None
    assert (finding.first_failed_at, finding.last_failed_at) == (MONDAY, TUESDAY)


@pytest.mark.parametrize(
    ("verdicts", "resolution"),
    [
        ({"u1": "pass"}, Resolution.PASSED),
        ({"u1": "not_applicable"}, Resolution.NOT_APPLICABLE),
        ({}, Resolution.GONE),
    ],
)
def test_evidence_resolves_though_it_is_not_streamed(
    tenant: Tenant, verdicts: dict[str, str], resolution: Resolution
) -> None:
    tenant.snapshot(MONDAY, u1="fail")

    tenant.snapshot(TUESDAY, **verdicts)

    finding = tenant.finding("u1")
    assert finding is not None
    assert (finding.state, finding.resolution, finding.judged_at) == (FindingState.RESOLVED, resolution, TUESDAY)
    assert finding.last_failed_at == MONDAY


def test_an_unknown_verdict_resolves_nothing_and_opens_nothing(tenant: Tenant) -> None:
    tenant.snapshot(MONDAY, u1="fail")

    changes = tenant.snapshot(TUESDAY, u1="unknown", u2="unknown")

    assert changes == {"u1": FindingChange.OPEN, "u2": None}
    finding = tenant.finding("u1")
    assert finding is not None
    assert (finding.state, finding.judged_at) == (FindingState.OPEN, MONDAY)
    assert tenant.finding("u2") is None


def test_with_all_verdicts_a_pass_tells_what_it_resolved(tenant: Tenant) -> None:
    tenant.snapshot(MONDAY, u1="fail")

    changes = tenant.snapshot(TUESDAY, told=tuple(Verdict), u1="pass", u2="pass")

    assert changes == {"u1": FindingChange.RESOLVED, "u2": None}
    assert tenant.state("u1") is FindingState.RESOLVED


def test_failing_again_reopens(tenant: Tenant) -> None:
    tenant.snapshot(MONDAY, u1="fail")
    tenant.snapshot(TUESDAY, u1="pass")

    assert tenant.snapshot(WEDNESDAY, u1="fail") == {"u1": FindingChange.REOPENED}

    finding = tenant.finding("u1")
    assert finding is not None
    assert finding.times_opened == 2


def test_replaying_a_snapshot_changes_nothing(tenant: Tenant) -> None:
    tenant.snapshot(MONDAY, u1="fail", u2="fail")
    tenant.snapshot(TUESDAY, u1="pass", u2="fail")
    before = tenant.finding("u1"), tenant.finding("u2")

    tenant.snapshot(MONDAY, u1="fail", u2="fail")
    tenant.snapshot(TUESDAY, u1="pass", u2="fail")
    tenant.snapshot(MONDAY, u2="pass")

    assert (tenant.finding("u1"), tenant.finding("u2")) == before


def test_an_exempted_failure_is_followed_but_told_apart(tenant: Tenant) -> None:
    accepted = Exemption(
        tenant="contoso",
        check=CHECK.id,
        resource_id="U1",
        owner="ada@example.com",
        reason="for the test",
        ends_at=WEDNESDAY,
        origin="test",
    )

    changes = tenant.snapshot(MONDAY, exemptions={"u1": (accepted,)}, u1="fail", u2="fail")

    assert changes == {"u1": FindingChange.EXEMPTED, "u2": FindingChange.NEW}
    assert tenant.state("u1") is FindingState.OPEN


def test_an_exemption_from_another_check_does_not_count(tenant: Tenant) -> None:
    other = Exemption(
        tenant="contoso",
        check=CheckId("another-check"),
        resource_id="u1",
        owner="ada@example.com",
        reason="for the test",
        ends_at=WEDNESDAY,
        origin="test",
    )

    assert tenant.snapshot(MONDAY, exemptions={"u1": (other,)}, u1="fail") == {"u1": FindingChange.NEW}


def test_findings_of_many_things_survive_batches(tenant: Tenant) -> None:
    failing = {f"u{number}": "fail" for number in range(1203)}
    tenant.snapshot(MONDAY, **failing)

    tenant.snapshot(TUESDAY, **{name: "fail" for name in list(failing)[:600]})

    states = [tenant.state(name) for name in failing]
    assert states.count(FindingState.OPEN) == 600
    assert states.count(FindingState.RESOLVED) == 603
