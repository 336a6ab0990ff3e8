"""A check is evaluated only on tables that were read to the end."""

from __future__ import annotations

import pytest

from posture.domain.judgement import SkipKind, SkipReason
from posture.domain.outcome import Outcome, TableOutcome
from posture.domain.tenant import Licence
from posture.tables.table import SourceTable, WithoutLicence
from posture.usecases.gate import skip_reason
from tests.usecases.builders import a_compiled_check, a_source, a_table, an_outcome

USERS = a_table("users")


def gate(
    *outcomes: TableOutcome,
    tables: tuple[SourceTable, ...] = (USERS,),
    reads: tuple[str, ...] = ("users",),
    reads_before: tuple[str, ...] = (),
    previous: tuple[TableOutcome, ...] | None = None,
) -> SkipReason | None:
    return skip_reason(
        a_compiled_check(
            source_columns={name: frozenset({"id"}) for name in reads}, previous=frozenset(reads_before)
        ),
        tables={table.name: table for table in tables},
        outcomes={outcome.table: outcome for outcome in outcomes},
        previous=None if previous is None else {outcome.table: outcome for outcome in previous},
    )


def test_complete_tables_let_a_check_through() -> None:
    assert gate(an_outcome("users", Outcome.COMPLETE)) is None


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome.FORBIDDEN, SkipKind.PERMISSION_MISSING),
        (Outcome.NOT_LICENSED, SkipKind.LICENCE_MISSING),
        (Outcome.NOT_IN_THIS_CLOUD, SkipKind.NOT_IN_THIS_CLOUD),
        (Outcome.PARTIAL, SkipKind.TABLE_INCOMPLETE),
        (Outcome.FAILED, SkipKind.TABLE_INCOMPLETE),
    ],
)
def test_any_other_outcome_skips_the_check_and_names_the_table(outcome: Outcome, kind: SkipKind) -> None:
    reason = gate(an_outcome("users", outcome, reason="because of the test"))

    assert reason is not None
    assert reason.kind is kind
    assert reason.detail == "users: because of the test"


def test_a_table_that_was_never_read_skips_the_check() -> None:
    reason = gate()

    assert reason == SkipReason(kind=SkipKind.TABLE_INCOMPLETE, detail="users was not read")


def test_a_table_that_is_empty_for_want_of_a_licence_can_be_judged() -> None:
    policies = a_table("policies", source=a_source(licence=Licence.P1, without_licence=WithoutLicence.EMPTY))

    reason = gate(
        an_outcome("policies", Outcome.NOT_LICENSED, reason="no Entra ID P1"),
        tables=(policies,),
        reads=("policies",),
    )

    assert reason is None


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.PARTIAL, Outcome.FAILED])
def test_a_table_that_would_be_empty_without_a_licence_still_needs_to_be_read(outcome: Outcome) -> None:
    policies = a_table("policies", source=a_source(licence=Licence.P1, without_licence=WithoutLicence.EMPTY))

    assert gate(an_outcome("policies", outcome, reason="no"), tables=(policies,), reads=("policies",)) is not None


def test_several_causes_are_all_told_and_the_one_to_mend_comes_first() -> None:
    risk = a_table("risky_users", source=a_source(licence=Licence.P2))

    reason = gate(
        an_outcome("users", Outcome.PARTIAL, reason="page 7 failed"),
        an_outcome("risky_users", Outcome.FORBIDDEN, reason="IdentityRiskyUser.Read.All is missing"),
        tables=(USERS, risk),
        reads=("users", "risky_users"),
    )

    assert reason is not None
    assert reason.kind is SkipKind.PERMISSION_MISSING
    assert "page 7 failed" in reason.detail
    assert "IdentityRiskyUser.Read.All is missing" in reason.detail


def test_a_check_about_change_needs_an_earlier_snapshot() -> None:
    reason = gate(an_outcome("users"), reads_before=("users",), previous=None)

    assert reason is not None
    assert reason.detail == "there is no earlier snapshot to compare with"


def test_a_check_about_change_needs_the_earlier_table_to_be_complete() -> None:
    reason = gate(
        an_outcome("users"),
        reads_before=("users",),
        previous=(an_outcome("users", Outcome.PARTIAL, reason="page 7 failed"),),
    )

    assert reason is not None
    assert reason.detail == "in the snapshot before, users: page 7 failed"


def test_a_check_about_change_runs_on_two_complete_snapshots() -> None:
    assert gate(an_outcome("users"), reads_before=("users",), previous=(an_outcome("users"),)) is None
