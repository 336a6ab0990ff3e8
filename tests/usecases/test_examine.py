"""What is kept of asking a tenant what it allows."""

from __future__ import annotations

from datetime import timedelta

from posture.domain.check import CheckId
from posture.domain.examination import GOOD_FOR, RemediatorExamined
from posture.domain.judgement import SkipKind, SkipReason
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.tenant import Licence, TenantFacts
from posture.usecases.diagnose import Diagnosis
from posture.usecases.examine import examination_of
from posture.usecases.permissions import EVERY_SCAN, NeededPermission
from tests.usecases.builders import MONDAY, TENANT_ID


def a_need(permission: str) -> NeededPermission:
    return NeededPermission(
        permission=permission,
        tables=(),
        checks=(),
        is_for_every_scan=permission == EVERY_SCAN,
        accepted=frozenset({frozenset({permission})}),
    )


def a_table(name: str, reason: str | None) -> TableOutcome:
    return TableOutcome(
        table=name,
        outcome=Outcome.COMPLETE if reason is None else Outcome.FORBIDDEN,
        rows=0,
        requests=1,
        seconds=0.1,
        as_of=MONDAY,
        reason=reason,
        missing=None,
    )


def a_diagnosis(granted: frozenset[str] | None) -> Diagnosis:
    skip = SkipReason(kind=SkipKind.PERMISSION_MISSING, detail="needs AuditLog.Read.All")
    return Diagnosis(
        refused=None,
        facts=TenantFacts(
            tenant_id=TENANT_ID,
            display_name="Contoso",
            licences=frozenset({Licence.P2}),
            granted=granted,
            clock_skew=timedelta(seconds=2),
        ),
        outcomes=[a_table("users", None), a_table("sign_ins", "needs AuditLog.Read.All")],
        skips={CheckId("inactive-users"): skip},
    )


def test_it_says_what_is_missing_and_what_did_not_answer() -> None:
    remediator = RemediatorExamined(refused=None, granted=frozenset(), actions=3, impossible={})
    diagnosis = a_diagnosis(frozenset({"User.Read.All"}))

    found = examination_of(
        TENANT_ID, diagnosis, [a_need("User.Read.All"), a_need("AuditLog.Read.All")], remediator, at=MONDAY
    )

    assert (found.tenant_id, found.at, found.remediator) == (TENANT_ID, MONDAY, remediator)
    assert found.reader.missing == ("AuditLog.Read.All",)
    assert (found.reader.tables_asked, [each.table for each in found.reader.tables_refused]) == (2, ["sign_ins"])
    assert (found.reader.licences, found.reader.clock_skew) == ({Licence.P2}, timedelta(seconds=2))
    assert found.reader.skips == diagnosis.skips


def test_permissions_that_nobody_knows_are_not_called_missing() -> None:
    found = examination_of(TENANT_ID, a_diagnosis(None), [a_need("User.Read.All")], None, at=MONDAY)

    assert (found.reader.granted, found.reader.missing) == (None, ())


def test_of_a_reader_without_a_token_nothing_else_is_known() -> None:
    refused = Diagnosis(refused="AADSTS7000215: wrong secret", facts=None, outcomes=(), skips={})

    reader = examination_of(TENANT_ID, refused, [a_need("User.Read.All")], None, at=MONDAY).reader

    assert reader.refused == "AADSTS7000215: wrong secret"
    assert (reader.granted, reader.licences, reader.clock_skew) == (None, None, None)
    assert (reader.missing, reader.tables_asked) == ((), 0)


def test_it_is_believed_for_a_day() -> None:
    found = examination_of(TENANT_ID, a_diagnosis(None), [], None, at=MONDAY)

    assert found.is_good(MONDAY + GOOD_FOR - timedelta.resolution)
    assert not found.is_good(MONDAY + GOOD_FOR)


def test_one_of_a_time_to_come_is_not_believed_but_clocks_may_differ_a_little() -> None:
    found = examination_of(TENANT_ID, a_diagnosis(None), [], None, at=MONDAY)

    assert found.is_good(MONDAY - timedelta(minutes=5))
    assert not found.is_good(MONDAY - timedelta(hours=1))
